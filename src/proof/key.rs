//! The public key in the header of a proof: its JWK (RFC 7517, RFC 7518 §6), its thumbprint (RFC 7638), its
//! signatures (RFC 7518 §3.3, §3.4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::BoxedUint;
use rsa::signature::Verifier as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Flaw;

/// Bits of the modulus. Above, a signature takes long enough to keep a server busy.
const MODULUS_BITS: std::ops::RangeInclusive<u32> = 2048..=4096;
/// Bytes of a coordinate on P-256.
const COORDINATE: usize = 32;
/// Members that a public key has not: of RSA, of EC, of a symmetric key (RFC 7518 §6.2.2, §6.3.2, §6.4).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key that can be verified with.
pub(super) struct PublicKey {
    verifier: Verifier,
    thumbprint: String,
}

enum Verifier {
    Rsa(rsa::pkcs1v15::VerifyingKey<Sha256>),
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Reads `jwk` as the key that `alg` needs. Members that mean nothing here are no error: `WebCrypto`
    /// exports `ext` and `key_ops` (auth §6.3).
    pub(super) fn read(alg: &str, jwk: Option<&Value>) -> Result<Self, Flaw> {
        let read: fn(&Value) -> Result<Verifier, Flaw> = match alg {
            "RS256" => rsa_key,
            "ES256" => p256_key,
            _ => return Err(Flaw::Algorithm),
        };
        let jwk = jwk.filter(|jwk| jwk.is_object()).ok_or(Flaw::Key)?;
        if PRIVATE.iter().any(|key| jwk.get(key).is_some()) {
            return Err(Flaw::PrivateKey);
        }
        Ok(Self {
            verifier: read(jwk)?,
            thumbprint: thumbprint(jwk).ok_or(Flaw::Key)?,
        })
    }

    pub(super) fn thumbprint(self) -> String {
        self.thumbprint
    }

    pub(super) fn has_signed(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.verifier {
            Verifier::Rsa(key) => rsa::pkcs1v15::Signature::try_from(signature)
                .is_ok_and(|signature| key.verify(text, &signature).is_ok()),
            Verifier::P256(key) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(text, &signature).is_ok()),
        }
    }
}

/// The thumbprint of a public key with SHA-256 in base64url (RFC 7638); `None` for what is no key.
pub fn thumbprint(jwk: &Value) -> Option<String> {
    let members: &[&str] = match jwk["kty"].as_str()? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        _ => return None,
    };
    let pairs: Option<Vec<String>> = members
        .iter()
        .map(|key| Some(format!("{}:{}", Value::from(*key), text(jwk, key)?)))
        .collect();
    let hashed = format!("{{{}}}", pairs?.join(","));
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(hashed.as_bytes())))
}

fn text<'a>(jwk: &'a Value, key: &str) -> Option<&'a Value> {
    jwk.get(key).filter(|value| value.is_string())
}

fn bytes(jwk: &Value, key: &str) -> Result<Vec<u8>, Flaw> {
    let text = jwk.get(key).and_then(Value::as_str).ok_or(Flaw::Key)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Flaw::Key)
}

fn rsa_key(jwk: &Value) -> Result<Verifier, Flaw> {
    if jwk["kty"] != "RSA" {
        return Err(Flaw::Key);
    }
    let [modulus, exponent] = [bytes(jwk, "n")?, bytes(jwk, "e")?];
    // With leading zeros the same key would have a second thumbprint (RFC 7518 §6.3.1.1).
    if [&modulus, &exponent]
        .iter()
        .any(|number| number.first().is_none_or(|byte| *byte == 0))
    {
        return Err(Flaw::Key);
    }
    let [modulus, exponent] =
        [modulus, exponent].map(|number| BoxedUint::from_be_slice_vartime(&number));
    if modulus.bit_width_vartime() < *MODULUS_BITS.start() {
        return Err(Flaw::WeakKey);
    }
    let limits = [MODULUS_BITS.start(), MODULUS_BITS.end()].map(|bits| *bits as usize);
    let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, limits[0]..=limits[1]);
    Ok(Verifier::Rsa(rsa::pkcs1v15::VerifyingKey::new(
        key.map_err(|_| Flaw::Key)?,
    )))
}

fn p256_key(jwk: &Value) -> Result<Verifier, Flaw> {
    if jwk["kty"] != "EC" || jwk["crv"] != "P-256" {
        return Err(Flaw::Key);
    }
    let [x, y] = [bytes(jwk, "x")?, bytes(jwk, "y")?];
    if x.len() != COORDINATE || y.len() != COORDINATE {
        return Err(Flaw::Key);
    }
    // An uncompressed point (SEC 1 §2.3.3).
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point);
    key.map(Verifier::P256).map_err(|_| Flaw::Key)
}
