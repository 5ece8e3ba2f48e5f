//! What `authenticate()` resolves to, and the checks before it is put in force (auth §3.4).

use super::host::{Endpoints, Scheme};
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::Millis;
use crate::engine::wire::writer::Writer;
use crate::engine::wire::{K, Reader};

/// Times before this, some day of March 1973, are seconds that were meant as milliseconds.
const SECONDS_BY_MISTAKE: Millis = 100_000_000_000;

/// A credential as a provider hands it over.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credential {
    token: Option<String>,
    /// The `ch` of the token's header; outer `None` where the token has no header that can be read (auth §3.1).
    cluster: Option<Option<String>>,
    expiry_at: Option<Millis>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("expiry_at", &self.expiry_at)
            .finish_non_exhaustive()
    }
}

impl Credential {
    /// Reads the provider's object: the SAT as `token`, and as `expiry_at` when it ends, in milliseconds since the
    /// epoch; 0 and absent mean "not known".
    pub fn decode<R: Reader>(object: &R) -> Self {
        Self {
            token: object.str(K::Token).filter(|token| !token.is_empty()),
            cluster: object.header(K::Token, K::Ch),
            // A time of another form than whole milliseconds still says "around then".
            expiry_at: object.num(K::ExpiryAt).filter(|at| *at >= 1.0).map(whole),
        }
    }

    /// Checks the credential and finds the hosts it leads to, in the order of auth §3.4.
    ///
    /// `scheme` is the one that the application spelled out for the embed host, `allowed_hosts` the domains
    /// that it allows, empty for any (REQ-101).
    pub fn validate(
        credential: Option<Self>,
        scheme: Option<Scheme>,
        allowed_hosts: &[String],
        wall: Millis,
    ) -> Result<Accepted, Failure> {
        let credential = credential.ok_or(ErrorCode::CredentialsMissing)?;
        let token = credential.token.ok_or(ErrorCode::CredentialsEmpty)?;
        let cluster = credential.cluster.ok_or(ErrorCode::CredentialsMalformed)?;
        let endpoints = match cluster.filter(|ch| ch.contains('.')) {
            Some(ch) => {
                Endpoints::of_cluster(&ch, scheme).ok_or(ErrorCode::CredentialsMalformed)?
            }
            None => Endpoints::default(),
        };
        if !endpoints.are_within(allowed_hosts) {
            return Err(ErrorCode::CredentialsForeign.into());
        }
        // In seconds by mistake it would read as long past (auth §11, W-28).
        if credential
            .expiry_at
            .is_some_and(|at| at < SECONDS_BY_MISTAKE)
        {
            return Err(ErrorCode::CredentialsExpiryUnit.into());
        }
        if credential.expiry_at.is_some_and(|at| at < wall) {
            return Err(ErrorCode::CredentialsExpired.into());
        }
        Ok(Accepted {
            token,
            endpoints,
            expiry_at: credential.expiry_at,
        })
    }
}

/// A credential that passed the checks.
#[derive(Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The SAT. A secret.
    pub token: String,
    /// Where it leads.
    pub endpoints: Endpoints,
    /// When it ends, in milliseconds since the epoch, where the provider said it.
    pub expiry_at: Option<Millis>,
}

impl Accepted {
    /// The record of `sw:cached_credential` (auth §8.1).
    pub fn record(&self) -> String {
        let mut w = Writer::new();
        w.str("token", &self.token);
        if let Some(at) = self.expiry_at {
            w.num("expiry_at", at);
        }
        w.finish()
    }
}

impl std::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accepted")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(millis: f64) -> Millis {
    millis as Millis
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::wire::json::Json;
    use serde_json::json;

    const NOW: Millis = 1_000_000_000_000;

    fn encode(text: &str) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut out = String::new();
        for chunk in text.as_bytes().chunks(3) {
            let mut word = 0_u32;
            for i in 0..3 {
                word = word << 8 | u32::from(chunk.get(i).copied().unwrap_or_default());
            }
            for i in 0..=chunk.len() {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * i) & 63) as usize]));
            }
        }
        out
    }

    fn token(header: &str) -> String {
        format!("{}..aXY.Y2lwaGVy.dGFn", encode(header))
    }

    fn validate(token: Option<&str>, expiry_at: Option<Millis>) -> Result<Accepted, ErrorCode> {
        let object = json!({ "token": token, "expiry_at": expiry_at });
        let credential = Credential::decode(&Json(&object));
        Credential::validate(Some(credential), None, &[], NOW).map_err(|failure| failure.code)
    }

    #[test]
    fn a_sat_leads_to_the_hosts_of_its_cluster() {
        let sat = token(r#"{"alg":"dir","enc":"A256GCM","typ":"SAT","ch":"puc.space.test:8443"}"#);
        let accepted = validate(Some(&sat), None).unwrap();
        assert_eq!(accepted.endpoints.websocket, "wss://puc.space.test:8443");
        assert_eq!(accepted.endpoints.rest, "https://fabric.space.test:8443");
    }

    #[test]
    fn without_a_usable_cluster_the_public_hosts_stand() {
        for header in [
            r#"{"alg":"dir"}"#,
            r#"{"ch":""}"#,
            r#"{"ch":"us-central"}"#,
            r#"{"ch":7}"#,
            "{}",
        ] {
            let accepted = validate(Some(&token(header)), None).unwrap();
            assert_eq!(accepted.endpoints, Endpoints::default(), "{header}");
        }
    }

    #[test]
    fn header_members_of_any_form_are_passed_over() {
        let header = r#" { "jwk" : {"a":[1,-2.5e3,{"b":null}],"c":true} , "x":[ ], "ch" : "p\u0075c.a.test" } "#;
        let accepted = validate(Some(&token(header)), None).unwrap();
        assert_eq!(accepted.endpoints.websocket, "wss://puc.a.test");
    }

    #[test]
    fn a_cluster_that_is_no_host_name_is_refused() {
        assert_eq!(
            validate(Some(&token(r#"{"ch":"puc.a\/b.test"}"#)), None),
            Err(ErrorCode::CredentialsMalformed)
        );
    }

    #[test]
    fn a_header_that_is_no_json_object_is_refused() {
        for header in [
            "[]",
            "null",
            "\"x\"",
            "{",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1}x",
            "{\"a\":1,}",
            "{'a':1}",
        ] {
            assert_eq!(
                validate(Some(&token(header)), None),
                Err(ErrorCode::CredentialsMalformed),
                "{header}"
            );
        }
        for text in ["nonsense", "....", "a b", "é.x", "%%%"] {
            assert_eq!(
                validate(Some(text), None),
                Err(ErrorCode::CredentialsMalformed),
                "{text}"
            );
        }
    }

    #[test]
    fn nothing_empty_and_expired_have_their_own_codes() {
        let none = Credential::validate(None, None, &[], 0).map_err(|failure| failure.code);
        assert_eq!(none, Err(ErrorCode::CredentialsMissing));
        assert_eq!(validate(None, None), Err(ErrorCode::CredentialsEmpty));
        let sat = token(r#"{"ch":"puc.space.test"}"#);
        assert_eq!(
            validate(Some(&sat), Some(NOW - 1)),
            Err(ErrorCode::CredentialsExpired)
        );
        assert!(validate(Some(&sat), Some(NOW + 1)).is_ok());
        assert_eq!(
            validate(Some(&sat), Some(NOW / 1_000)),
            Err(ErrorCode::CredentialsExpiryUnit)
        );
    }
}
