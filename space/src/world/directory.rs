//! Who and what can be reached: addresses, subscribers, click-to-call resources.

use super::ids;
use super::io::Cx;
use super::time::iso_8601;

/// What answers at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Sends audio and video back.
    Echo,
    /// Plays a steady tone of this frequency in hertz.
    Tone(u16),
    /// Refuses with `USER_BUSY`.
    Busy,
    /// Never answers.
    Silent,
    /// Ends the call with `DESTINATION_OUT_OF_ORDER`.
    Unreachable,
    /// A person, by subscriber id.
    Subscriber(String),
}

/// Something that can be dialled (auth §4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// UUID.
    pub id: String,
    /// What is dialled: `/public/echo`.
    pub name: String,
    /// For people.
    pub display_name: String,
    /// What answers.
    pub destination: Destination,
    /// ISO 8601.
    pub created_at: String,
}

impl Address {
    /// The `type` of the directory.
    pub fn type_name(&self) -> &'static str {
        match self.destination {
            Destination::Subscriber(_) => "subscriber",
            _ => "app",
        }
    }

    /// The media it takes: names of channels.
    pub fn channels(&self) -> &'static [&'static str] {
        match self.destination {
            Destination::Tone(_) => &["audio"],
            _ => &["audio", "video"],
        }
    }

    /// The last part of the name: `echo`.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// A person who can have a SAT (auth §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// UUID.
    pub id: String,
    /// What the application calls the person; often an e-mail address.
    pub reference: String,
    /// The person's own address.
    pub address_id: String,
    /// Optional members of the profile, by their names on the wire.
    pub profile: Vec<(&'static str, String)>,
}

/// A click-to-call resource: a public credential for one address (auth §1.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickToCall {
    /// `c2c_…`.
    pub token: String,
    /// `c2t_…`, ready for a page.
    pub embed_token: String,
    /// The address it is pinned to.
    pub address_id: String,
    /// A disabled one answers 403.
    pub enabled: bool,
    /// Origins that may exchange its tokens; `None` for all.
    pub origins: Option<Vec<String>>,
    /// Further embed tokens, made on request.
    pub exchanged: Vec<String>,
    /// Those of its tokens that open nothing any more.
    pub revoked: Vec<String>,
}

impl ClickToCall {
    /// Whether `token` belongs to it, in any of its forms.
    fn owns(&self, token: &str) -> bool {
        let mut own = [&self.token, &self.embed_token]
            .into_iter()
            .chain(&self.exchanged);
        own.any(|known| ids::same_secret(known, token))
    }

    /// A fresh embed token.
    pub(crate) fn exchange(&mut self, cx: &mut Cx<'_>) -> String {
        let made = ids::prefixed("c2t_", cx);
        self.exchanged.push(made.clone());
        made
    }

    /// Closes one of its tokens for ever.
    pub(crate) fn revoke(&mut self, token: String) {
        if !self.revoked.contains(&token) {
            self.revoked.push(token);
        }
    }

    /// Whether one of its tokens was closed.
    pub(crate) fn has_revoked(&self, token: &str) -> bool {
        self.revoked.iter().any(|one| one == token)
    }
}

/// Everything that can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// In the order of their creation.
    pub addresses: Vec<Address>,
    /// In the order of their creation.
    pub subscribers: Vec<Subscriber>,
    /// In the order of their creation.
    pub click_to_call: Vec<ClickToCall>,
}

impl Directory {
    /// The address of this name; `destination` may carry a query, which is no part of the name.
    pub fn by_name(&self, destination: &str) -> Option<&Address> {
        let name = destination.split('?').next().unwrap_or_default();
        self.addresses.iter().find(|address| address.name == name)
    }

    /// The address of this id.
    pub fn by_id(&self, id: &str) -> Option<&Address> {
        self.addresses.iter().find(|address| address.id == id)
    }

    /// The subscriber of this id.
    pub fn subscriber(&self, id: &str) -> Option<&Subscriber> {
        self.subscribers
            .iter()
            .find(|subscriber| subscriber.id == id)
    }

    /// The resource that a C2C token or an embed token belongs to.
    pub fn resource(&self, token: &str) -> Option<&ClickToCall> {
        self.click_to_call
            .iter()
            .find(|resource| resource.owns(token))
    }

    /// The same, to be changed.
    pub fn resource_mut(&mut self, token: &str) -> Option<&mut ClickToCall> {
        self.click_to_call
            .iter_mut()
            .find(|resource| resource.owns(token))
    }

    /// A new click-to-call resource that opens this address to pages of these origins; `None` for all.
    pub fn add_resource(
        &mut self,
        address_id: &str,
        origins: Option<Vec<String>>,
        cx: &mut Cx<'_>,
    ) -> &ClickToCall {
        self.click_to_call.push(ClickToCall {
            token: ids::prefixed("c2c_", cx),
            embed_token: ids::prefixed("c2t_", cx),
            address_id: address_id.to_owned(),
            enabled: true,
            origins,
            exchanged: Vec::new(),
            revoked: Vec::new(),
        });
        &self.click_to_call[self.click_to_call.len() - 1]
    }

    /// The subscriber with this reference, created with an address if there is none.
    pub(crate) fn subscriber_for(&mut self, reference: &str, cx: &mut Cx<'_>) -> &mut Subscriber {
        let known = self
            .subscribers
            .iter()
            .position(|one| one.reference == reference);
        let index = known.unwrap_or_else(|| {
            self.add_subscriber(reference, cx);
            self.subscribers.len() - 1
        });
        &mut self.subscribers[index]
    }

    fn add_subscriber(&mut self, reference: &str, cx: &mut Cx<'_>) {
        let id = ids::uuid(cx);
        let address_id = ids::uuid(cx);
        let local = reference.split('@').next().unwrap_or(reference);
        self.addresses.push(Address {
            id: address_id.clone(),
            name: self.free_name(local),
            display_name: local.to_owned(),
            destination: Destination::Subscriber(id.clone()),
            created_at: iso_8601(cx.wall),
        });
        self.subscribers.push(Subscriber {
            id,
            reference: reference.to_owned(),
            address_id,
            profile: Vec::new(),
        });
    }

    /// `/private/{slug}`, with a number where the slug is taken.
    fn free_name(&self, local: &str) -> String {
        let slug: String = local
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let name = format!("/private/{slug}");
        let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.clone())
            .chain(numbered)
            .find(|candidate| self.by_name(candidate).is_none())
            .unwrap_or(name)
    }
}
