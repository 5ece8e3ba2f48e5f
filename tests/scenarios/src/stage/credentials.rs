//! Where credentials come from: the application's provider, and the record of an earlier page.

use serde_json::{Map, Value, json};
use signalwire_wasm::engine::auth::{Credential, embed};
use signalwire_wasm::engine::io::{Input, Source, Ticket};
use signalwire_wasm::engine::wire::Opaque;
use signalwire_wasm::engine::wire::json::Json;

use super::Stage;
use super::setup::Provider;

impl Stage {
    pub(super) fn authenticate(
        &mut self,
        ticket: Ticket,
        source: Source,
        fingerprint: Option<&str>,
    ) {
        self.browser.begin(ticket);
        let at_work = self.browser.fetching.intersection(&self.binding);
        assert_eq!(at_work.count(), 0, "two mechanisms at once");
        match source {
            Source::Stored(key) => {
                self.deed("restore");
                let record = self.storage.get(key);
                let record = record.and_then(|text| serde_json::from_str::<Value>(text).ok());
                let credential = record.map(|record| Credential::decode(&Json(&record)));
                self.provided(0, ticket, Ok(credential));
            }
            // A provider without refresh() is asked as for the first time.
            Source::Refresh if self.setup.config.has_refresh => {
                self.deed("refresh");
                let refresh = self.setup.refresh.clone();
                self.ask(ticket, refresh, None);
            }
            Source::Refresh | Source::Provider => {
                self.deed("authenticate");
                let provider = self.setup.provider.clone();
                self.ask(ticket, provider, fingerprint);
            }
        }
    }

    fn ask(&mut self, ticket: Ticket, provider: Provider, fingerprint: Option<&str>) {
        let after = self.setup.provider_takes;
        let credential = match provider {
            Provider::Hangs => return,
            Provider::Embed(token) => return self.exchange_embed(ticket, token),
            Provider::Rejects => {
                return self.provided(after, ticket, Err(Opaque::new("the application's error")));
            }
            Provider::Nothing => None,
            Provider::Text(text) => Some((Some(text.to_owned()), None)),
            Provider::Given { token, expiry_at } => Some((token, expiry_at)),
            Provider::Subscriber(reference) => Some((Some(self.sat(reference, None)), None)),
            Provider::Scoped {
                reference,
                seconds,
                forwards,
            } => {
                // A fixed SAT was made for this page's key before.
                let own = self.fingerprint();
                let fingerprint = match self.setup.config.wants_fingerprint {
                    true => fingerprint,
                    false => Some(own.as_str()),
                };
                let sat = self.scoped_sat(reference, seconds, fingerprint.filter(|_| forwards));
                Some((Some(sat), None))
            }
            Provider::Guest(names) => Some((Some(self.guest_sat(names)), None)),
            Provider::Invite(reference) => Some((Some(self.invite_sat(reference)), None)),
            Provider::Ending {
                reference,
                seconds,
                told,
            } => {
                let end = self.space_wall() + seconds * 1_000;
                let told = told.then_some(end);
                Some((Some(self.sat(reference, Some(seconds))), told))
            }
            Provider::Expired => {
                let past = self.page_wall().saturating_sub(1);
                Some((Some(self.sat("ada@example.test", None)), Some(past)))
            }
        };
        if let Some((Some(token), _)) = &credential {
            let (token, asked_at) = (token.clone(), self.now);
            self.in_page(after, move |stage| {
                // A renewal drops what comes later.
                let in_time = stage.now - asked_at < 30_000;
                let end = stage.issued.get(&token).copied().filter(|_| in_time);
                stage.sats.extend(end.map(|end| (token, end)));
            });
        }
        let credential = credential.map(|(token, expiry_at)| given(token, expiry_at));
        self.provided(after, ticket, Ok(credential));
    }

    fn provided(&mut self, after: u64, ticket: Ticket, result: Result<Option<Credential>, Opaque>) {
        self.result(after, ticket, move |_| Input::Authenticated {
            ticket,
            result,
        });
    }

    /// A SAT of the space for this subscriber, which lives two hours or so many seconds.
    pub fn sat(&mut self, reference: &str, seconds: Option<u64>) -> String {
        let mut body = json!({ "reference": reference });
        if let Some(seconds) = seconds {
            body["expire_at"] = json!(self.space_wall() / 1_000 + seconds);
        }
        let body = object(body);
        let issued = self.with_world(|world, cx| world.subscriber_token(&body, cx));
        self.noted(&issued.expect("a Subscriber SAT"), seconds.unwrap_or(7_200))
    }

    /// The token that was issued for so many seconds.
    fn noted(&mut self, issued: &Value, seconds: u64) -> String {
        let token = token_of(issued);
        let end = (self.space_wall() / 1_000 + seconds) * 1_000;
        self.issued.insert(token.clone(), end);
        token
    }

    /// A SAT with the scope `sat:refresh`, bound to the key of this thumbprint where one is given.
    pub fn scoped_sat(
        &mut self,
        reference: &str,
        seconds: Option<u64>,
        fingerprint: Option<&str>,
    ) -> String {
        let mut body = json!({ "reference": reference, "scope": "sat:refresh" });
        if let Some(seconds) = seconds {
            body["expire_at"] = json!(self.space_wall() / 1_000 + seconds);
        }
        if let Some(fingerprint) = fingerprint {
            body["fingerprint"] = json!(fingerprint);
        }
        let body = object(body);
        let issued = self.with_world(|world, cx| world.subscriber_token(&body, cx));
        let longest = if fingerprint.is_some() { 7_200 } else { 60 };
        let seconds = seconds.unwrap_or(7_200).min(longest);
        self.noted(&issued.expect("a scoped SAT"), seconds)
    }

    /// A SAT of a guest who may call the addresses of these names.
    fn guest_sat(&mut self, names: &[&str]) -> String {
        let directory = self.world.directory();
        let ids = names
            .iter()
            .map(|name| &directory.by_name(name).expect("a known name").id);
        let body = object(json!({ "allowed_addresses": ids.collect::<Vec<_>>() }));
        let issued = self.with_world(|world, cx| world.guest_token(&body, cx));
        token_of(&issued.expect("a Guest SAT"))
    }

    /// A SAT of somebody whom the subscriber invites.
    fn invite_sat(&mut self, reference: &str) -> String {
        let inviter = self.subscriber_id(reference);
        let subscriber = self.world.directory().subscriber(&inviter);
        let address = &subscriber.expect("a subscriber").address_id;
        let body = object(json!({ "address_id": address }));
        let issued = self.with_world(|world, cx| world.invite_by(&inviter, &body, cx));
        token_of(&issued.expect("an Invite SAT"))
    }

    /// The id of the subscriber whom the application knows by this reference.
    pub fn subscriber_id(&self, reference: &str) -> String {
        let mut all = self.world.directory().subscribers.iter();
        let found = all.find(|one| one.reference == reference);
        found.expect("a subscriber").id.clone()
    }

    /// What the embed provider does, with the engine's own request and its reading of the answer.
    fn exchange_embed(&mut self, ticket: Ticket, token: &str) {
        self.deed("exchange");
        self.browser.providing.insert(ticket);
        let request = embed::request("localhost:8080", token).expect("a valid host");
        self.exchange(request, move |stage, answer| {
            if stage.browser.providing.remove(&ticket) {
                stage.note_sat(&answer);
                let wall = stage.page_wall();
                let result = embed::outcome(answer, wall)
                    .map(|sat| Some(given(Some(sat.token), Some(sat.expiry_at))))
                    .map_err(Opaque::new);
                stage.provided(0, ticket, result);
            }
        });
    }
}

/// The object of a provider, as the engine reads it.
fn given(token: Option<String>, expiry_at: Option<u64>) -> Credential {
    Credential::decode(&Json(&json!({ "token": token, "expiry_at": expiry_at })))
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("an object: {other}"),
    }
}

fn token_of(issued: &Value) -> String {
    issued["token"].as_str().expect("a token").to_owned()
}
