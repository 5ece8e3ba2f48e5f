//! Where credentials come from: the application's provider, and the record of an earlier page.

use serde_json::{Value, json};
use signalwire_wasm::engine::auth::{Credential, embed};
use signalwire_wasm::engine::io::{Input, Source, Ticket};
use signalwire_wasm::engine::wire::Opaque;
use signalwire_wasm::engine::wire::json::Json;

use super::Stage;
use super::setup::Provider;

impl Stage {
    pub(super) fn authenticate(&mut self, ticket: Ticket, source: Source) {
        self.browser.begin(ticket);
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
                self.ask(ticket, refresh);
            }
            Source::Refresh | Source::Provider => {
                self.deed("authenticate");
                let provider = self.setup.provider.clone();
                self.ask(ticket, provider);
            }
        }
    }

    fn ask(&mut self, ticket: Ticket, provider: Provider) {
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
        let credential = credential.map(|(token, expiry_at)| Credential { token, expiry_at });
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
        let Value::Object(body) = body else {
            unreachable!()
        };
        let issued = self.with_world(|world, cx| world.subscriber_token(&body, cx));
        let issued = issued.unwrap_or_else(|_| panic!("a SAT for {reference}"));
        issued["token"].as_str().expect("a token").to_owned()
    }

    /// What the embed provider does, with the engine's own request and its reading of the answer.
    fn exchange_embed(&mut self, ticket: Ticket, token: &str) {
        self.deed("exchange");
        self.browser.providing.insert(ticket);
        let request = embed::request("localhost:8080", token).expect("a valid host");
        self.exchange(request, move |stage, answer| {
            if stage.browser.providing.remove(&ticket) {
                let wall = stage.page_wall();
                let result = embed::outcome(answer, wall).map(Some).map_err(Opaque::new);
                stage.provided(0, ticket, result);
            }
        });
    }
}
