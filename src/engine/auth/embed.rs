//! The exchange of an embed token (or a C2C token) for a Guest SAT (auth §4.7, REQ-32 – REQ-34).

use super::host::GivenHost;
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{FetchFailure, HttpRequest, HttpResponse, Millis};
use crate::engine::wire::rest::{self, Body, Expect};

/// One attempt lasts at most this long (REQ-34).
const LIMIT: Millis = 10_000;
/// Lifetime of a Guest SAT whose expiry the server does not tell (REQ-33).
const ASSUMED_LIFETIME: Millis = 3_600_000;

/// The request of the exchange. Fails with [`ErrorCode::HostInvalid`].
pub fn request(host: &str, embed_token: &str) -> Result<HttpRequest, Failure> {
    let host = GivenHost::parse(host).ok_or(ErrorCode::HostInvalid)?;
    Ok(HttpRequest {
        url: String::from_iter([host.base.as_str(), rest::EMBED_EXCHANGE]),
        body: Some(rest::embed_exchange(embed_token)),
        bearer: None,
        timeout: LIMIT,
        expect: Expect::Token,
    })
}

/// What the exchange brought: a credential for the application, which hands it to whom it likes.
pub struct Exchanged {
    /// The Guest SAT. A secret.
    pub token: String,
    /// When it ends, in milliseconds since the epoch.
    pub expiry_at: Millis,
}

/// Reads the answer to the exchange at wall-clock time `wall`.
pub fn outcome(
    result: Result<HttpResponse, FetchFailure>,
    wall: Millis,
) -> Result<Exchanged, Failure> {
    let response = match result {
        Ok(response) => response,
        Err(failure) => return Err(failure.told(LIMIT)),
    };
    match (response.status, response.body) {
        (200..=299, Some(Body::Token(issued))) => Ok(Exchanged {
            token: issued.token,
            expiry_at: match issued.expires_at {
                Some(seconds) => seconds.saturating_mul(1000),
                None => wall.saturating_add(ASSUMED_LIFETIME),
            },
        }),
        (200..=299, _) => Err(ErrorCode::UnexpectedBody.into()),
        (status @ (429 | 500..), _) => Err(Failure::from(ErrorCode::EmbedServiceFailed)
            .count(status)
            .arg(response.status_text)),
        (status, _) => Err(Failure::from(ErrorCode::EmbedTokenRejected)
            .count(status)
            .arg(response.status_text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::wire::rest::IssuedToken;

    fn answer(status: u16, body: Option<Body>) -> Result<HttpResponse, FetchFailure> {
        Ok(HttpResponse {
            status,
            status_text: "Text".to_owned(),
            retry_after: None,
            date: None,
            nonce: None,
            body,
        })
    }

    fn issued(expires_at: Option<u64>) -> Option<Body> {
        Some(Body::Token(IssuedToken {
            token: "sat".to_owned(),
            expires_at,
            expires_in: None,
        }))
    }

    #[test]
    fn the_request_goes_to_the_given_host() {
        let request = request("localhost:8080", "c2c_\"x").unwrap();
        assert_eq!(
            request.url,
            "http://localhost:8080/api/fabric/embeds/tokens"
        );
        assert_eq!(request.body.as_deref(), Some(r#"{"token":"c2c_\"x"}"#));
        assert_eq!(
            super::request("no host", "t").unwrap_err().code,
            ErrorCode::HostInvalid
        );
    }

    #[test]
    fn the_expiry_is_the_servers_else_an_hour() {
        let expiry_at = |answer| outcome(answer, 1).ok().map(|exchanged| exchanged.expiry_at);
        assert_eq!(expiry_at(answer(201, issued(Some(9)))), Some(9_000));
        assert_eq!(expiry_at(answer(200, issued(None))), Some(3_600_001));
    }

    #[test]
    fn each_failure_has_its_code() {
        let code = |result| outcome(result, 0).err().unwrap().code;
        assert_eq!(code(answer(401, None)), ErrorCode::EmbedTokenRejected);
        assert_eq!(code(answer(403, None)), ErrorCode::EmbedTokenRejected);
        assert_eq!(code(answer(429, None)), ErrorCode::EmbedServiceFailed);
        assert_eq!(code(answer(503, None)), ErrorCode::EmbedServiceFailed);
        assert_eq!(code(answer(201, None)), ErrorCode::UnexpectedBody);
        assert_eq!(code(Err(FetchFailure::Timeout)), ErrorCode::RequestTimeout);
        let failure = outcome(answer(401, None), 0).err().unwrap();
        assert_eq!(failure.args, ["401", "Text"]);
    }
}
