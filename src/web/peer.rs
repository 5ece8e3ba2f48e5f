//! Peer connections.

use std::rc::Rc;

use wasm_bindgen::JsValue;

use super::driver::Enter;
use super::held::Slots;
use super::host::{self, Events};
use crate::engine::io::{CandidateType, Direction, Input, PeerId, PeerState, Ticket};
use crate::engine::wire::Opaque;
use crate::engine::wire::session::IceServer;

/// A connection, or what the browser threw instead of making one.
struct Peer {
    connection: Result<JsValue, JsValue>,
    _events: Events,
}

impl Drop for Peer {
    fn drop(&mut self) {
        if let Ok(connection) = &self.connection {
            host::close(connection);
        }
    }
}

pub struct Peers {
    enter: Enter,
    live: Slots<Peer>,
}

impl Peers {
    pub fn new(enter: Enter) -> Self {
        Self {
            enter,
            live: Slots::new(),
        }
    }

    pub fn create(&self, id: PeerId, remote: &JsValue) {
        let enter = Rc::clone(&self.enter);
        let events = Events::new(move |what, number, _: JsValue| {
            if let Some(input) = event(id, what, number) {
                enter(input);
            }
        });
        let connection = host::peer(remote, &events);
        self.live.reserve(id.0);
        drop(self.live.fill(
            id.0,
            Peer {
                connection,
                _events: events,
            },
        ));
    }

    /// Makes an offer, or the answer to `offer`, and sets it.
    pub fn describe(
        &self,
        ticket: Ticket,
        id: PeerId,
        offer: Option<String>,
        local: &JsValue,
        (audio, video): (Option<Direction>, Option<Direction>),
        (servers, relay_only): (&[IceServer], bool),
    ) {
        let enter = Rc::clone(&self.enter);
        let made = move |result| enter(Input::OfferMade { ticket, result });
        let connection = match self.get(id) {
            Ok(connection) => connection,
            Err(thrown) => return made(Err(Opaque::new(thrown))),
        };
        let list = host::batch();
        for server in servers {
            host::add_server(
                &list,
                server.urls.clone(),
                server.username.clone(),
                server.credential.clone(),
            );
        }
        let settled = host::settled(Box::new(move |settled| {
            made(if settled.code == 0 {
                Err(Opaque::new(settled.value))
            } else {
                Ok(settled.number)
            });
        }));
        host::describe(
            &connection,
            offer,
            local,
            bits(audio),
            bits(video),
            &list,
            relay_only,
            settled,
        );
    }

    pub fn read_description(&self, ticket: Ticket, id: PeerId) {
        let sdp = self
            .get(id)
            .ok()
            .and_then(|connection| host::description(&connection));
        (self.enter)(Input::Description { ticket, sdp });
    }

    pub fn answer(&self, ticket: Ticket, id: PeerId, sdp: &str) {
        let enter = Rc::clone(&self.enter);
        let applied = move |result| enter(Input::AnswerApplied { ticket, result });
        match self.get(id) {
            Ok(connection) => {
                let settled = host::settled(Box::new(move |settled| {
                    applied(if settled.code == 0 {
                        Err(Opaque::new(settled.value))
                    } else {
                        Ok(())
                    });
                }));
                host::answer(&connection, sdp, settled);
            }
            Err(thrown) => applied(Err(Opaque::new(thrown))),
        }
    }

    pub fn close(&self, id: PeerId) {
        drop(self.live.release(id.0));
    }

    /// The RTCPeerConnection, or undefined.
    pub fn connection(&self, id: PeerId) -> JsValue {
        self.get(id).unwrap_or_default()
    }

    /// Every RTCPeerConnection.
    pub fn connections(&self) -> Vec<JsValue> {
        self.live
            .each(|peer| peer.connection.clone().ok())
            .into_iter()
            .flatten()
            .collect()
    }

    fn get(&self, id: PeerId) -> Result<JsValue, JsValue> {
        self.live
            .with(id.0, |peer| peer.connection.clone())
            .unwrap_or(Err(JsValue::UNDEFINED))
    }
}

/// What `js/wasm/host/media.ts` reports.
fn event(peer: PeerId, what: u32, number: u32) -> Option<Input> {
    let candidate = |candidate| Input::Candidate {
        peer,
        candidate,
        transport: number,
    };
    let changed = |state| Input::PeerChanged { peer, state };
    Some(match what {
        0 => candidate(CandidateType::Host),
        1 => candidate(CandidateType::Routed),
        2 => candidate(CandidateType::Relay),
        3 => Input::Gathered { peer },
        4 => changed(PeerState::Connected),
        5 => changed(PeerState::Disconnected),
        6 => changed(PeerState::Failed),
        7 => Input::RemoteTrack { peer },
        _ => return None,
    })
}

fn bits(direction: Option<Direction>) -> i32 {
    direction.map_or(-1, |direction| {
        i32::from(direction.send) + 2 * i32::from(direction.receive)
    })
}
