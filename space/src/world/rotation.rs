//! Refresh tokens, without HTTP: a SAT comes with one, which is swapped once for the next pair (auth §4.3,
//! §7.9, 14).

use serde_json::{Map, Value, json};

use super::World;
use super::body::{Body, Problem};
use super::families::{Pair, Turn};
use super::ids;
use super::io::Cx;
use super::sat::{self, Claims};
use super::tokens::Refusal;

impl World {
    /// A SAT with these claims, the first of its family, and its refresh token.
    pub(super) fn first_pair(&mut self, claims: &Claims, cx: &mut Cx<'_>) -> Value {
        let (pair, refresh_jti) = self.pair(claims, cx);
        self.families.arm(claims, refresh_jti);
        issued(&pair)
    }

    /// Swaps a refresh token for a new SAT and a new refresh token. They are for the same person, to the same
    /// effect and bound to the same key; a SAT with the refresh scope that is bound to none lives as short as
    /// its predecessor. The caller has checked the project's credentials.
    ///
    /// A token that was swapped gives the same pair again within 10 s, as long as that pair's refresh token is
    /// not used: an answer may get lost. After that, whoever shows it has a copy, and all of the family is
    /// revoked (RFC 9700 §4.14.2).
    ///
    /// # Errors
    /// [`Refusal::Invalid`] with `token_expired`, or `invalid_parameter` for what is no refresh token of this
    /// space, is revoked or was used.
    pub fn rotate(
        &mut self,
        members: &Map<String, Value>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        const KEY: &str = "refresh_token";
        let refused = |code, why| Refusal::Invalid(vec![Problem::new(code, KEY, why)]);
        let invalid = || refused("invalid_parameter", "Refresh token is invalid");
        let mut body = Body::new(members);
        let token = body.required_token(KEY);
        let token = body.finish(token)?;
        let claims = self
            .mint
            .open_refresh(token)
            .filter(|claims| self.stands(claims))
            .ok_or_else(invalid)?;
        if claims.expired(cx) {
            return Err(refused("token_expired", "Token has expired."));
        }
        match self.families.turn(&claims, cx) {
            Turn::Due => Ok(issued(&self.next_pair(&claims, cx))),
            Turn::Again(pair) => Ok(issued(&pair)),
            Turn::Unknown => Err(invalid()),
            Turn::Reused => {
                self.families.revoke(claims.family);
                self.revoked_at.get_or_insert(cx.mono);
                let why = "Refresh token was used before";
                Err(refused("invalid_parameter", why))
            }
        }
    }

    fn next_pair(&mut self, used: &Claims, cx: &mut Cx<'_>) -> Pair {
        let bound_to = self.families.bound_to(used).cloned();
        let lifetime = if used.refreshable && bound_to.is_none() {
            sat::UNBOUND_LIFETIME
        } else {
            sat::LIFETIME
        };
        let expires_at = cx.seconds().saturating_add(lifetime);
        let claims = Claims {
            bound_to,
            ..self.successor(used, expires_at, cx)
        };
        let (pair, refresh_jti) = self.pair(&claims, cx);
        self.families.rotated(used, refresh_jti, &pair, cx);
        pair
    }

    /// A SAT and its refresh token, with the id of that.
    fn pair(&mut self, claims: &Claims, cx: &mut Cx<'_>) -> (Pair, String) {
        self.families.add(claims, cx);
        let refresh_jti = ids::uuid(cx);
        let pair = Pair {
            token: self.mint.sat(claims, cx),
            refresh_token: self.mint.refresh(claims, &refresh_jti, cx),
            expires_at: claims.expires_at,
        };
        (pair, refresh_jti)
    }
}

fn issued(pair: &Pair) -> Value {
    json!({
        "token": pair.token,
        "refresh_token": pair.refresh_token,
        "expires_at": pair.expires_at,
    })
}
