//! Verification of DPoP proofs as the service uses them (auth §6; RFC 9449 with the deviations named there).
//!
//! A proof is a JWS in compact form (RFC 7515 §3.1), signed by the key that stands in its header. There are
//! two kinds, and neither is taken for the other: one for an HTTP request (`htm`, `htu`, `ath`), one for a
//! request on the socket (`rpc`, `mth`). [`verify`] decides all that a proof says by itself; whose key it has
//! to be, whether it was seen before and whether its nonce is good is known to the server alone.
//!
//! Native: the page signs with `WebCrypto` and verifies nothing. `signer` is the other side, for tests.

mod key;
#[cfg(feature = "signer")]
pub mod signer;
mod target;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use key::PublicKey;
pub use key::thumbprint;

/// The longest proof, in bytes. One of a 4096-bit key with the members that `WebCrypto` exports has 2.6 kB.
const LONGEST: usize = 8192;
/// The longest `jti` and `nonce`, in bytes: both are remembered.
const LONGEST_ID: usize = 256;
/// So many seconds may `iat` lie from the server's clock, either way (auth §6.6, 5).
pub const IAT_TOLERANCE_S: u64 = 60;

/// What a proof is to be good for.
#[derive(Clone, Copy)]
pub enum Purpose<'a> {
    /// An HTTP request with an access token (auth §6.4).
    Http {
        /// `POST`.
        method: &'a str,
        /// The absolute URI of the request.
        url: &'a str,
        /// The token of the request. A secret.
        token: &'a str,
        /// Whether the proof must name the token by `ath`. Where it need not and does, it must be this one.
        names_token: bool,
    },
    /// A request on the socket (auth §6.5).
    Rpc {
        /// `signalwire.connect`.
        method: &'a str,
    },
}

/// The clock by which a proof is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// Now, in seconds since the epoch.
    pub now_s: u64,
    /// How far `iat` may be from it; [`IAT_TOLERANCE_S`] unless a test wants otherwise.
    pub tolerance_s: u64,
}

/// A proof that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of the key that signed it (RFC 7638 with SHA-256).
    pub jkt: String,
    /// Its id, to be accepted once (RFC 9449 §11.1).
    pub jti: String,
    /// When it was made, in seconds since the epoch.
    pub issued_at: u64,
    /// The nonce that it answers (RFC 9449 §8).
    pub nonce: Option<String>,
}

/// Why a proof does not hold. Its text is for the log and holds nothing of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Not three parts of base64url, not JSON, or too long.
    Malformed,
    /// `typ` is not `dpop+jwt`.
    Type,
    /// `alg` is none of the list, which holds neither `none` nor a symmetric one (RFC 8725 §3.1).
    Algorithm,
    /// `crit` names extensions, and none is known (RFC 7515 §4.1.11).
    Critical,
    /// `jwk` is missing, malformed, or not of the type that `alg` needs.
    Key,
    /// `jwk` holds private members.
    PrivateKey,
    /// The modulus has less than 2048 bits.
    WeakKey,
    /// The signature is not of this key over this text.
    Signature,
    /// `jti`, `iat` or `nonce` is missing or malformed.
    Claims,
    /// It is a proof of the other kind, or of both.
    Kind,
    /// `htm` or `mth` is another method.
    Method,
    /// `htu` is another place.
    Target,
    /// `ath` is missing, or another token's.
    Token,
    /// `iat` is too far from the server's clock.
    Time,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is no compact JWS",
            Self::Type => "typ is not dpop+jwt",
            Self::Algorithm => "alg is neither RS256 nor ES256",
            Self::Critical => "crit names an unknown extension",
            Self::Key => "jwk is no public key for this alg",
            Self::PrivateKey => "jwk holds a private key",
            Self::WeakKey => "the modulus has less than 2048 bits",
            Self::Signature => "the signature is not of this key",
            Self::Claims => "jti, iat or nonce is missing or malformed",
            Self::Kind => "it is a proof of another kind",
            Self::Method => "it is for another method",
            Self::Target => "htu is not this endpoint",
            Self::Token => "ath is not this token's",
            Self::Time => "iat is too far from the clock of the space",
        })
    }
}

impl std::error::Error for Flaw {}

/// Verifies a proof (auth §6.6, 1, 2, 4 and 5).
///
/// # Errors
/// The first [`Flaw`] found.
pub fn verify(proof: &str, purpose: &Purpose<'_>, freshness: Freshness) -> Result<Proof, Flaw> {
    if proof.len() > LONGEST {
        return Err(Flaw::Malformed);
    }
    let parts: Vec<&str> = proof.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        return Err(Flaw::Malformed);
    };
    let key = key_of(&object(header)?)?;
    let signature = decoded(signature)?;
    let signed = &proof[..header.len() + 1 + payload.len()];
    if !key.has_signed(signed.as_bytes(), &signature) {
        return Err(Flaw::Signature);
    }
    let claims = object(payload)?;
    match purpose {
        Purpose::Http { .. } => check_http(&claims, purpose)?,
        Purpose::Rpc { method } => check_rpc(&claims, method)?,
    }
    let read = Proof {
        jkt: key.thumbprint(),
        jti: id(claims.get("jti")).ok_or(Flaw::Claims)?,
        issued_at: claims
            .get("iat")
            .and_then(Value::as_u64)
            .ok_or(Flaw::Claims)?,
        nonce: match claims.get("nonce") {
            None => None,
            nonce => Some(id(nonce).ok_or(Flaw::Claims)?),
        },
    };
    if read.issued_at.abs_diff(freshness.now_s) > freshness.tolerance_s {
        return Err(Flaw::Time);
    }
    Ok(read)
}

/// `ath` of an access token: base64url(SHA-256(ASCII(token))) (RFC 9449 §4.2).
pub fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// The key of a header that is what it must be.
fn key_of(header: &Map<String, Value>) -> Result<PublicKey, Flaw> {
    if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
        return Err(Flaw::Type);
    }
    if header.contains_key("crit") {
        return Err(Flaw::Critical);
    }
    let alg = header.get("alg").and_then(Value::as_str);
    PublicKey::read(alg.unwrap_or_default(), header.get("jwk"))
}

fn check_http(claims: &Map<String, Value>, purpose: &Purpose<'_>) -> Result<(), Flaw> {
    let Purpose::Http {
        method,
        url,
        token,
        names_token,
    } = purpose
    else {
        return Err(Flaw::Kind);
    };
    if ["rpc", "mth"].iter().any(|key| claims.contains_key(*key)) || !claims.contains_key("htm") {
        return Err(Flaw::Kind);
    }
    let text = |key: &str| claims.get(key).and_then(Value::as_str);
    if text("htm") != Some(method) {
        return Err(Flaw::Method);
    }
    if !text("htu").is_some_and(|named| target::is_same(named, url)) {
        return Err(Flaw::Target);
    }
    let named = claims.get("ath");
    let is_this = named.is_some_and(|named| *named == token_hash(token));
    if is_this || (named.is_none() && !names_token) {
        Ok(())
    } else {
        Err(Flaw::Token)
    }
}

fn check_rpc(claims: &Map<String, Value>, method: &str) -> Result<(), Flaw> {
    let of_http = ["htm", "htu", "ath"];
    let is_request = claims.get("rpc").is_some_and(|rpc| rpc == "request");
    if of_http.iter().any(|key| claims.contains_key(*key)) || !is_request {
        return Err(Flaw::Kind);
    }
    if claims.get("mth").is_some_and(|named| named == method) {
        Ok(())
    } else {
        Err(Flaw::Method)
    }
}

/// A text that can be remembered.
fn id(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?;
    (1..=LONGEST_ID)
        .contains(&text.len())
        .then(|| text.to_owned())
}

fn object(part: &str) -> Result<Map<String, Value>, Flaw> {
    serde_json::from_slice(&decoded(part)?).map_err(|_| Flaw::Malformed)
}

fn decoded(part: &str) -> Result<Vec<u8>, Flaw> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Flaw::Malformed)
}
