//! The token endpoints and "who am I", without HTTP: what is asked, what is answered, what is
//! refused (auth §4.2, §4.6, §4.7, §4.10).

use serde_json::{Map, Value, json};

use super::World;
use super::directory::{Address, Subscriber};
use super::ids;
use super::io::Cx;
use super::sat::{self, Claims, Kind};

/// One thing that is wrong with a request body (auth §4.1, 422).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `missing_required_parameter`, `invalid_parameter`.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The member of the body.
    pub attribute: &'static str,
}

impl Problem {
    fn missing(attribute: &'static str) -> Self {
        let message = format!("{attribute} is required");
        Self {
            code: "missing_required_parameter",
            message,
            attribute,
        }
    }

    fn invalid(attribute: &'static str, must: &str) -> Self {
        let message = format!("{attribute} must be {must}");
        Self {
            code: "invalid_parameter",
            message,
            attribute,
        }
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401: the credential is missing, wrong, expired or of another space.
    Unauthorized,
    /// 403: the credential is known and not allowed to do this.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 422: the body is wrong in these points.
    Invalid(Vec<Problem>),
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
    fn read(body: &Map<String, Value>, cx: &Cx<'_>) -> Result<Self, Refusal> {
        let mut problems = Vec::new();
        let reference = text(body, "reference", &mut problems).unwrap_or_default();
        if reference.is_empty() && problems.is_empty() {
            problems.push(Problem::missing("reference"));
        }
        let application_id = text(body, "application_id", &mut problems);
        if application_id
            .as_deref()
            .is_some_and(|id| !ids::is_uuid(id))
        {
            problems.push(Problem::invalid("application_id", "a UUID"));
        }
        let password = text(body, "password", &mut problems).unwrap_or_default();
        if !password.is_empty() && !(8..=72).contains(&password.len()) {
            problems.push(Problem::invalid("password", "of 8 to 72 characters"));
        }
        let fingerprint = text(body, "fingerprint", &mut problems);
        if fingerprint
            .as_deref()
            .is_some_and(|print| !is_thumbprint(print))
        {
            problems.push(Problem::invalid(
                "fingerprint",
                "a thumbprint of 43 base64url characters",
            ));
        }
        if text(body, "region", &mut problems).is_some_and(|region| region != "us-central") {
            problems.push(Problem::invalid("region", "us-central"));
        }
        let refreshable = scope(body, &mut problems);
        let expires_at = expiry(body, cx, &mut problems);
        let profile = PROFILE
            .into_iter()
            .filter_map(|key| Some((key, text(body, key, &mut problems)?)))
            .collect();
        if !problems.is_empty() {
            return Err(Refusal::Invalid(problems));
        }
        // Not yet bound to a key, a refreshable token must not live long (auth §4.2).
        let expires_at = if refreshable && fingerprint.is_none() {
            expires_at.min(cx.seconds() + sat::UNBOUND_LIFETIME)
        } else {
            expires_at
        };
        Ok(Self {
            reference,
            application_id,
            expires_at,
            fingerprint,
            refreshable,
            profile,
        })
    }
}

/// The member when it is a text; absent and null are the same.
fn text(
    body: &Map<String, Value>,
    key: &'static str,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    match body.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            problems.push(Problem::invalid(key, "a string"));
            None
        }
    }
}

/// `"sat:refresh"`, or an array of it (auth §4.2).
fn scope(body: &Map<String, Value>, problems: &mut Vec<Problem>) -> bool {
    let list = match body.get("scope") {
        None | Some(Value::Null) => return false,
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    if list.iter().any(|scope| scope != sat::REFRESH_SCOPE) {
        problems.push(Problem::invalid("scope", sat::REFRESH_SCOPE));
    }
    !list.is_empty()
}

fn expiry(body: &Map<String, Value>, cx: &Cx<'_>, problems: &mut Vec<Problem>) -> u64 {
    let now = cx.seconds();
    let asked = match body.get("expire_at") {
        None | Some(Value::Null) => Some(now + sat::LIFETIME),
        Some(value) => value.as_u64().filter(|at| *at > now),
    };
    asked.unwrap_or_else(|| {
        let must = format!("an integer, in seconds since the epoch, greater than {now}");
        problems.push(Problem::invalid("expire_at", &must));
        now
    })
}

/// The form of an RFC 7638 thumbprint with SHA-256.
fn is_thumbprint(text: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == 43 && text.bytes().all(is_base64url)
}

fn token_of(body: &Map<String, Value>) -> Result<String, Refusal> {
    let mut problems = Vec::new();
    let token = text(body, "token", &mut problems).unwrap_or_default();
    if token.is_empty() && problems.is_empty() {
        problems.push(Problem::missing("token"));
    }
    if problems.is_empty() {
        Ok(token)
    } else {
        Err(Refusal::Invalid(problems))
    }
}

impl World {
    /// Whether these are the project's credentials.
    pub fn knows_project(&self, project_id: &str, api_token: &str) -> bool {
        ids::same_secret(&self.project_id, project_id)
            & ids::same_secret(&self.api_token, api_token)
    }

    /// Creates a Subscriber SAT (auth §4.2); the caller has checked the project's credentials.
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
        Ok(json!({
            "subscriber_id": subscriber_id,
            "token": self.mint.sat(&claims, cx),
            "refresh_token": self.mint.refresh(&claims, cx),
            "expires_at": claims.expires_at,
        }))
    }

    /// Exchanges a C2C token for an embed token (auth §4.6).
    pub fn embed_token(
        &mut self,
        body: &Map<String, Value>,
        origin: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let token = token_of(body)?;
        self.check_resource(&token, origin)?;
        let made = ids::prefixed("c2t_", cx);
        if let Some(resource) = self.directory.resource_mut(&token) {
            resource.exchanged.push(made.clone());
        }
        Ok(json!({ "token": made }))
    }

    /// Exchanges an embed token or a C2C token for a Guest SAT (auth §4.7).
    pub fn guest_token(
        &mut self,
        body: &Map<String, Value>,
        origin: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Value, Refusal> {
        let token = token_of(body)?;
        let address_id = self.check_resource(&token, origin)?;
        let guest_id = ids::uuid(cx);
        let expires_at = cx.seconds() + sat::LIFETIME;
        let claims = Claims {
            allowed_addresses: Some(vec![address_id]),
            ..self.claims(Kind::EmbedGuest, &guest_id, expires_at, cx)
        };
        Ok(json!({ "token": self.mint.sat(&claims, cx), "expires_at": expires_at }))
    }

    /// The address that the token opens, unless the resource is disabled or closed to this origin.
    fn check_resource(&self, token: &str, origin: Option<&str>) -> Result<String, Refusal> {
        let resource = self
            .directory
            .resource(token)
            .ok_or(Refusal::Unauthorized)?;
        let allowed = resource
            .origins
            .as_ref()
            .is_none_or(|list| origin.is_some_and(|origin| list.iter().any(|one| one == origin)));
        if resource.enabled && allowed {
            Ok(resource.address_id.clone())
        } else {
            Err(Refusal::Forbidden)
        }
    }

    fn claims(&self, kind: Kind, subscriber_id: &str, expires_at: u64, cx: &mut Cx<'_>) -> Claims {
        Claims {
            jti: ids::uuid(cx),
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
        }
    }

    /// The claims of a SAT that is in force: of this space, not expired, of a subscriber that exists.
    pub(crate) fn authenticate(&self, sat: &str, cx: &Cx<'_>) -> Result<Claims, Refusal> {
        self.read_sat(sat)
            .filter(|claims| !claims.expired(cx))
            .ok_or(Refusal::Unauthorized)
    }

    /// The same for a SAT that may have expired.
    pub(crate) fn read_sat(&self, sat: &str) -> Option<Claims> {
        let claims = self.mint.open(sat)?;
        let exists = claims.kind != Kind::Subscriber
            || self.directory.subscriber(&claims.subscriber_id).is_some();
        exists.then_some(claims)
    }

    /// Who the bearer of a SAT is (auth §4.10).
    pub fn who_am_i(&self, sat: &str, cx: &Cx<'_>) -> Result<Value, Refusal> {
        let claims = self.authenticate(sat, cx)?;
        let subscriber = self.directory.subscriber(&claims.subscriber_id);
        let own = subscriber.and_then(|one| self.directory.by_id(&one.address_id));
        let mut info = json!({
            "id": claims.subscriber_id,
            "email": subscriber.map_or("", |one| one.reference.as_str()),
            "push_notification_key": "",
            "app_settings": { "display_name": "", "scopes": [] },
            "fabric_addresses": own.into_iter().map(address_json).collect::<Vec<_>>(),
            "sat_claims": { "expires_at": claims.expires_at },
            "token_kind": claims.kind.text(),
        });
        for (key, value) in subscriber.map_or(&[][..], |one| one.profile.as_slice()) {
            info[*key] = json!(value);
        }
        if claims.refreshable {
            info["sat_claims"]["scope"] = json!(claims.scope());
        }
        if let Some(jkt) = &claims.bound_to {
            info["sat_claims"]["cnf"] = json!({ "jkt": jkt });
        }
        Ok(info)
    }

    /// The addresses that the bearer of a SAT may see, in the order of their creation (auth §4.11).
    pub fn visible_addresses(&self, sat: &str, cx: &Cx<'_>) -> Result<Vec<&Address>, Refusal> {
        let claims = self.authenticate(sat, cx)?;
        let all = self.directory.addresses.iter();
        Ok(all.filter(|address| claims.reaches(&address.id)).collect())
    }

    /// The subscriber of an id, for reports.
    pub(crate) fn subscriber(&self, id: &str) -> Option<&Subscriber> {
        self.directory.subscriber(id)
    }
}

/// An address as the directory shows it (auth §4.11).
pub fn address_json(address: &Address) -> Value {
    let channels: Map<String, Value> = address
        .channels()
        .iter()
        .map(|channel| {
            (
                (*channel).to_owned(),
                json!(format!("{}?channel={channel}", address.name)),
            )
        })
        .collect();
    json!({
        "id": address.id,
        "resource_id": address.id,
        "name": address.name,
        "display_name": address.display_name,
        "type": address.type_name(),
        "cover_url": null,
        "preview_url": null,
        "locked": false,
        "channels": channels,
        "created_at": address.created_at,
    })
}
