//! What a DPoP proof says (auth §6.4, §6.5; RFC 9449 §4.2 with the deviations named there).

use crate::engine::io::{Millis, ProofClaims};
use crate::engine::wire::words::Sym;
use crate::engine::wire::writer::Writer;

/// What every proof says: which one it is, when it was made, and the nonce that the space asked for.
#[derive(Debug)]
pub struct Mark<'a> {
    /// Unique to the proof.
    pub jti: &'a str,
    /// Milliseconds since the epoch, on the space's clock.
    pub at: Millis,
    /// RFC 9449 §8.
    pub nonce: Option<&'a str>,
}

/// The claims of a proof for this method of the socket.
pub fn of_request(method: Sym, mark: &Mark<'_>) -> ProofClaims {
    let mut w = Writer::new();
    w.str("rpc", "request");
    w.str("mth", method.text());
    marked(w, mark, None)
}

/// The claims of a proof for a POST to this path; `token` is the one to which it is tied by `ath`.
pub fn of_post(path: &str, token: Option<&str>, mark: &Mark<'_>) -> ProofClaims {
    let mut w = Writer::new();
    w.str("htm", "POST");
    w.str("htu", path);
    marked(w, mark, token)
}

fn marked(mut w: Writer, mark: &Mark<'_>, token: Option<&str>) -> ProofClaims {
    w.str("jti", mark.jti);
    w.num("iat", mark.at / 1_000);
    w.maybe("nonce", mark.nonce);
    ProofClaims {
        json: w.finish(),
        ath_of: token.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_says_what_it_is_for_and_when() {
        let mut mark = Mark {
            jti: "one",
            at: 1_700_000_000_999,
            nonce: None,
        };
        let claims = of_request(Sym::Connect, &mark);
        assert_eq!(
            claims.json,
            r#"{"rpc":"request","mth":"signalwire.connect","jti":"one","iat":1700000000}"#
        );
        assert_eq!(claims.ath_of, None);
        mark.nonce = Some("two");
        let claims = of_post("/api/there", Some("sat"), &mark);
        assert_eq!(
            claims.json,
            r#"{"htm":"POST","htu":"/api/there","jti":"one","iat":1700000000,"nonce":"two"}"#
        );
        assert_eq!(claims.ath_of.as_deref(), Some("sat"));
        assert!(!format!("{claims:?}").contains("sat"));
    }
}
