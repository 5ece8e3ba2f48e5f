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
    /// The SAT. A secret.
    pub token: Option<String>,
    /// When it ends, in milliseconds since the epoch; 0 and absent mean "not known".
    pub expiry_at: Option<Millis>,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("expiry_at", &self.expiry_at)
            .finish_non_exhaustive()
    }
}

impl Credential {
    /// Reads the provider's object.
    pub fn decode<R: Reader>(object: &R) -> Self {
        Self {
            token: object.str(K::Token).filter(|token| !token.is_empty()),
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
        let cluster = cluster_host(&token)?;
        let endpoints = match &cluster {
            Some(cluster) => {
                Endpoints::of_cluster(cluster, scheme).ok_or(ErrorCode::CredentialsMalformed)?
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

/// The `ch` member of a SAT's header; `None` when the header has none (auth §3.1, §3.2).
fn cluster_host(token: &str) -> Result<Option<String>, ErrorCode> {
    let header = token.split('.').next().unwrap_or_default();
    let bytes = decode_base64url(header).ok_or(ErrorCode::CredentialsMalformed)?;
    let text = String::from_utf8(bytes).map_err(|_| ErrorCode::CredentialsMalformed)?;
    let ch = json_object_member(&text, "ch").ok_or(ErrorCode::CredentialsMalformed)?;
    Ok(ch.filter(|ch| ch.contains('.')))
}

/// Base64url without padding (RFC 7515 §2); `None` for anything else.
fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    if text.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c.wrapping_sub(b'A'),
            b'a'..=b'z' => c.wrapping_sub(b'a').wrapping_add(26),
            b'0'..=b'9' => c.wrapping_sub(b'0').wrapping_add(52),
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        held = held.saturating_add(6);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

/// Finds a string member of a flat JSON object without a JSON parser in the wasm.
///
/// Outer `None`: not a JSON object. Inner `None`: no such member, or not a string.
fn json_object_member(text: &str, name: &str) -> Option<Option<String>> {
    let mut scan = Scanner {
        rest: text.trim_matches([' ', '\t', '\r', '\n']),
    };
    scan.expect('{')?;
    let mut found = None;
    if scan.expect('}').is_some() {
        return scan.rest.is_empty().then_some(found);
    }
    loop {
        let key = scan.string()?;
        scan.expect(':')?;
        let value = scan.value(0)?;
        if key == name {
            found = value;
        }
        if scan.expect(',').is_none() {
            scan.expect('}')?;
            return scan.rest.is_empty().then_some(found);
        }
    }
}

/// Headers nest one or two levels (`jwk`, `x5c`); anything deeper is not a SAT.
const MAX_DEPTH: u32 = 8;

struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    /// Takes `c` and the white space around it.
    fn expect(&mut self, c: char) -> Option<()> {
        let blanks = [' ', '\t', '\r', '\n'];
        let rest = self.rest.trim_start_matches(blanks).strip_prefix(c)?;
        self.rest = rest.trim_start_matches(blanks);
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        let mut chars = self.rest.strip_prefix('"')?.chars();
        let mut text = String::new();
        loop {
            match chars.next()? {
                '"' => break,
                '\\' => text.push(match chars.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
                    }
                    c @ ('"' | '\\' | '/') => c,
                    _ => return None,
                }),
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
        self.rest = chars.as_str().trim_start_matches([' ', '\t', '\r', '\n']);
        Some(text)
    }

    /// Outer `None`: malformed. Inner: the text, where the value is a string.
    fn value(&mut self, depth: u32) -> Option<Option<String>> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.rest.starts_with('"') {
            return self.string().map(Some);
        }
        for (open, close, keyed) in [('{', '}', true), ('[', ']', false)] {
            if self.expect(open).is_none() {
                continue;
            }
            if self.expect(close).is_some() {
                return Some(None);
            }
            loop {
                if keyed {
                    self.string()?;
                    self.expect(':')?;
                }
                self.value(depth.saturating_add(1))?;
                if self.expect(',').is_none() {
                    self.expect(close)?;
                    return Some(None);
                }
            }
        }
        let end = self.rest.find([',', '}', ']', ' ', '\t', '\r', '\n'])?;
        let (word, rest) = self.rest.split_at_checked(end)?;
        let known = matches!(word, "true" | "false" | "null") || is_number(word);
        self.rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        known.then_some(None)
    }
}

/// The grammar of a JSON number (RFC 8259 §6). Parsing it would bring 13 KB of tables into the wasm.
fn is_number(word: &str) -> bool {
    let word = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.strip_prefix(['+', '-']).unwrap_or(exponent),
        ),
        None => (word, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && digits(fraction)
        && digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_000_000_000_000;

    #[test]
    fn numbers_are_those_of_json() {
        for word in ["0", "-0", "7", "10", "0.5", "-1.25e+10", "1E5", "1e-5"] {
            assert!(is_number(word), "{word}");
        }
        for word in [
            "", "-", "01", "1.", ".5", "+1", "1e", "1e+", "inf", "NaN", "0x1", "1_0", "--1",
        ] {
            assert!(!is_number(word), "{word}");
        }
    }

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
        let credential = Credential {
            token: token.map(str::to_owned),
            expiry_at,
        };
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
        let header = r#" { "jwk" : {"a":[1,-2.5e3,{"b":null}],"c":true} , "x":[ ], "ch" : "p\u0075c.a\/b.test" } "#;
        assert_eq!(
            cluster_host(&token(header)),
            Ok(Some("puc.a/b.test".to_owned()))
        );
        // …and then refused, for it is no host name.
        assert_eq!(
            validate(Some(&token(header)), None),
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
