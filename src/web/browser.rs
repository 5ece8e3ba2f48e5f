//! Everything that one client has open in the browser, and the way from an output to its room.

use wasm_bindgen::JsValue;

use super::batch::Batch;
use super::capture::Streams;
use super::driver::Enter;
use super::fetch::Requests;
use super::host;
use super::keys::Keys;
use super::lifecycle::Lifecycle;
use super::peer::Peers;
use super::reader::Object;
use super::socket::Sockets;
use crate::engine::auth::Credential;
use crate::engine::io::{Input, Output, Source, StoreChange, StreamId, Ticket, Value};
use crate::engine::wire::Opaque;

pub struct Browser {
    facade: JsValue,
    enter: Enter,
    keys: Keys,
    batch: Batch,
    sockets: Sockets,
    requests: Requests,
    streams: Streams,
    peers: Peers,
    _lifecycle: Lifecycle,
}

impl Browser {
    pub fn new(facade: JsValue, enter: Enter) -> Self {
        Self {
            keys: Keys::new(facade.clone(), enter.clone()),
            facade,
            batch: Batch::new(),
            sockets: Sockets::new(enter.clone()),
            requests: Requests::new(enter.clone()),
            streams: Streams::new(enter.clone()),
            peers: Peers::new(enter.clone()),
            _lifecycle: Lifecycle::new(enter.clone()),
            enter,
        }
    }

    /// Carries out one output. Nothing of the driver is borrowed: the application's code may run in here.
    pub fn execute(&self, output: Output) {
        match output {
            Output::Authenticate {
                ticket,
                source,
                fingerprint,
            } => self.authenticate(ticket, source, fingerprint),
            Output::EnsureKey { ticket, create } => self.keys.ensure(ticket, create),
            Output::SignProof { ticket, claims } => self.keys.sign(ticket, claims),
            Output::Store { key, change } => match change {
                StoreChange::Write(text) => host::store(&self.facade, key, &text, false),
                StoreChange::RemoveOwn(text) => host::store(&self.facade, key, &text, true),
            },
            Output::Fetch { ticket, request } => self.requests.start(ticket, request),
            Output::CancelFetch { ticket } => self.requests.cancel(ticket),
            Output::OpenSocket { socket, url } => self.sockets.open(socket, &url),
            Output::Send { socket, text } => self.sockets.send(socket, &text),
            Output::CloseSocket { socket, again } => self.sockets.close(socket, again),
            Output::AcquireMedia {
                ticket,
                stream,
                audio,
                video,
            } => self.streams.acquire(ticket, stream, &audio, &video),
            Output::AdoptStreams { stream, given } => self.streams.adopt(stream, &given),
            Output::StopTracks { stream, kind } => {
                self.streams
                    .stop_tracks(stream, kind, self.peers.connections())
            }
            Output::RestoreTrack {
                ticket,
                peer,
                stream,
                kind,
                constraint,
            } => {
                self.streams.restore(
                    ticket,
                    &self.peers.connection(peer),
                    stream,
                    kind,
                    &constraint,
                );
            }
            Output::ReleaseStream { stream } => self.streams.release(stream),
            Output::CreatePeer { peer, remote } => {
                let stream = self.streams.remote(remote);
                self.peers.create(peer, &stream);
            }
            Output::MakeOffer {
                ticket,
                peer,
                local,
                audio,
                video,
                servers,
                relay_only,
            } => {
                let local = self.local(local);
                let settings = (servers.as_slice(), relay_only);
                self.peers
                    .describe(ticket, peer, None, &local, (audio, video), settings);
            }
            Output::MakeAnswer {
                ticket,
                peer,
                offer,
                local,
                audio,
                video,
                servers,
                relay_only,
            } => {
                let local = self.local(local);
                let settings = (servers.as_slice(), relay_only);
                self.peers
                    .describe(ticket, peer, Some(offer), &local, (audio, video), settings);
            }
            Output::ReadDescription { ticket, peer } => self.peers.read_description(ticket, peer),
            Output::ApplyAnswer { ticket, peer, sdp } => self.peers.answer(ticket, peer, &sdp),
            Output::ClosePeer { peer } => self.peers.close(peer),
            Output::Create { entity, parent } => self.batch.create(entity, parent),
            Output::Patch {
                entity,
                field,
                value,
            } => self.batch.patch(entity, field, self.live(&value), &value),
            Output::Merge { entity, fields } => self.batch.merge(entity, &fields),
            Output::End { entity } => self.batch.end(entity),
            Output::Settle { reply, result } => match &result {
                Ok(value) => self.batch.resolve(reply, self.live(value), value),
                Err(failure) => self.batch.reject(reply, failure),
            },
        }
    }

    /// Hands over what has been put into the batch since the last time.
    pub fn deliver(&self) {
        self.batch.deliver(&self.facade);
    }

    /// The stream that is sent, or undefined.
    fn local(&self, stream: Option<StreamId>) -> JsValue {
        stream.map_or(JsValue::UNDEFINED, |stream| self.streams.stream(stream))
    }

    /// The browser object that a value names.
    fn live(&self, value: &Value) -> Option<JsValue> {
        match value {
            Value::Stream(stream) => Some(self.streams.stream(*stream)),
            Value::Peer(peer) => Some(self.peers.connection(*peer)),
            _ => None,
        }
    }

    fn authenticate(&self, ticket: Ticket, source: Source, fingerprint: Option<String>) {
        let enter = self.enter.clone();
        let settled = host::settled(Box::new(move |settled| {
            let result = match settled.code {
                0 => Err(Opaque::new(settled.value)),
                _ if settled.value.is_object() => {
                    Ok(Some(Credential::decode(&Object(settled.value))))
                }
                _ => Ok(None),
            };
            enter(Input::Authenticated { ticket, result });
        }));
        let (source, text) = match source {
            Source::Provider => (0, fingerprint),
            Source::Refresh => (1, fingerprint),
            Source::Stored(key) => (2, Some(key.to_owned())),
        };
        host::authenticate(&self.facade, source, text, settled);
    }
}
