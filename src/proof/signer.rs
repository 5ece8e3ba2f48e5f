//! The other side of a proof, as a browser's `WebCrypto` plays it: keys that sign. For native tests; a page
//! signs with a key that cannot be exported.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BoxedUint;
use rsa::pkcs1v15::SigningKey as RsaKey;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::thumbprint;

/// The RSA key of RFC 7515 appendix A.2.1: published, and so fit for nothing but tests.
const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const PRIMES: [&str; 2] = [
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
];

/// A key pair.
pub struct Signer {
    key: Key,
}

enum Key {
    Rs256(Box<RsaKey<Sha256>>),
    Es256(p256::ecdsa::SigningKey),
}

impl Signer {
    /// The one RSA key there is: to make another takes seconds.
    ///
    /// # Panics
    /// Never: the key is a constant.
    pub fn rs256() -> Self {
        let [p, q] = PRIMES.map(|text| {
            let bytes = URL_SAFE_NO_PAD
                .decode(text)
                .expect("the prime is base64url");
            BoxedUint::from_be_slice_vartime(&bytes)
        });
        let key = rsa::PrivateKey::from_p_q(p, q, BoxedUint::from(65537_u64));
        Self {
            key: Key::Rs256(Box::new(RsaKey::new(key.expect("the key is one")))),
        }
    }

    /// An EC key on P-256 for each number.
    ///
    /// # Panics
    /// Never: every number makes a scalar within the order of the curve.
    pub fn es256(number: u8) -> Self {
        let mut scalar = [7; 32];
        scalar[31] = number;
        let key = p256::ecdsa::SigningKey::from_slice(&scalar);
        Self {
            key: Key::Es256(key.expect("the scalar is below the order")),
        }
    }

    /// Its `alg`.
    pub fn alg(&self) -> &'static str {
        match self.key {
            Key::Rs256(_) => "RS256",
            Key::Es256(_) => "ES256",
        }
    }

    /// The public key.
    pub fn jwk(&self) -> Value {
        match &self.key {
            Key::Rs256(_) => json!({ "kty": "RSA", "n": MODULUS, "e": "AQAB" }),
            Key::Es256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let [x, y] = [&point.as_bytes()[1..33], &point.as_bytes()[33..]];
                let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
                json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
            }
        }
    }

    /// The fingerprint that a page passes to its backend.
    ///
    /// # Panics
    /// Never: [`Signer::jwk`] has the members of a key.
    pub fn fingerprint(&self) -> String {
        thumbprint(&self.jwk()).expect("the JWK is a key")
    }

    /// A proof with the header of auth §6.3.
    pub fn proof(&self, claims: &Value) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": self.alg(), "jwk": self.jwk() });
        self.sign(&header, claims)
    }

    /// A compact JWS under any header, honest or not.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = format!("{header}.{claims}");
        let signature = match &self.key {
            Key::Rs256(key) => key.sign(text.as_bytes()).to_vec(),
            Key::Es256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(text.as_bytes());
                signature.to_bytes().to_vec()
            }
        };
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
