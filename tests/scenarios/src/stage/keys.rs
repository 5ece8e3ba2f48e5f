//! The key pair of a page's origin: whether there is one, how long it takes, and the proofs that it signs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use signalwire_wasm::engine::io::{Input, Millis, ProofClaims, Ticket};
use signalwire_wasm::engine::wire::Opaque;
use signalwire_wasm::proof::signer::Signer;

use super::Stage;

/// What the page's Web Crypto and its key store are like.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Web Crypto is there: a key can be made.
    pub can_make: bool,
    /// The store holds a key of an earlier page.
    pub stored: bool,
    /// Which key it is: another number, another thumbprint.
    pub number: u8,
    /// Signatures succeed.
    pub signs: bool,
    /// Loading or making takes so long.
    pub takes: Millis,
    /// A signature takes so long.
    pub sign_takes: Millis,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            can_make: true,
            stored: false,
            number: 1,
            signs: true,
            takes: 15,
            sign_takes: 2,
        }
    }
}

impl Stage {
    /// Thumbprint of the page's key, whether it was made yet or not.
    pub fn fingerprint(&self) -> String {
        Signer::es256(self.setup.keys.number).fingerprint()
    }

    pub(super) fn ensure_key(&mut self, ticket: Ticket, create: bool) {
        self.browser.begin(ticket);
        let keys = self.setup.keys.clone();
        let is_there = keys.can_make && (keys.stored || create);
        self.deed(if create { "ensure key" } else { "load key" });
        self.setup.keys.stored |= is_there;
        let fingerprint = is_there.then(|| self.fingerprint());
        self.result(keys.takes, ticket, move |_| Input::KeyReady {
            ticket,
            fingerprint,
        });
    }

    pub(super) fn sign_proof(&mut self, ticket: Ticket, claims: &ProofClaims) {
        self.browser.begin(ticket);
        assert!(
            self.setup.keys.stored,
            "a proof by a key that was never asked for"
        );
        self.deed("sign");
        let keys = self.setup.keys.clone();
        let (takes, signs) = (keys.sign_takes, keys.signs);
        let mut said: Value = serde_json::from_str(&claims.json).expect("claims are JSON");
        let name = said["jti"].as_str().expect("an id").to_owned();
        let is_new = self
            .proofs
            .iter()
            .all(|before| before["jti"] != name.as_str());
        assert!(is_new, "a proof that was made before");
        self.proofs.push(said.clone());
        if let Some(token) = &claims.ath_of {
            said["ath"] = URL_SAFE_NO_PAD.encode(Sha256::digest(token)).into();
        }
        let result = match signs {
            true => Ok(Signer::es256(keys.number).proof(&said)),
            false => Err(Opaque::new("OperationError")),
        };
        self.result(takes, ticket, move |_| Input::ProofSigned {
            ticket,
            result,
        });
    }
}
