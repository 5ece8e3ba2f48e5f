//! Client-bound SATs, without HTTP: the first one for a SAT with the scope `sat:refresh` (auth §4.8), and the
//! next one for the one before (auth §4.9). Each request is signed by the key that the token is bound to.

use serde_json::{Map, Value, json};
use signalwire_wasm::proof::Purpose;

use super::World;
use super::body::Body;
use super::io::Cx;
use super::proofs::Unproven;
use super::sat::{self, Claims};
use super::tokens::Refusal;

/// Seconds after its expiry in which a client-bound SAT may still be renewed: clocks differ (auth §4.9).
const RENEWAL_LEEWAY: u64 = 5;

/// Which of the two is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// A SAT of the backend becomes the first client-bound one.
    First,
    /// A client-bound SAT becomes the next.
    Next,
}

/// A request for a client-bound SAT.
#[derive(Clone, Copy)]
pub struct RenewalRequest<'a> {
    /// Which one.
    pub renewal: Renewal,
    /// The token that it is made with. A secret.
    pub sat: &'a str,
    /// The absolute URI that it came to.
    pub url: &'a str,
}

impl World {
    /// The claims of a SAT that may be renewed by its bearer.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] unless it is in force, or has been within the last 5 s for
    /// [`Renewal::Next`]; [`Refusal::Forbidden`] without the scope.
    pub(crate) fn renewable(
        &self,
        request: &RenewalRequest<'_>,
        cx: &Cx<'_>,
    ) -> Result<Claims, Refusal> {
        let leeway = match request.renewal {
            Renewal::First => 0,
            Renewal::Next => RENEWAL_LEEWAY,
        };
        let claims = self
            .read_sat(request.sat)
            .filter(|claims| cx.seconds() < claims.expires_at.saturating_add(leeway))
            .ok_or(Refusal::Unauthorized)?;
        if claims.refreshable {
            Ok(claims)
        } else {
            Err(Refusal::Forbidden)
        }
    }

    /// Issues a client-bound SAT to the bearer of a SAT with these claims. The first is bound to the key of
    /// the proof, and no other key gets one for the same SAT; it does not outlive that SAT.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names what is wrong with the body, [`Refusal::Unproven`] what is wrong with the
    /// proof.
    pub(crate) fn renew(
        &mut self,
        claims: &Claims,
        request: &RenewalRequest<'_>,
        members: &Map<String, Value>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let mut body = Body::new(members);
        let proof = body.required_token("dpop_token");
        let expire_in = body.lifetime("expire_in");
        let (proof, expire_in) = body.finish((proof, expire_in))?;
        let is_first = request.renewal == Renewal::First;
        let purpose = Purpose::Http {
            method: "POST",
            url: request.url,
            token: request.sat,
            names_token: !is_first,
        };
        let jkt = self.families.bound_to(claims).cloned();
        if !is_first && claims.bound_to.is_none() {
            return Err(Refusal::Unproven(Unproven::Unbound));
        }
        let proof = self
            .proofs
            .judge(Some(proof), &purpose, jkt.as_deref(), cx)
            .map_err(Refusal::Unproven)?;
        let now = cx.seconds();
        let asked = now.saturating_add(expire_in.clamp(1, sat::LIFETIME));
        let expires_at = if is_first {
            asked.min(claims.expires_at)
        } else {
            asked
        };
        let issued = self.successor(claims, expires_at, cx);
        let issued = Claims {
            bound_to: Some(proof.jkt.clone()),
            ..issued
        };
        self.families.add(&issued, cx);
        self.families.bind(claims, &proof.jkt);
        self.proofs.accept(proof, cx);
        Ok(json!({
            "token": self.mint.sat(&issued, cx),
            "expires_at": expires_at,
            "expires_in": expires_at - now,
        }))
    }
}
