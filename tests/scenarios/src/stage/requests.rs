//! Requests over HTTP: on their way, answered by the space, or as a scene orders.

use signalwire_space::rest::{self, Request, Response};
use signalwire_wasm::engine::io::{FetchFailure, HttpRequest, HttpResponse, Input, Millis, Ticket};
use signalwire_wasm::engine::wire::Opaque;
use signalwire_wasm::engine::wire::json::Json;
use signalwire_wasm::engine::wire::rest::Body;

use super::Stage;
use super::setup::Reach;

/// What becomes of a request instead of what the space would do.
#[derive(Clone, Copy, Debug)]
pub enum HttpReply {
    /// This status, without a body.
    Status(u16),
    /// This status, and in how many seconds it may be tried again.
    Later(u16, u32),
    /// 200 with this text.
    Text(&'static str),
    /// 401 with this `DPoP-Nonce`.
    Challenge(&'static str),
    /// Nothing, and the space sees nothing of it.
    Silence,
    /// The space carries it out, and its answer is lost.
    Lost,
    /// The space's own answer, so much later.
    Slow(Millis),
}

/// Requests to this path fare so.
pub(super) struct Ordered {
    path: &'static str,
    reply: HttpReply,
    times: usize,
}

impl Stage {
    /// The next `times` requests whose path ends so fare so.
    pub fn answers(&mut self, path: &'static str, reply: HttpReply, times: usize) {
        self.network.ordered.push(Ordered { path, reply, times });
    }

    /// The space answers for itself again.
    pub fn answers_itself(&mut self) {
        self.network.ordered.clear();
    }

    fn ordered(&mut self, url: &str) -> Option<HttpReply> {
        let mut all = self.network.ordered.iter_mut();
        let met = all.find(|one| one.times > 0 && url.ends_with(one.path))?;
        met.times -= 1;
        Some(met.reply)
    }

    pub(super) fn fetch(&mut self, ticket: Ticket, request: HttpRequest) {
        self.browser.begin(ticket);
        self.browser.fetching.insert(ticket);
        if request.url.contains("/devices/") {
            self.binding.insert(ticket);
        }
        if let Some(body) = &request.body {
            let body = serde_json::from_str(body).expect("a body is JSON");
            let now = self.now;
            self.posted.push((now, body));
        }
        self.exchange(request, move |stage, result| {
            if stage.browser.fetching.remove(&ticket) {
                stage.browser.running.remove(&ticket);
                stage.note_sat(&result);
                stage.input(Input::Fetched { ticket, result });
            }
        });
    }

    /// The page was given a SAT by this answer.
    pub(super) fn note_sat(&mut self, result: &Result<HttpResponse, FetchFailure>) {
        if let Ok(HttpResponse {
            body: Some(Body::Token(issued)),
            ..
        }) = result
        {
            let end = issued.expires_at.map(|at| at * 1_000);
            let end = end.unwrap_or(self.space_wall() + 900_000);
            self.sats.insert(issued.token.clone(), end);
        }
    }

    pub(super) fn cancel_fetch(&mut self, ticket: Ticket) {
        // A proof that is being made cannot be called off: its result comes, and is nobody's.
        if self.browser.fetching.remove(&ticket) {
            self.browser.running.remove(&ticket);
        }
    }

    /// One HTTP exchange; `then` may be called with an answer and with the time-out, first one first.
    pub(super) fn exchange(
        &mut self,
        request: HttpRequest,
        then: impl Fn(&mut Stage, Result<HttpResponse, FetchFailure>) + Clone + 'static,
    ) {
        let latency = self.setup.latency;
        let reply = self.ordered(&request.url);
        let late = then.clone();
        self.in_page(request.timeout, move |stage| {
            late(stage, Err(FetchFailure::Timeout));
        });
        match self.setup.reach {
            Reach::Nowhere => {}
            Reach::Refused => self.in_page(latency, move |stage| {
                let thrown = Opaque::new("TypeError");
                then(stage, Err(FetchFailure::Network(thrown)));
            }),
            Reach::Up => self.outside(latency + self.setup.rest_takes, move |stage| {
                let response = match reply {
                    Some(HttpReply::Silence) => return,
                    Some(HttpReply::Lost) => {
                        stage.rest(&request);
                        return;
                    }
                    None | Some(HttpReply::Slow(_)) => stage.rest(&request),
                    Some(reply) => said(reply),
                };
                let more = match reply {
                    Some(HttpReply::Slow(more)) => more,
                    _ => 0,
                };
                let date = stage.space_wall() / 1_000 * 1_000;
                let expect = request.expect;
                stage.in_page(latency + more, move |stage| {
                    let body = serde_json::from_str(&response.body).ok();
                    let body = body.and_then(|body| Body::decode(expect, &Json(&body)));
                    let retry_after = response.header("Retry-After");
                    let answer = HttpResponse {
                        status: response.status,
                        status_text: String::new(),
                        retry_after: retry_after.and_then(|text| text.parse().ok()),
                        date: Some(date).filter(|_| stage.setup.tells_date),
                        nonce: response.header("DPoP-Nonce").map(str::to_owned),
                        body: body.filter(|_| response.status < 300),
                    };
                    then(stage, Ok(answer));
                });
            }),
        }
    }

    fn rest(&mut self, request: &HttpRequest) -> Response {
        let (base, rest) = request
            .url
            .split_at(request.url.find("/api/").expect("a path"));
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if path == "/api/fabric/subscriber/info"
            && let Some(status) = self.setup.who_am_i.pop_front()
        {
            return Response::empty(status);
        }
        let asked = Request {
            method: if request.body.is_some() {
                "POST"
            } else {
                "GET"
            }
            .to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            base: base.to_owned(),
            authorization: request.bearer.as_ref().map(|sat| format!("Bearer {sat}")),
            body: request.body.clone().unwrap_or_default().into_bytes(),
            ..Request::default()
        };
        self.with_world(|world, cx| rest::answer(world, &asked, cx))
    }
}

fn said(reply: HttpReply) -> Response {
    match reply {
        HttpReply::Status(status) => Response::empty(status),
        HttpReply::Later(status, seconds) => {
            Response::empty(status).with("Retry-After", &seconds.to_string())
        }
        HttpReply::Text(text) => Response {
            body: text.to_owned(),
            ..Response::empty(200)
        },
        HttpReply::Challenge(nonce) => Response::empty(401).with("DPoP-Nonce", nonce),
        HttpReply::Silence | HttpReply::Lost | HttpReply::Slow(_) => {
            panic!("the space has the word")
        }
    }
}
