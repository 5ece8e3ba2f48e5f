//! What the space and the browser say while a call lives (wire-protocol §5.4 – §5.8, §6.3).

use super::ending::{EndCode, EndReason};
use super::{Answer, Call, Status};
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{
    FetchFailure, HttpRequest, HttpResponse, Millis, Output, PeerState, Ticket, Value,
};
use crate::engine::rpc::{self, Purpose};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::Opaque;
use crate::engine::wire::call::{CallEvent, CallEventKind, Member};
use crate::engine::wire::rest::{self, Body, Expect};
use crate::engine::wire::verto::VertoEventKind;

/// How long a call that has had no media yet waits for its session: no space keeps one for longer.
const RECOVERY_LIMIT: Millis = 60_000;
/// Time limit of the address lookup.
const LOOKUP_LIMIT: Millis = 30_000;

impl Call {
    /// A verto message of the space about this call.
    pub fn verto(&mut self, kind: &VertoEventKind, turn: &mut Turn<'_, '_>) {
        match kind {
            // After our own hang-up only the far end's goodbye still says something.
            _ if self.is_ending() => {
                if matches!(kind, VertoEventKind::Bye { .. }) {
                    self.hung_up(turn);
                }
            }
            // The offer is theirs: there is nothing to be answered, and an invite that is repeated is known.
            VertoEventKind::Media { .. } | VertoEventKind::Answer { .. }
                if self.inbound.is_some() => {}
            VertoEventKind::Invite(_) => {}
            VertoEventKind::Media { sdp } => {
                self.was_invited();
                if !self.answered {
                    self.set_status(Status::Ringing, turn);
                }
                self.apply(sdp, turn);
            }
            VertoEventKind::Answer { sdp } => {
                self.was_invited();
                if !std::mem::replace(&mut self.answered, true) {
                    self.set_status(Status::Connecting, turn);
                }
                if let Some(sdp) = sdp {
                    self.apply(sdp, turn);
                }
                self.show_connected(turn);
            }
            VertoEventKind::Bye { cause, cause_code } => {
                self.known_to_space = false;
                let code = EndCode::of_bye(cause.as_deref(), *cause_code);
                let reason = EndReason {
                    code,
                    cause: cause.clone(),
                    cause_code: *cause_code,
                };
                self.set_status(Status::Disconnected, turn);
                let farewell = Failure::from(ErrorCode::RpcRefused)
                    .arg(cause.as_deref().unwrap_or("verto.bye"))
                    .arg(self.id())
                    .number(cause_code.unwrap_or_default());
                self.end(
                    reason,
                    Failure::from(ErrorCode::DialFailed).because(farewell),
                    turn,
                );
            }
            VertoEventKind::Ping => {
                let dialog = self.dialog.clone();
                turn.request(Purpose::Pong(self.entity), rpc::LIMIT, |id, inner| {
                    dialog.pong(id, inner)
                });
            }
            VertoEventKind::Other => {}
        }
    }

    /// The space spoke about the call: it knows it, even while its response is on the way.
    fn was_invited(&mut self) {
        self.known_to_space = true;
    }

    /// Sets the far end's answer. One answer is all there is: a repeated one changes nothing.
    fn apply(&mut self, sdp: &str, turn: &mut Turn<'_, '_>) {
        if self.answer != Answer::None {
            return;
        }
        let ticket = turn.ticket();
        self.answer = Answer::Applying(ticket);
        turn.emit(Output::ApplyAnswer {
            ticket,
            peer: self.peer,
            sdp: sdp.to_owned(),
        });
    }

    /// The answer is set, or was not usable.
    pub fn answer_applied(
        &mut self,
        ticket: Ticket,
        result: &Result<(), Opaque>,
        turn: &mut Turn<'_, '_>,
    ) {
        if self.answer != Answer::Applying(ticket) {
            return;
        }
        self.answer = Answer::Applied;
        if let Err(thrown) = result {
            let failure = Failure::from(ErrorCode::AnswerFailed).thrown(Some(thrown.clone()));
            self.fail(failure, turn);
        }
    }

    /// The peer connection changed its state.
    pub fn peer_changed(&mut self, state: PeerState, turn: &mut Turn<'_, '_>) {
        if self.is_ending() {
            return;
        }
        match state {
            PeerState::Connected => {
                self.peer_connected = true;
                self.show_connected(turn);
            }
            PeerState::Disconnected => {
                self.peer_connected = false;
                if self.status == Status::Connected {
                    self.set_status(Status::Disconnected, turn);
                }
            }
            PeerState::Failed => self.fail(ErrorCode::MediaConnectionFailed.into(), turn),
        }
    }

    /// `connected` needs both: an answer and packets (media §1.9).
    pub(super) fn show_connected(&mut self, turn: &mut Turn<'_, '_>) {
        if self.answered && self.peer_connected {
            self.set_status(Status::Connected, turn);
        }
    }

    /// The far end's stream has a track more.
    pub fn remote_track(&mut self, turn: &mut Turn<'_, '_>) {
        if !self.is_ending() {
            turn.patch(
                self.entity,
                Field::CallRemoteStream,
                Value::Stream(self.remote),
            );
        }
    }

    /// An event about this call or one of its members.
    pub fn event(&mut self, event: &CallEvent, turn: &mut Turn<'_, '_>) {
        if self.is_ending() {
            return;
        }
        match &event.kind {
            CallEventKind::Joined {
                member_id,
                capabilities,
                members,
            } => {
                self.was_invited();
                if let Some(room) = &event.room_session_id
                    && !self.is_in_room(room)
                {
                    self.rooms.push(room.clone());
                }
                self.joined(member_id, capabilities, members, turn);
            }
            CallEventKind::Member(member) => self.merge(member, turn),
            CallEventKind::MemberLeft { member_id } => {
                if self.dialog.member_id.as_ref() == Some(member_id) {
                    return;
                }
                if let Some(entity) = self.members.remove(member_id) {
                    self.settle_mutes(|member| member == entity, turn);
                    turn.emit(Output::End { entity });
                }
            }
            CallEventKind::Ringing => {
                if matches!(self.status, Status::New | Status::Trying) {
                    self.set_status(Status::Ringing, turn);
                }
            }
            CallEventKind::Other => {}
        }
    }

    /// The socket of the session is gone; the call goes on with its media until the session is back, or
    /// cannot be had back.
    pub fn interrupted(&mut self, turn: &mut Turn<'_, '_>) {
        if self.known_to_space && !self.is_ending() && self.recovering.is_none() {
            self.recovering = Some(turn.after(RECOVERY_LIMIT));
            self.recovery("recovering", "call_recovering", turn);
        }
    }

    /// Until when the session must be back. Once packets have flowed they decide for how long the call lives.
    pub(super) fn recovery_limit(&self) -> Option<Millis> {
        self.recovering.filter(|_| self.status < Status::Connected)
    }

    /// The session is back, and the call with it.
    pub fn resumed(&mut self, turn: &mut Turn<'_, '_>) {
        if self.recovering.take().is_some() {
            self.recovery("idle", "call_recovered", turn);
        }
    }

    pub(super) fn recovery(&self, state: &str, event: &str, turn: &mut Turn<'_, '_>) {
        let text = |text: &str| Value::Text(text.to_owned());
        turn.patch(self.entity, Field::CallRecoveryState, text(state));
        turn.patch(self.entity, Field::CallRecoveryEvent, text(event));
    }

    fn joined(
        &mut self,
        member_id: &str,
        capabilities: &[String],
        members: &[Member],
        turn: &mut Turn<'_, '_>,
    ) {
        if self.dialog.node_id.is_empty() {
            let own = members.iter().find(|member| member.member_id == member_id);
            if let Some(node_id) = own.and_then(|member| member.node_id.clone()) {
                self.learn_node(node_id, turn);
            }
        }
        self.learn_self(member_id.to_owned(), turn);
        turn.patch(
            self.entity,
            Field::CallCapabilities,
            Value::Texts(capabilities.to_vec()),
        );
        for member in members {
            self.merge(member, turn);
        }
    }

    /// Merges what is told of a member; an unknown member is a new one.
    fn merge(&mut self, member: &Member, turn: &mut Turn<'_, '_>) {
        let entity = match self.members.get(&member.member_id) {
            Some(entity) => entity,
            None => {
                let entity = turn.create(self.entity);
                self.members.insert(&member.member_id, entity);
                entity
            }
        };
        turn.emit(Output::Merge {
            entity,
            fields: member.fields.clone(),
        });
        if self.dialog.member_id.as_ref() == Some(&member.member_id) {
            self.own = Some(entity);
            turn.patch(self.entity, Field::CallSelf, Value::Entity(entity));
        }
    }

    /// Somebody asked for the address: looked up once, when there is a session to ask (`rest` is its
    /// base and SAT).
    pub fn find_address(&mut self, rest: Option<(&str, &str)>, turn: &mut Turn<'_, '_>) {
        let Some((base, token)) = rest else { return };
        if self.address_asked || self.is_ending() {
            return;
        }
        self.address_asked = true;
        let name = self
            .dialog
            .destination
            .split('?')
            .next()
            .unwrap_or_default();
        let ticket = turn.ticket();
        self.looking_up = Some(ticket);
        turn.emit(Output::Fetch {
            ticket,
            request: HttpRequest {
                url: String::from_iter([base, rest::ADDRESSES, "?name=", &percent_encoded(name)]),
                body: None,
                bearer: Some(token.to_owned()),
                timeout: LOOKUP_LIMIT,
                expect: Expect::Addresses,
            },
        });
    }

    /// The answer to the lookup: `undefined` where the directory has no such address.
    pub fn address_found(
        &mut self,
        ticket: Ticket,
        result: &Result<HttpResponse, FetchFailure>,
        turn: &mut Turn<'_, '_>,
    ) {
        if self.looking_up != Some(ticket) {
            return;
        }
        self.looking_up = None;
        let first = match result {
            Ok(HttpResponse {
                status: 200..=299,
                body: Some(Body::Addresses { first }),
                ..
            }) => first,
            // An address that cannot be looked up is not known; the call goes on without it (media §1.2).
            _ => &None,
        };
        let value = first.clone().map_or(Value::Nothing, Value::Opaque);
        turn.patch(self.entity, Field::CallAddress, value);
    }
}

/// Percent-encodes everything but the unreserved characters (RFC 3986 §2.3).
fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                out.push(digit.to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent_encoded;

    #[test]
    fn names_are_encoded_for_a_query() {
        assert_eq!(percent_encoded("/public/a b-ü"), "%2Fpublic%2Fa%20b-%C3%BC");
    }
}
