//! Who the bearer of a SAT is and what there is to be seen: "who am I" and the directory, without HTTP
//! (auth §4.10, §4.11).

use serde_json::{Map, Value, json};

use super::World;
use super::directory::{Address, Subscriber};
use super::io::Cx;
use super::sat::Claims;
use super::tokens::Refusal;

impl World {
    /// The claims of a SAT that is in force: of this space, not expired, not revoked, of a subscriber that
    /// exists.
    pub(crate) fn authenticate(&self, sat: &str, cx: &Cx<'_>) -> Result<Claims, Refusal> {
        self.read_sat(sat)
            .filter(|claims| !claims.expired(cx))
            .ok_or(Refusal::Unauthorized)
    }

    /// The same for a SAT that may have expired.
    pub(crate) fn read_sat(&self, sat: &str) -> Option<Claims> {
        self.mint.open(sat).filter(|claims| self.stands(claims))
    }

    /// Whether the claims of a token of this space still mean anything: not revoked, of a subscriber that
    /// exists.
    pub(super) fn stands(&self, claims: &Claims) -> bool {
        let exists = claims
            .subscriber()
            .is_none_or(|id| self.directory.subscriber(id).is_some());
        exists && !self.is_revoked(claims)
    }

    /// Who the bearer of a SAT is (auth §4.10).
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] unless the SAT is in force.
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
            info[*key] = profile_json(key, value);
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
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] unless the SAT is in force.
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

/// A text of the profile. A numeric time zone is a number here (auth §12, A-19).
fn profile_json(key: &str, value: &str) -> Value {
    match value.parse::<i32>() {
        Ok(number) if key == "time_zone" => json!(number),
        _ => json!(value),
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
