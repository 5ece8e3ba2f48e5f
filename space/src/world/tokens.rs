//! The token endpoints that issue a SAT to whoever has shown who they are, without HTTP: what is asked,
//! what is answered, what is refused (auth §4.2, §4.4, §4.5).

use serde_json::{Map, Value, json};

use super::World;
use super::body::{Body, Problem};
use super::ids;
use super::io::Cx;
use super::proofs::Unproven;
use super::sat::{self, Claims, Kind};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401: the credential is missing, wrong, expired, revoked or of another space.
    Unauthorized,
    /// 401: the proof of the credential's key is not accepted.
    Unproven(Unproven),
    /// 403: the credential is known and not allowed to do this.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 422: the body is wrong in these points.
    Invalid(Vec<Problem>),
    /// 429: too many of these requests (RFC 6585 §4).
    TooMany {
        /// When it can be tried again, in seconds from now.
        retry_after_s: u64,
    },
}

/// The optional texts of a subscriber's profile (auth §4.2).
const PROFILE: [&str; 7] = [
    "first_name",
    "last_name",
    "display_name",
    "job_title",
    "time_zone",
    "country",
    "company_name",
];
/// The most addresses that a Guest SAT reaches (auth §4.4).
const MOST_ADDRESSES: usize = 10;

/// The scopes of which an API token must have one, to issue a SAT (auth REQ-4).
const ISSUING_SCOPES: [&str; 4] = ["Voice", "Messaging", "Fax", "Video"];

/// An API token of the project.
pub(crate) struct ApiToken {
    pub(crate) secret: String,
    pub(crate) scopes: Vec<&'static str>,
}

impl ApiToken {
    fn may_issue(&self) -> bool {
        self.scopes
            .iter()
            .any(|scope| ISSUING_SCOPES.contains(scope))
    }
}

/// The body of "create a Subscriber SAT", read.
struct SubscriberRequest {
    reference: String,
    application_id: Option<String>,
    expires_at: u64,
    fingerprint: Option<String>,
    refreshable: bool,
    profile: Vec<(&'static str, String)>,
}

impl SubscriberRequest {
    fn read(members: &Map<String, Value>, cx: &Cx<'_>) -> Result<Self, Refusal> {
        let mut body = Body::new(members);
        let reference = body.required_text("reference").to_owned();
        let application_id = body.uuid("application_id").map(str::to_owned);
        // Held against its limits, and then forgotten: nothing of the space signs in by a password.
        body.text_that("password", "of 8 to 72 characters", |password| {
            password.is_empty() || (8..=72).contains(&password.chars().count())
        });
        let fingerprint = body.fingerprint().map(str::to_owned);
        body.region("region");
        let refreshable = body.scope();
        let expires_at = body.expiry(&["expire_at"], cx);
        let profile = PROFILE
            .into_iter()
            .filter_map(|key| Some((key, body.text(key)?.to_owned())))
            .collect();
        // Not yet bound to a key, a refreshable token must not live long (auth §4.2).
        let expires_at = if refreshable && fingerprint.is_none() {
            expires_at.min(cx.seconds().saturating_add(sat::UNBOUND_LIFETIME))
        } else {
            expires_at
        };
        body.finish(Self {
            reference,
            application_id,
            expires_at,
            fingerprint,
            refreshable,
            profile,
        })
    }
}

impl World {
    /// Whether these are the project's credentials, with a scope that lets tokens be issued (auth REQ-4).
    pub fn may_issue(&self, project_id: &str, api_token: &str) -> bool {
        // Every token is looked at, whatever came of the one before: the time it takes tells nothing.
        let known = self.api_tokens.iter().fold(false, |known, token| {
            known | (ids::same_secret(&token.secret, api_token) & token.may_issue())
        });
        ids::same_secret(&self.project_id, project_id) & known
    }

    /// Creates a Subscriber SAT (auth §4.2); the caller has checked the project's credentials.
    ///
    /// A `password` is held against its limits and not kept: nothing of the space signs in by one.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names what is wrong with the body.
    pub fn subscriber_token(
        &mut self,
        body: &Map<String, Value>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let request = SubscriberRequest::read(body, cx)?;
        let subscriber = self.directory.subscriber_for(&request.reference, cx);
        for (key, value) in request.profile {
            subscriber.profile.retain(|(known, _)| *known != key);
            subscriber.profile.push((key, value));
        }
        let subscriber_id = subscriber.id.clone();
        let claims = Claims {
            application_id: request.application_id,
            refreshable: request.refreshable,
            bound_to: request.fingerprint,
            ..self.claims(Kind::Subscriber, &subscriber_id, request.expires_at, cx)
        };
        let mut issued = self.first_pair(&claims, cx);
        issued["subscriber_id"] = json!(subscriber_id);
        Ok(issued)
    }

    /// Creates a Guest SAT for up to ten addresses (auth §4.4); the caller has checked the project's
    /// credentials.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names what is wrong with the body.
    pub fn guest_token(
        &mut self,
        members: &Map<String, Value>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let mut body = Body::new(members);
        let allowed = self.allowed_addresses(&mut body);
        let expires_at = body.expiry(&["expire_at"], cx);
        body.region("region");
        let ch = body.region("ch").map(str::to_owned);
        let allowed = body.finish(allowed)?;
        let guest_id = ids::uuid(cx);
        let claims = Claims {
            allowed_addresses: Some(allowed),
            ch,
            ..self.claims(Kind::Guest, &guest_id, expires_at, cx)
        };
        Ok(self.first_pair(&claims, cx))
    }

    /// The addresses of a Guest SAT; one problem for each thing that is wrong with the list.
    fn allowed_addresses(&self, body: &mut Body<'_>) -> Vec<String> {
        const KEY: &str = "allowed_addresses";
        let list = match body.value(KEY) {
            None => {
                body.problem(Problem::missing(KEY));
                return Vec::new();
            }
            Some(Value::Array(list)) if (1..=MOST_ADDRESSES).contains(&list.len()) => list,
            Some(Value::Array(_)) => {
                body.problem(Problem::invalid(KEY, "of 1 to 10 addresses"));
                return Vec::new();
            }
            Some(_) => {
                body.problem(Problem::invalid(KEY, "an array of UUIDs"));
                return Vec::new();
            }
        };
        let ids: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        if ids.len() < list.len() || !ids.iter().all(|id| ids::is_uuid(id)) {
            body.problem(Problem::invalid(KEY, "an array of UUIDs"));
        } else if ids.iter().any(|id| self.directory.by_id(id).is_none()) {
            let why = "The addresses must belong to the project";
            body.problem(Problem::new("must_belong_to_project", KEY, why));
        }
        let mut unique: Vec<String> = Vec::new();
        for id in ids {
            if unique.iter().all(|known| known != id) {
                unique.push(id.to_owned());
            }
        }
        unique
    }

    /// The id of the subscriber who may invite with this SAT (auth §4.5).
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] unless it is a Subscriber's SAT in force.
    pub fn inviter(&self, sat: &str, cx: &Cx<'_>) -> Result<String, Refusal> {
        let claims = self.authenticate(sat, cx)?;
        match claims.kind {
            Kind::Subscriber => Ok(claims.subscriber_id),
            Kind::Guest | Kind::Invite | Kind::EmbedGuest => Err(Refusal::Unauthorized),
        }
    }

    /// Creates an Invite SAT on behalf of the subscriber of this id. It reaches one address, which must be
    /// the inviter's, for at most two hours; a later expiry is brought forward, which the answer shows (auth §4.5).
    ///
    /// # Errors
    /// [`Refusal::Invalid`] names what is wrong with the body.
    pub fn invite_by(
        &mut self,
        inviter: &str,
        members: &Map<String, Value>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        const KEY: &str = "address_id";
        let mut body = Body::new(members);
        let address_id = match body.value(KEY) {
            None => {
                body.problem(Problem::missing(KEY));
                String::new()
            }
            Some(value) => {
                let own = self
                    .directory
                    .subscriber(inviter)
                    .filter(|one| *value == one.address_id);
                if own.is_none() {
                    let why = "Address is invalid";
                    body.problem(Problem::new("invalid_parameter", KEY, why));
                }
                own.map(|one| one.address_id.clone()).unwrap_or_default()
            }
        };
        let expires_at = body.expiry(&["expires_at", "expire_at"], cx);
        let address_id = body.finish(address_id)?;
        let guest_id = ids::uuid(cx);
        let expires_at = expires_at.min(cx.seconds().saturating_add(sat::LIFETIME));
        let claims = Claims {
            allowed_addresses: Some(vec![address_id]),
            inviter: Some(inviter.to_owned()),
            ..self.claims(Kind::Invite, &guest_id, expires_at, cx)
        };
        Ok(json!({ "token": self.mint.sat(&claims, cx), "expires_at": claims.expires_at }))
    }

    /// The claims that every token has, under the next serial number.
    pub(super) fn claims(
        &mut self,
        kind: Kind,
        subscriber_id: &str,
        expires_at: u64,
        cx: &mut Cx<'_>,
    ) -> Claims {
        self.last_serial += 1;
        let jti = ids::uuid(cx);
        Claims {
            family: jti.clone(),
            jti,
            serial: self.last_serial,
            kind,
            project_id: self.project_id.clone(),
            space_id: self.space_id.clone(),
            subscriber_id: subscriber_id.to_owned(),
            application_id: None,
            issued_at: cx.seconds(),
            expires_at,
            refreshable: false,
            bound_to: None,
            allowed_addresses: None,
            inviter: None,
            embed_token: None,
            ch: None,
        }
    }

    /// The claims of the next token of the same family: for the same person, to the same effect.
    pub(super) fn successor(
        &mut self,
        claims: &Claims,
        expires_at: u64,
        cx: &mut Cx<'_>,
    ) -> Claims {
        self.last_serial += 1;
        Claims {
            jti: ids::uuid(cx),
            serial: self.last_serial,
            issued_at: cx.seconds(),
            expires_at,
            ..claims.clone()
        }
    }
}
