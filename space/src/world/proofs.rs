//! Proofs of possession as the space takes them: each once, by the key of the token, and with a nonce where
//! one is asked for (auth §6.6, 3, 6 and 7). What a proof says by itself is
//! [`signalwire_wasm::proof`]'s to judge.

use std::collections::BTreeMap;

use signalwire_wasm::proof::{self, Freshness, IAT_TOLERANCE_S, Proof, Purpose};

use super::World;
use super::ids;
use super::io::{Cx, Millis};

/// So long may a nonce be answered.
const NONCE_LIFETIME: Millis = 300_000;
/// Nonces that wait for their answer. Beyond, the oldest is forgotten.
const OPEN_NONCES: usize = 4096;
/// Accepted proofs after which the first look for those that have become too old.
const FIRST_SWEEP: usize = 64;

/// Why a proof is not accepted. Its text is for the log and holds nothing of the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// A proof is needed, and there is none.
    Missing,
    /// The token is bound to no key, so that nothing proves anything.
    Unbound,
    /// It does not hold by itself.
    Flawed(proof::Flaw),
    /// It is another key's.
    OtherKey,
    /// It was accepted before.
    Replayed,
    /// It answers no nonce of the space; here is one.
    NeedsNonce(String),
}

impl std::fmt::Display for Unproven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("there is none"),
            Self::Unbound => f.write_str("the token is bound to no key"),
            Self::Flawed(flaw) => flaw.fmt(f),
            Self::OtherKey => f.write_str("it is another key's"),
            Self::Replayed => f.write_str("it was accepted before"),
            Self::NeedsNonce(_) => f.write_str("it has no nonce of the space"),
        }
    }
}

/// How proofs are taken. The front desk changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofRules {
    /// Whether each proof must answer a nonce (RFC 9449 §8).
    pub nonce: bool,
    /// How far `iat` may be from the clock of the space, in seconds.
    pub iat_tolerance_s: u64,
    /// Whether a session with a bound SAT is resumed with a proof alone (auth §5.1 allows both).
    pub resume: bool,
}

impl Default for ProofRules {
    fn default() -> Self {
        Self {
            nonce: false,
            iat_tolerance_s: IAT_TOLERANCE_S,
            resume: true,
        }
    }
}

impl World {
    /// How proofs are taken.
    pub fn proof_rules(&self) -> ProofRules {
        self.proofs.rules
    }

    /// Changes that. What was accepted stays so.
    pub fn set_proof_rules(&mut self, rules: ProofRules) {
        self.proofs.rules = rules;
    }
}

/// The proofs that were accepted, and the nonces that may be answered.
pub(crate) struct Proofs {
    pub(crate) rules: ProofRules,
    /// When each was made, in seconds since the epoch, by thumbprint and `jti`.
    accepted: BTreeMap<(String, String), u64>,
    sweep_at: usize,
    /// Until when each may be answered, on the monotonic clock.
    nonces: BTreeMap<String, Millis>,
}

impl Default for Proofs {
    fn default() -> Self {
        Self {
            rules: ProofRules::default(),
            accepted: BTreeMap::new(),
            sweep_at: FIRST_SWEEP,
            nonces: BTreeMap::new(),
        }
    }
}

impl Proofs {
    /// Judges a proof; `jkt` is the thumbprint of the key that it has to be of, where that is known.
    /// Nothing is remembered before [`Proofs::accept`]: a request that comes to nothing may be sent again.
    pub(crate) fn judge(
        &mut self,
        proof: Option<&str>,
        purpose: &Purpose<'_>,
        jkt: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Proof, Unproven> {
        let freshness = Freshness {
            now_s: cx.seconds(),
            tolerance_s: self.rules.iat_tolerance_s,
        };
        let proof = proof.ok_or(Unproven::Missing)?;
        let proof = proof::verify(proof, purpose, freshness).map_err(Unproven::Flawed)?;
        if jkt.is_some_and(|jkt| jkt != proof.jkt) {
            return Err(Unproven::OtherKey);
        }
        let name = (proof.jkt.clone(), proof.jti.clone());
        if self.accepted.contains_key(&name) {
            return Err(Unproven::Replayed);
        }
        if self.rules.nonce && !self.is_open(proof.nonce.as_deref(), cx) {
            return Err(Unproven::NeedsNonce(self.nonce(cx)));
        }
        Ok(proof)
    }

    /// Remembers a proof whose request was carried out: neither it nor its nonce is good again.
    pub(crate) fn accept(&mut self, proof: Proof, cx: &Cx<'_>) {
        if self.accepted.len() >= self.sweep_at {
            let oldest = cx.seconds().saturating_sub(self.rules.iat_tolerance_s);
            self.accepted.retain(|_, issued_at| *issued_at >= oldest);
            self.sweep_at = FIRST_SWEEP.max(2 * self.accepted.len());
        }
        if let Some(nonce) = &proof.nonce {
            self.nonces.remove(nonce);
        }
        let name = (proof.jkt, proof.jti);
        self.accepted.insert(name, proof.issued_at);
    }

    fn is_open(&self, nonce: Option<&str>, cx: &Cx<'_>) -> bool {
        let until = nonce.and_then(|nonce| self.nonces.get(nonce));
        until.is_some_and(|until| cx.mono < *until)
    }

    fn nonce(&mut self, cx: &mut Cx<'_>) -> String {
        self.nonces.retain(|_, until| cx.mono < *until);
        if self.nonces.len() >= OPEN_NONCES {
            let oldest = self.nonces.iter().min_by_key(|(_, until)| **until);
            if let Some(oldest) = oldest.map(|(nonce, _)| nonce.clone()) {
                self.nonces.remove(&oldest);
            }
        }
        let nonce = ids::secret(cx);
        let until = cx.mono.saturating_add(NONCE_LIFETIME);
        self.nonces.insert(nonce.clone(), until);
        nonce
    }
}
