//! `POST /.space/credentials { kind, … }` → 201 `{ kind, token, expires_at, reference, addresses }`: any
//! credential there is, so that no page and no test holds the API token.
//!
//! | `kind` | takes | gives |
//! |---|---|---|
//! | `subscriber` | `reference`, `expires_in`, `fingerprint`, `scope` | a Subscriber SAT |
//! | `guest` | `address` or `addresses` (1 to 10), `expires_in` | a Guest SAT |
//! | `invite` | `reference` of the inviter, `address` of the inviter, `expires_in` | an Invite SAT |
//! | `embed` | `address` | an embed token |
//! | `c2c` | `address` | a C2C token |
//!
//! `reference` is by default `ada@example.test`; a subscriber who does not exist is made. Addresses are
//! names; by default `/public/echo`, of an invite the inviter's own. `expires_in` is in seconds, by
//! default two hours, of an invite at most. `expires_at` is in seconds since the epoch, `null` for a token
//! that does not expire; `reference` is `null` where the credential is nobody's.

use serde_json::{Map, Value, json};

use super::body::{Members, required};
use super::{Fault, FrontDesk};
use crate::world::directory::{Address, Directory};
use crate::world::tokens::Refusal;
use crate::world::{Cx, World};

const KNOWN: [&str; 7] = [
    "kind",
    "reference",
    "address",
    "addresses",
    "expires_in",
    "fingerprint",
    "scope",
];
/// Ten years, in seconds.
const LONGEST_LIFE: u64 = 315_576_000;
/// As the token endpoint has it, in bytes.
const LONGEST_REFERENCE: usize = 255;
const DEFAULT_REFERENCE: &str = "ada@example.test";
const DEFAULT_ADDRESS: &str = "/public/echo";

impl FrontDesk {
    pub(super) async fn make_credential(&self, body: &[u8]) -> Result<Value, Fault> {
        let order = Order::read(body)?;
        self.run(move |driver| driver.with_world(|world, cx| order.carry_out(world, cx)))
            .await?
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Subscriber,
    Guest,
    Invite,
    Embed,
    ClickToCall,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Subscriber,
        Self::Guest,
        Self::Invite,
        Self::Embed,
        Self::ClickToCall,
    ];

    fn text(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber",
            Self::Guest => "guest",
            Self::Invite => "invite",
            Self::Embed => "embed",
            Self::ClickToCall => "c2c",
        }
    }

    /// The members that mean something for it.
    fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Subscriber => &["kind", "reference", "expires_in", "fingerprint", "scope"],
            Self::Guest => &["kind", "address", "addresses", "expires_in"],
            Self::Invite => &["kind", "reference", "address", "expires_in"],
            Self::Embed | Self::ClickToCall => &["kind", "address"],
        }
    }
}

/// A body, read.
struct Order {
    kind: Kind,
    reference: String,
    /// Names; empty for the default.
    addresses: Vec<String>,
    expires_in: Option<u64>,
    fingerprint: Option<String>,
    scope: Option<String>,
}

/// What was made.
struct Made {
    token: String,
    expires_at: Option<u64>,
    reference: Option<String>,
    addresses: Vec<String>,
}

impl Order {
    fn read(body: &[u8]) -> Result<Self, Fault> {
        let members = Members::read(body, &KNOWN)?;
        let kind = required("kind", members.text("kind")?)?;
        let kind = Kind::ALL.into_iter().find(|one| one.text() == kind);
        let Some(kind) = kind else {
            let names = Kind::ALL.map(Kind::text).join(", ");
            return Err(unprocessable(format!("kind must be one of {names}")));
        };
        if let Some(vain) = members.first_other_than(kind.takes()) {
            let why = format!("{vain} means nothing for kind {}", kind.text());
            return Err(unprocessable(why));
        }
        let one = members.text("address")?;
        let many = members.texts("addresses")?;
        let addresses = match (one, many) {
            (Some(_), Some(_)) => {
                return Err(unprocessable("address and addresses exclude each other"));
            }
            (Some(one), None) => vec![one],
            (None, Some(many)) if many.is_empty() => {
                return Err(unprocessable("addresses must not be empty"));
            }
            (None, many) => many.unwrap_or_default(),
        };
        let reference = members.text("reference")?;
        if reference
            .as_ref()
            .is_some_and(|text| !(1..=LONGEST_REFERENCE).contains(&text.len()))
        {
            return Err(unprocessable("reference must be of 1 to 255 bytes"));
        }
        Ok(Self {
            kind,
            reference: reference.unwrap_or_else(|| DEFAULT_REFERENCE.to_owned()),
            addresses,
            expires_in: members.integer("expires_in", 1..=LONGEST_LIFE)?,
            fingerprint: members.text("fingerprint")?,
            scope: members.text("scope")?,
        })
    }

    fn carry_out(self, world: &mut World, cx: &mut Cx<'_>) -> Result<Value, Fault> {
        let kind = self.kind;
        let made = match kind {
            Kind::Subscriber => self.subscriber(world, cx),
            Kind::Guest => self.guest(world, cx),
            Kind::Invite => self.invite(world, cx),
            Kind::Embed | Kind::ClickToCall => self.public(world, cx),
        }?;
        Ok(json!({
            "kind": kind.text(),
            "token": made.token,
            "expires_at": made.expires_at,
            "reference": made.reference,
            "addresses": made.addresses,
        }))
    }

    /// The body of a token endpoint, as far as every kind has it.
    fn body(&self, cx: &Cx<'_>) -> Map<String, Value> {
        let lifetime = self.expires_in;
        let expiry = lifetime.map(|seconds| json!(cx.seconds().saturating_add(seconds)));
        expiry
            .map(|at| ("expire_at".to_owned(), at))
            .into_iter()
            .collect()
    }

    fn subscriber(self, world: &mut World, cx: &mut Cx<'_>) -> Result<Made, Fault> {
        let mut body = self.body(cx);
        body.insert("reference".to_owned(), json!(self.reference));
        body.insert("fingerprint".to_owned(), json!(self.fingerprint));
        body.insert("scope".to_owned(), json!(self.scope));
        let issued = world.subscriber_token(&body, cx).map_err(as_fault)?;
        let own = own_address(world.directory(), &self.reference);
        let addresses = own.into_iter().map(|address| address.name.clone());
        Ok(made(&issued, Some(self.reference), addresses.collect()))
    }

    fn guest(mut self, world: &mut World, cx: &mut Cx<'_>) -> Result<Made, Fault> {
        let mut body = self.body(cx);
        if self.addresses.is_empty() {
            self.addresses.push(DEFAULT_ADDRESS.to_owned());
        }
        let found = self
            .addresses
            .iter()
            .map(|name| by_name(world.directory(), name));
        let ids: Result<Vec<&str>, Fault> = found
            .map(|address| address.map(|address| address.id.as_str()))
            .collect();
        body.insert("allowed_addresses".to_owned(), json!(ids?));
        let issued = world.guest_token(&body, cx).map_err(as_fault)?;
        Ok(made(&issued, None, self.addresses))
    }

    fn invite(self, world: &mut World, cx: &mut Cx<'_>) -> Result<Made, Fault> {
        let mut body = self.body(cx);
        let reference = self.reference;
        let inviter = world.directory_mut().subscriber_for(&reference, cx);
        let inviter = inviter.id.clone();
        let address = match self.addresses.first() {
            Some(name) => by_name(world.directory(), name).map(Some)?,
            None => own_address(world.directory(), &reference),
        };
        let address = address.cloned();
        let id = address.as_ref().map(|address| address.id.as_str());
        body.insert("address_id".to_owned(), json!(id));
        let issued = world.invite_by(&inviter, &body, cx).map_err(as_fault)?;
        let names = address.into_iter().map(|address| address.name);
        Ok(made(&issued, Some(reference), names.collect()))
    }

    /// A token of the address's click-to-call resource, which is made should there be none that is open to
    /// everybody.
    fn public(self, world: &mut World, cx: &mut Cx<'_>) -> Result<Made, Fault> {
        let name = self.addresses.into_iter().next();
        let name = name.unwrap_or_else(|| DEFAULT_ADDRESS.to_owned());
        let directory = world.directory_mut();
        let id = by_name(directory, &name)?.id.clone();
        let open = directory.click_to_call.iter().find(|one| {
            let is_open = one.enabled && one.origins.is_none() && one.revoked.is_empty();
            one.address_id == id && is_open
        });
        let c2c = open.map(|one| one.token.clone());
        let c2c = c2c.unwrap_or_else(|| directory.add_resource(&id, None, cx).token.clone());
        let token = match (self.kind, directory.resource_mut(&c2c)) {
            (Kind::Embed, Some(resource)) => resource.exchange(cx),
            _ => c2c,
        };
        Ok(Made {
            token,
            expires_at: None,
            reference: None,
            addresses: vec![name],
        })
    }
}

fn made(issued: &Value, reference: Option<String>, addresses: Vec<String>) -> Made {
    Made {
        token: issued["token"].as_str().unwrap_or_default().to_owned(),
        expires_at: issued["expires_at"].as_u64(),
        reference,
        addresses,
    }
}

fn by_name<'a>(directory: &'a Directory, name: &str) -> Result<&'a Address, Fault> {
    let shown: String = name.chars().take(80).collect();
    directory
        .by_name(name)
        .ok_or_else(|| unprocessable(format!("address: nothing is called {shown:?}")))
}

fn own_address<'a>(directory: &'a Directory, reference: &str) -> Option<&'a Address> {
    let subscriber = directory
        .subscribers
        .iter()
        .find(|one| one.reference == reference)?;
    directory.by_id(&subscriber.address_id)
}

fn unprocessable(why: impl Into<String>) -> Fault {
    Fault::Unprocessable(why.into())
}

/// What the token endpoint would have said, by the names of this body.
fn as_fault(refusal: Refusal) -> Fault {
    let Refusal::Invalid(problems) = refusal else {
        return unprocessable("the credential was refused");
    };
    let say = |problem: crate::world::body::Problem| match problem.attribute.as_str() {
        "allowed_addresses" => problem.message.replace("allowed_addresses", "addresses"),
        "address_id" => "address must be the inviter's own".to_owned(),
        _ => problem.message,
    };
    unprocessable(problems.into_iter().map(say).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests;
