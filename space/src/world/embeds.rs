//! The public exchanges, without HTTP: a C2C token becomes an embed token (auth §4.6), either becomes a
//! Guest SAT (auth §4.7). Anybody may ask, so there is a limit to how often.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::World;
use super::body::Body;
use super::ids;
use super::io::{Cx, Millis};
use super::sat::{self, Claims, Kind};
use super::tokens::Refusal;

/// How many exchanges a caller may make in a minute, unless the front desk says otherwise.
pub const EXCHANGES_PER_MINUTE: u32 = 600;
const MINUTE: Millis = 60_000;
/// Callers that are counted at a time. Beyond, the one whose minute began first is forgotten.
const COUNTED_CALLERS: usize = 4096;

/// Counts exchanges by caller, in minutes that begin with the first.
pub(crate) struct Exchanges {
    per_minute: u32,
    /// When the minute of a caller began, on the monotonic clock, and its exchanges since.
    minutes: BTreeMap<String, (Millis, u32)>,
}

impl Default for Exchanges {
    fn default() -> Self {
        Self {
            per_minute: EXCHANGES_PER_MINUTE,
            minutes: BTreeMap::new(),
        }
    }
}

impl Exchanges {
    /// Counts one more, unless the caller has had all of this minute.
    fn admit(&mut self, caller: &str, cx: &Cx<'_>) -> Result<(), Refusal> {
        let is_running = |began: Millis| cx.mono < began.saturating_add(MINUTE);
        self.minutes.retain(|_, (began, _)| is_running(*began));
        if self.minutes.len() >= COUNTED_CALLERS && !self.minutes.contains_key(caller) {
            let first = self.minutes.iter().min_by_key(|(_, (began, _))| *began);
            if let Some(first) = first.map(|(caller, _)| caller.clone()) {
                self.minutes.remove(&first);
            }
        }
        let (began, count) = self
            .minutes
            .entry(caller.to_owned())
            .or_insert((cx.mono, 0));
        if *count >= self.per_minute {
            let left = began.saturating_add(MINUTE).saturating_sub(cx.mono);
            let retry_after_s = left.div_ceil(1000);
            return Err(Refusal::TooMany { retry_after_s });
        }
        *count += 1;
        Ok(())
    }
}

fn token_of(members: &Map<String, Value>) -> Result<String, Refusal> {
    let mut body = Body::new(members);
    let token = body.required_token("token").to_owned();
    body.finish(token)
}

impl World {
    /// Counts an exchange of this caller, whatever comes of it.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] when it has made too many within a minute.
    pub fn admit_exchange(&mut self, caller: &str, cx: &Cx<'_>) -> Result<(), Refusal> {
        self.exchanges.admit(caller, cx)
    }

    /// How many exchanges a caller may make in a minute.
    pub fn exchanges_per_minute(&self) -> u32 {
        self.exchanges.per_minute
    }

    /// Changes that, and begins to count anew.
    pub fn limit_exchanges(&mut self, per_minute: u32) {
        self.exchanges = Exchanges {
            per_minute,
            minutes: BTreeMap::new(),
        };
    }

    /// Exchanges a C2C token for an embed token (auth §4.6).
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] for an unknown token, [`Refusal::Forbidden`] for a revoked one, of a
    /// disabled resource, or from an origin that the resource does not know.
    pub fn embed_token(
        &mut self,
        body: &Map<String, Value>,
        origin: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let token = token_of(body)?;
        self.check_resource(&token, origin)?;
        let resource = self
            .directory
            .resource_mut(&token)
            .ok_or(Refusal::Unauthorized)?;
        Ok(json!({ "token": resource.exchange(cx) }))
    }

    /// Exchanges an embed token or a C2C token for a Guest SAT (auth §4.7).
    ///
    /// # Errors
    /// As [`World::embed_token`].
    pub fn embed_guest_token(
        &mut self,
        body: &Map<String, Value>,
        origin: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let token = token_of(body)?;
        let address_id = self.check_resource(&token, origin)?;
        let guest_id = ids::uuid(cx);
        let expires_at = cx.seconds().saturating_add(sat::LIFETIME);
        let claims = Claims {
            allowed_addresses: Some(vec![address_id]),
            embed_token: Some(token),
            ..self.claims(Kind::EmbedGuest, &guest_id, expires_at, cx)
        };
        Ok(json!({ "token": self.mint.sat(&claims, cx), "expires_at": expires_at }))
    }

    /// The address that the token opens, unless it is closed to this caller.
    fn check_resource(&self, token: &str, origin: Option<&str>) -> Result<String, Refusal> {
        let resource = self
            .directory
            .resource(token)
            .ok_or(Refusal::Unauthorized)?;
        let allowed = resource
            .origins
            .as_ref()
            .is_none_or(|list| origin.is_some_and(|origin| list.iter().any(|one| one == origin)));
        if resource.enabled && allowed && !resource.has_revoked(token) {
            Ok(resource.address_id.clone())
        } else {
            Err(Refusal::Forbidden)
        }
    }
}
