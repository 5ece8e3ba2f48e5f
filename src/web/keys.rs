//! The key pair of the page's origin, and the proofs that it signs. The key itself stays with the facade.

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::host;
use crate::engine::io::{Input, ProofClaims, Ticket};
use crate::engine::wire::Opaque;

pub struct Keys {
    facade: JsValue,
    enter: Enter,
}

impl Keys {
    pub fn new(facade: JsValue, enter: Enter) -> Self {
        Self { facade, enter }
    }

    pub fn ensure(&self, ticket: Ticket, create: bool) {
        let enter = self.enter.clone();
        let settled = host::settled(Box::new(move |settled| {
            let fingerprint = (settled.code != 0).then_some(settled.text);
            enter(Input::KeyReady {
                ticket,
                fingerprint,
            });
        }));
        host::ensure_key(&self.facade, create, settled);
    }

    pub fn sign(&self, ticket: Ticket, claims: ProofClaims) {
        let enter = self.enter.clone();
        let settled = host::settled(Box::new(move |settled| {
            let result = match settled.code {
                0 => Err(Opaque::new(settled.value)),
                _ => Ok(settled.text),
            };
            enter(Input::ProofSigned { ticket, result });
        }));
        host::sign_proof(&self.facade, &claims.json, claims.ath_of, settled);
    }
}
