//! Bodies of the REST endpoints that a client calls (auth §4.7, §4.10, §4.11).

use super::reader::{Opaque, Reader};
use super::words::K;
use super::writer::Writer;

/// Path of the exchange of an embed token for a Guest SAT (auth §4.7).
pub const EMBED_EXCHANGE: &str = "/api/fabric/embeds/tokens";
/// Path of the exchange of a SAT for a Client Bound SAT (auth §4.8).
pub const DEVICE_TOKEN: &str = "/api/fabric/subscriber/devices/token";
/// Path of the rotation of a Client Bound SAT (auth §4.9).
pub const DEVICE_REFRESH: &str = "/api/fabric/subscriber/devices/refresh";
/// Path of "who am I" (auth §4.10).
pub const WHO_AM_I: &str = "/api/fabric/subscriber/info";
/// Path of the directory (auth §4.11).
pub const ADDRESSES: &str = "/api/fabric/addresses";

/// Which body a response is expected to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// [`Body::Token`].
    Token,
    /// [`Body::User`].
    User,
    /// [`Body::Addresses`].
    Addresses,
}

/// A response body, read.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `{ token, expires_at? }` (§4.7).
    Token(IssuedToken),
    /// The user's profile (§4.10).
    User(UserInfo),
    /// One page of the directory, its first address alone (§4.11).
    Addresses {
        /// The first of the page, unread.
        first: Option<Opaque>,
    },
}

/// A SAT as a token endpoint hands it out.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedToken {
    /// The SAT. A secret.
    pub token: String,
    /// Expiry in seconds since the epoch, where the server says it.
    pub expires_at: Option<u64>,
    /// Lifetime in seconds, where the server says it.
    pub expires_in: Option<u64>,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Who the SAT acts for.
#[derive(Clone, Debug, PartialEq)]
pub struct UserInfo {
    /// Subscriber id: names the storage keys.
    pub id: String,
    /// `subscriber`, `guest`, `invite`, `embed_guest`, where the server says it.
    pub token_kind: Option<String>,
    /// When the SAT ends, in seconds since the epoch, where the server says it.
    pub expires_at: Option<u64>,
    /// Scopes of the SAT, where it has any.
    pub scope: Vec<String>,
    /// Thumbprint of the key that the SAT is bound to, where it is (RFC 7800 §3, RFC 9449 §6).
    pub jkt: Option<String>,
    /// The whole profile, unread.
    pub profile: Opaque,
}

impl Body {
    /// Reads a body; `None` when it lacks what `expect` requires.
    pub fn decode<R: Reader>(expect: Expect, body: &R) -> Option<Self> {
        match expect {
            Expect::Token => Some(Self::Token(IssuedToken {
                token: body.str(K::Token).filter(|token| !token.is_empty())?,
                expires_at: body.u64(K::ExpiresAt),
                expires_in: body.u64(K::ExpiresIn),
            })),
            Expect::User => Some(Self::User(UserInfo {
                id: body.str(K::Id)?,
                token_kind: body.str(K::TokenKind),
                expires_at: body.get(K::SatClaims).and_then(|c| c.u64(K::ExpiresAt)),
                scope: body
                    .get(K::SatClaims)
                    .map(|claims| claims.strs(K::Scope))
                    .unwrap_or_default(),
                jkt: body
                    .get(K::SatClaims)
                    .and_then(|claims| claims.get(K::Cnf)?.str(K::Jkt)),
                profile: body.whole(),
            })),
            Expect::Addresses => {
                let mut first = None;
                body.each(K::Data, &mut |address| {
                    first.get_or_insert_with(|| address.whole());
                });
                Some(Self::Addresses { first })
            }
        }
    }
}

/// The request body of the embed exchange.
pub fn embed_exchange(embed_token: &str) -> String {
    let mut w = Writer::new();
    w.str("token", embed_token);
    w.finish()
}

/// The request body of [`DEVICE_TOKEN`] and [`DEVICE_REFRESH`]; `expire_in` in seconds.
pub fn device_token(dpop_token: &str, expire_in: u64) -> String {
    let mut w = Writer::new();
    w.str("dpop_token", dpop_token);
    w.num("expire_in", expire_in);
    w.finish()
}
