//! Requests that wait for their responses (wire-protocol §2.4).
//!
//! A request is sent at once when the session is authenticated. Else it waits, at most as long as its
//! time limit, and leaves in order once the session is there again: never before `signalwire.connect`
//! (quirk 2), never after its caller has given up.

use super::error::{ErrorCode, Failure};
use super::io::{Entity, Kind, Millis, Output, SocketId};

/// Time limit of a request that has none of its own.
pub const LIMIT: Millis = 5_000;

/// Why a request was sent, and so who gets the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// `verto.invite` of a call.
    Invite(Entity),
    /// `verto.bye` of a call.
    Bye(Entity),
    /// `call.mute` or `call.unmute` of a member.
    Mute(Entity, Kind),
    /// `verto.pong` of a call.
    Pong(Entity),
    /// `verto.answer` of an inbound call.
    Answer(Entity),
    /// A step of the registration.
    Register,
    /// `signalwire.reauthenticate` with a renewed credential.
    Renew,
    /// A question that proves the socket, and the registration with it where it `verifies`.
    Probe {
        /// It is `subscriber.online`.
        verifies: bool,
    },
}

#[derive(Debug)]
struct Pending {
    id: String,
    purpose: Purpose,
    limit: Millis,
    deadline: Millis,
    text: String,
    /// When it left.
    sent: Option<Millis>,
}

impl Pending {
    fn is_goodbye(&self) -> bool {
        matches!(self.purpose, Purpose::Bye(_))
    }

    /// Is it said again on the next socket when its answer did not come? A space knows it by its id.
    fn is_repeated(&self) -> bool {
        matches!(self.purpose, Purpose::Bye(_) | Purpose::Answer(_))
    }

    /// Does it concern the socket in use alone?
    fn is_of_the_socket(&self) -> bool {
        matches!(
            self.purpose,
            Purpose::Register | Purpose::Renew | Purpose::Probe { .. }
        )
    }
}

/// The pending requests of a client.
#[derive(Debug, Default)]
pub struct Rpc {
    socket: Option<SocketId>,
    pending: Vec<Pending>,
    /// Goodbyes that nobody waits for any more and that the space has not heard: a far end would ring on.
    goodbyes: Vec<String>,
}

impl Rpc {
    /// The socket of the authenticated session, while there is one.
    pub fn socket(&self) -> Option<SocketId> {
        self.socket
    }

    /// Remembers a request; the output that sends it, when it can be sent now.
    pub fn add(
        &mut self,
        id: String,
        purpose: Purpose,
        limit: Millis,
        deadline: Millis,
        text: String,
    ) -> Option<Output> {
        let send = self.socket.map(|socket| Output::Send {
            socket,
            text: text.clone(),
        });
        self.pending.push(Pending {
            id,
            purpose,
            limit,
            deadline,
            text,
            sent: send.as_ref().map(|_| deadline.saturating_sub(limit)),
        });
        send
    }

    /// The session is authenticated on this socket: what waited is sent.
    pub fn attach(&mut self, socket: SocketId, now: Millis, out: &mut Vec<Output>) {
        self.socket = Some(socket);
        let late = self.goodbyes.drain(..);
        out.extend(late.map(|text| Output::Send { socket, text }));
        for pending in self
            .pending
            .iter_mut()
            .filter(|pending| pending.sent.is_none())
        {
            pending.sent = Some(now);
            let text = pending.text.clone();
            out.push(Output::Send { socket, text });
        }
    }

    /// The socket is gone. Responses may still come on the socket of a resumed session. A goodbye without
    /// one is said again there, under its id, by which a space knows it (wire-protocol §10.3, 4).
    pub fn detach(&mut self) {
        self.socket = None;
        self.pending.retain(|pending| !pending.is_of_the_socket());
        for pending in self.pending.iter_mut().filter(|one| one.is_repeated()) {
            pending.sent = None;
        }
    }

    /// Takes out the request with this id.
    pub fn take(&mut self, id: &str) -> Option<Purpose> {
        let index = self.pending.iter().position(|pending| pending.id == id)?;
        Some(self.pending.remove(index).purpose)
    }

    /// Takes out one request whose time is over at `now`, with its failure, and when it left.
    pub fn take_expired(&mut self, now: Millis) -> Option<(Purpose, Failure, Option<Millis>)> {
        let index = self
            .pending
            .iter()
            .position(|pending| pending.deadline <= now)?;
        let late = self.pending.remove(index);
        if late.is_goodbye() {
            self.goodbyes.push(late.text);
        }
        let failure = Failure::from(ErrorCode::RpcTimeout)
            .arg(late.id)
            .count(late.limit);
        Some((late.purpose, failure, late.sent))
    }

    /// Forgets the requests that `over` names; their responses will be ignored.
    pub fn forget(&mut self, over: impl Fn(Purpose) -> bool) {
        self.pending.retain(|pending| !over(pending.purpose));
    }

    /// Forgets what concerns an earlier session: what it was asked, and the goodbyes to its calls.
    pub fn forget_session(&mut self) {
        self.goodbyes.clear();
        self.pending
            .retain(|pending| pending.sent.is_none() && !pending.is_repeated());
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Does a request for this purpose still wait for its response?
    pub fn is_pending(&self, purpose: Purpose) -> bool {
        self.pending
            .iter()
            .any(|pending| pending.purpose == purpose)
    }

    /// Forgets a request that was not sent yet; false where it was sent, or there is none.
    pub fn take_back(&mut self, purpose: Purpose) -> bool {
        let before = self.pending.len();
        self.pending
            .retain(|pending| pending.purpose != purpose || pending.sent.is_some());
        self.pending.len() < before
    }

    /// When the next request runs out of time.
    pub fn deadline(&self) -> Option<Millis> {
        self.pending.iter().map(|pending| pending.deadline).min()
    }
}
