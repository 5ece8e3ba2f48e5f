//! One call: from the click to its end.
//!
//! * [`options`]: what is sent and received
//! * [`dial`]: media and peer connection, the offer, the invite and its answer
//! * [`incoming`]: a call from outside, answered or rejected
//! * [`gathering`]: when the offer leaves
//! * [`dialogue`]: what the space says during the call
//! * [`members`]: who is in it; [`mute`]: mute and unmute
//! * [`ending`]: why it is over; [`ended`]: which ones are

pub mod dial;
pub mod dialogue;
pub mod ended;
pub mod ending;
pub mod gathering;
pub mod incoming;
pub mod members;
pub mod mute;
pub mod options;

pub use options::{DialOptions, MediaPlan};

use super::error::{Cause, ErrorCode, Failure};
use super::io::{Entity, Kind, Millis, Output, PeerId, Reply, StreamId, Ticket, Tracks, Value};
use super::rpc::{self, Purpose};
use super::state::Field;
use super::turn::Turn;
use super::wire::call::SelfMember;
use super::wire::verto::Dialog;
use ending::{EndCode, EndReason};
use gathering::Gathering;
use incoming::Inbound;
use members::Members;
use mute::Mute;

/// `call.status` (wire-protocol §8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum Status {
    /// The object exists.
    New,
    /// The space has created the call.
    Trying,
    /// Early media.
    Ringing,
    /// Answered; media on its way.
    Connecting,
    /// Packets flow.
    Connected,
    /// Packets are missing, or the far end hung up.
    Disconnected,
    /// Hung up here.
    Disconnecting,
    /// A fatal error.
    Failed,
    /// Over.
    Destroyed,
}

impl Status {
    fn text(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Trying => "trying",
            Self::Ringing => "ringing",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Disconnected => "disconnected",
            Self::Disconnecting => "disconnecting",
            Self::Failed => "failed",
            Self::Destroyed => "destroyed",
        }
    }
}

/// The local stream.
#[derive(Debug, PartialEq)]
enum Local {
    /// Not asked for yet.
    Idle,
    /// The browser, or its user, is being asked.
    Acquiring(Ticket),
    /// There, with these kinds.
    Ready(Tracks),
    /// Receive-only.
    None,
}

/// The offer and its answer.
#[derive(Debug, PartialEq)]
enum Offer {
    /// Waits for media and session.
    Waiting,
    /// The browser makes it.
    Making(Ticket),
    /// Candidates come in; the rule decides.
    Gathering,
    /// Its text is being read.
    Reading(Ticket),
    /// The invite is sent.
    Sent,
}

/// The far end's answer.
#[derive(Debug, PartialEq)]
enum Answer {
    None,
    Applying(Ticket),
    Applied,
}

/// Everything that is known of one call.
#[derive(Debug)]
pub struct Call {
    /// Its number in the store.
    pub entity: Entity,
    dialog: Dialog,
    node_hint: String,
    plan: MediaPlan,
    relay_only: bool,
    status: Status,
    /// The promise of `dial()`, until it is settled.
    dial: Option<Reply>,
    /// When the invite must have led to a call.
    invite_limit: Option<Millis>,
    prepared: bool,
    local: Local,
    stream: StreamId,
    peer: PeerId,
    remote: StreamId,
    offer: Offer,
    gathering: Gathering,
    answer: Answer,
    /// `verto.answer` has come.
    answered: bool,
    peer_connected: bool,
    /// The space has, or may have, the call: it wants a bye.
    known_to_space: bool,
    /// Of a call that comes in.
    inbound: Option<Inbound>,
    /// The session was lost under the call, and is being looked for; until when a call without media waits.
    recovering: Option<Millis>,
    members: Members,
    own: Option<Entity>,
    rooms: Vec<String>,
    mutes: Vec<Mute>,
    stopped: Vec<Kind>,
    hangups: Vec<Reply>,
    looking_up: Option<Ticket>,
    address_asked: bool,
}

impl Call {
    /// Is the call over, so that it can be forgotten?
    pub fn is_over(&self) -> bool {
        self.status == Status::Destroyed
    }

    /// Did it come from outside?
    pub fn is_inbound(&self) -> bool {
        self.inbound.is_some()
    }

    /// The promise of `dial()`, while it waits.
    pub fn waiting_dial(&self) -> Option<Reply> {
        self.dial
    }

    /// The call's id on the wire.
    pub fn id(&self) -> &str {
        &self.dialog.call_id
    }

    /// The space has forgotten the session: a call that it knew is lost. One whose invite is pending
    /// now was never known: what an earlier session was asked has been forgotten.
    pub fn session_lost(&mut self, turn: &mut Turn<'_, '_>) {
        let invited_anew = turn.rpc.is_pending(Purpose::Invite(self.entity));
        let was_known = self.inbound.is_some() || (self.offer == Offer::Sent && !invited_anew);
        if !was_known {
            return;
        }
        if self.status == Status::Disconnecting {
            self.hung_up(turn);
        } else {
            self.known_to_space = false;
            self.fail(ErrorCode::SessionLost.into(), turn);
        }
    }

    /// Is an event with this room session about this call?
    pub fn is_in_room(&self, room_session_id: &str) -> bool {
        self.rooms.iter().any(|room| room == room_session_id)
    }

    /// The peer connection.
    pub fn peer(&self) -> PeerId {
        self.peer
    }

    /// Is this one of its members?
    pub fn has_member(&self, member: Entity) -> bool {
        self.members.has(member)
    }

    fn set_status(&mut self, status: Status, turn: &mut Turn<'_, '_>) {
        if self.status != status && self.status != Status::Destroyed {
            self.status = status;
            turn.patch(
                self.entity,
                Field::CallStatus,
                Value::Text(status.text().to_owned()),
            );
        }
    }

    fn is_ending(&self) -> bool {
        matches!(
            self.status,
            Status::Disconnecting | Status::Failed | Status::Destroyed
        )
    }

    /// A non-fatal error for `call.errors$`.
    fn report(&self, failure: Failure, turn: &mut Turn<'_, '_>) {
        let kind = ending::kind_of(&failure);
        let error = Value::CallError {
            kind,
            fatal: false,
            failure,
        };
        turn.patch(self.entity, Field::CallErrors, error);
    }

    /// A fatal error: told on `errors$`, then the call ends. `dial()` rejects with it as the cause.
    pub fn fail(&mut self, mut failure: Failure, turn: &mut Turn<'_, '_>) {
        if self.is_ending() {
            return;
        }
        if failure.code.class() == "MediaAccessError" {
            failure.fatal = true;
        }
        let kind = ending::kind_of(&failure);
        let error = Value::CallError {
            kind,
            fatal: true,
            failure: failure.clone(),
        };
        turn.patch(self.entity, Field::CallErrors, error);
        self.bye(None, turn);
        self.set_status(Status::Failed, turn);
        let reason = EndReason::from(EndCode::of_failure(&failure));
        self.end(reason, Self::refusal(failure), turn);
    }

    /// What `dial()` rejects with when `failure` ends the call.
    fn refusal(failure: Failure) -> Failure {
        let code = match (failure.code, failure.number) {
            (ErrorCode::RpcRefused, ending::FORBIDDEN) => ErrorCode::DialForbidden,
            (ErrorCode::RpcRefused, ending::NOT_FOUND) => ErrorCode::DialUnknown,
            _ => ErrorCode::DialFailed,
        };
        Failure::from(code).because(failure)
    }

    /// `hangup()`.
    pub fn hangup(&mut self, reply: Option<Reply>, turn: &mut Turn<'_, '_>) {
        self.hangups.extend(reply);
        if self.rings() {
            self.reject(turn);
            return;
        }
        if self.is_ending() {
            return;
        }
        self.set_status(Status::Disconnecting, turn);
        self.settle_mutes(|_| true, turn);
        let awaited = self.bye(None, turn);
        self.release(turn);
        if !awaited {
            self.hung_up(turn);
        }
    }

    /// The response to our bye, or none in time: the call is over either way.
    pub fn hung_up(&mut self, turn: &mut Turn<'_, '_>) {
        if self.status != Status::Disconnecting {
            return;
        }
        self.set_status(Status::Disconnected, turn);
        let code = self.given_up();
        self.end(
            code.into(),
            Failure::from(ErrorCode::DialFailed).because(ErrorCode::CallEnded.into()),
            turn,
        );
    }

    /// Over at once. Says goodbye where the space may know the call; waits for nothing.
    pub fn stop(&mut self, code: EndCode, why: Failure, turn: &mut Turn<'_, '_>) {
        self.bye(None, turn);
        self.end(code.into(), why, turn);
    }

    /// `call.destroy()`: over without signalling.
    pub fn destroy(&mut self, turn: &mut Turn<'_, '_>) {
        let code = self.given_up();
        self.end(code.into(), ErrorCode::CallEnded.into(), turn);
    }

    /// The end code of a call that the client gives up.
    pub fn given_up(&self) -> EndCode {
        if self.answered {
            EndCode::Normal
        } else {
            EndCode::Cancelled
        }
    }

    /// Sends a bye where the space may know the call; true when its response is worth waiting for.
    fn bye(&mut self, cause: Option<(&str, &str)>, turn: &mut Turn<'_, '_>) -> bool {
        let never_left = turn.rpc.take_back(Purpose::Invite(self.entity));
        if !std::mem::take(&mut self.known_to_space) || never_left {
            return false;
        }
        let dialog = self.dialog.clone();
        turn.request(Purpose::Bye(self.entity), rpc::LIMIT, |id, inner| {
            dialog.bye(id, inner, cause)
        });
        true
    }

    /// Gives back the devices and closes the peer connection.
    fn release(&mut self, turn: &mut Turn<'_, '_>) {
        if !std::mem::take(&mut self.prepared) {
            return;
        }
        turn.emit(Output::ReleaseStream {
            stream: self.stream,
        });
        turn.emit(Output::ClosePeer { peer: self.peer });
        turn.emit(Output::ReleaseStream {
            stream: self.remote,
        });
        turn.patch(self.entity, Field::CallPeer, Value::Nothing);
    }

    fn end(&mut self, reason: EndReason, why: Failure, turn: &mut Turn<'_, '_>) {
        if self.status == Status::Destroyed {
            return;
        }
        self.release(turn);
        if let Some(ticket) = self.looking_up.take() {
            turn.emit(Output::CancelFetch { ticket });
        }
        let entity = self.entity;
        turn.rpc.forget(|purpose| match purpose {
            Purpose::Invite(call) | Purpose::Answer(call) | Purpose::Pong(call) => call == entity,
            Purpose::Bye(_) | Purpose::Register | Purpose::Renew | Purpose::Probe { .. } => false,
            Purpose::Mute(member, _) => self.members.has(member),
        });
        let gave_way = matches!(
            reason.code,
            EndCode::Network | EndCode::Expired | EndCode::Forbidden
        );
        if self.recovering.take().is_some() {
            match gave_way {
                true => self.recovery("idle", "call_recovery_failed", turn),
                false => turn.patch(
                    entity,
                    Field::CallRecoveryState,
                    Value::Text("idle".to_owned()),
                ),
            }
        }
        turn.patch(entity, Field::CallEndReason, reason.into());
        self.set_status(Status::Destroyed, turn);
        self.settle_mutes(|_| true, turn);
        for entity in self.members.entities() {
            turn.emit(Output::End { entity });
        }
        turn.emit(Output::End { entity });
        if let Some(reply) = self.dial.take() {
            if why.code.class() == "CallCreateError" {
                turn.client_error(why.clone());
            }
            turn.settle(reply, Err(why));
        }
        for reply in std::mem::take(&mut self.hangups) {
            turn.settle(reply, Ok(Value::Nothing));
        }
    }

    /// `mute()`, `unmute()` and their video twins, of the own or another member.
    pub fn mute(
        &mut self,
        reply: Reply,
        member: Entity,
        kind: Kind,
        muted: bool,
        turn: &mut Turn<'_, '_>,
    ) {
        if self.is_ending() {
            turn.settle(reply, Err(ErrorCode::CallEnded.into()));
            return;
        }
        let index = self
            .mutes
            .iter()
            .position(|m| m.member == member && m.kind == kind);
        let index = index.unwrap_or_else(|| {
            self.mutes.push(Mute::new(member, kind));
            self.mutes.len().saturating_sub(1)
        });
        let now = self
            .mutes
            .get_mut(index)
            .is_some_and(|mute| mute.wish(muted, reply));
        if now {
            self.start_mute(index, muted, vec![reply], turn);
        }
    }

    fn start_mute(
        &mut self,
        index: usize,
        muted: bool,
        replies: Vec<Reply>,
        turn: &mut Turn<'_, '_>,
    ) {
        let Some(mute) = self.mutes.get(index) else {
            return;
        };
        let (member, kind) = (mute.member, mute.kind);
        let target = self.members.id_of(member).map(str::to_owned);
        let Some(target) = target else { return };
        let own = self.self_member();
        turn.request(Purpose::Mute(member, kind), rpc::LIMIT, |id, _| {
            own.mute(id, muted, kind.text(), &target)
        });
        let restoring = self.follow(member, kind, muted, turn);
        if let Some(mute) = self.mutes.get_mut(index) {
            mute.start(replies, restoring);
        }
    }

    /// Stops or restores the own device; the ticket of the restoration.
    fn follow(
        &mut self,
        member: Entity,
        kind: Kind,
        muted: bool,
        turn: &mut Turn<'_, '_>,
    ) -> Option<Ticket> {
        if self.own != Some(member) {
            return None;
        }
        let sends = match (&self.local, kind) {
            (Local::Ready(tracks), Kind::Audio) => tracks.audio,
            (Local::Ready(tracks), Kind::Video) => tracks.video,
            _ => false,
        };
        let was_stopped = self.stopped.contains(&kind);
        if muted && sends && !was_stopped {
            self.stopped.push(kind);
            turn.emit(Output::StopTracks {
                stream: self.stream,
                kind,
            });
            turn.patch(
                self.entity,
                Field::CallLocalStream,
                Value::Stream(self.stream),
            );
        }
        if muted || !was_stopped {
            return None;
        }
        let ticket = turn.ticket();
        let constraint = match kind {
            Kind::Audio => self.plan.audio.clone(),
            Kind::Video => self.plan.video.clone(),
        };
        turn.emit(Output::RestoreTrack {
            ticket,
            peer: self.peer,
            stream: self.stream,
            kind,
            constraint,
        });
        Some(ticket)
    }

    /// The space answered a mute, or did not in time.
    pub fn mute_answered(
        &mut self,
        member: Entity,
        kind: Kind,
        result: Result<(), Failure>,
        turn: &mut Turn<'_, '_>,
    ) {
        if let Some(index) = self
            .mutes
            .iter()
            .position(|m| m.member == member && m.kind == kind)
        {
            if let Some(mute) = self.mutes.get_mut(index) {
                mute.answered(result);
            }
            self.advance_mute(index, turn);
        }
    }

    /// The device is back, or could not be had.
    pub fn track_restored(
        &mut self,
        ticket: Ticket,
        result: &Result<(), super::io::MediaFailure>,
        turn: &mut Turn<'_, '_>,
    ) {
        let found = self.mutes.iter_mut().enumerate().find_map(|(index, mute)| {
            let outcome = result.as_ref().copied().map_err(|failure| {
                Failure::from(ErrorCode::Thrown).thrown(Some(failure.thrown.clone()))
            });
            mute.restored(ticket, outcome).then_some((index, mute.kind))
        });
        let Some((index, kind)) = found else { return };
        match result {
            Ok(()) => {
                self.stopped.retain(|stopped| *stopped != kind);
                turn.patch(
                    self.entity,
                    Field::CallLocalStream,
                    Value::Stream(self.stream),
                );
            }
            Err(failure) => {
                let mut error = Failure::from(ErrorCode::MediaTrack)
                    .arg("restoreTrackSender")
                    .arg(kind.text());
                error.cause = Some(Cause::Thrown(failure.thrown.clone()));
                self.report(error, turn);
            }
        }
        self.advance_mute(index, turn);
    }

    fn advance_mute(&mut self, index: usize, turn: &mut Turn<'_, '_>) {
        let Some(mute) = self.mutes.get_mut(index) else {
            return;
        };
        let Some((replies, result)) = mute.take_done() else {
            return;
        };
        let next = mute.take_next();
        for reply in replies {
            turn.settle(reply, result.clone().map(|()| Value::Nothing));
        }
        if let Some((muted, replies)) = next {
            self.start_mute(index, muted, replies, turn);
        }
    }

    /// Rejects what waits for the mute of the members that `gone` names.
    fn settle_mutes(&mut self, gone: impl Fn(Entity) -> bool, turn: &mut Turn<'_, '_>) {
        for mute in self.mutes.iter_mut().filter(|mute| gone(mute.member)) {
            for reply in mute.take_all() {
                turn.settle(reply, Err(ErrorCode::CallEnded.into()));
            }
        }
    }

    fn self_member(&self) -> SelfMember {
        SelfMember {
            node_id: self.dialog.node_id.clone(),
            call_id: self.dialog.call_id.clone(),
            member_id: self.dialog.member_id.clone().unwrap_or_default(),
        }
    }
}
