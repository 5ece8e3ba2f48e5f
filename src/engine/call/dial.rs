//! The way to a call: devices and peer connection side by side with the session, then the offer, the
//! invite, and its response (media §1, wire-protocol §5.3).

use super::gathering::{Gathering, RELAY_LIMIT, Verdict};
use super::members::Members;
use super::{Answer, Call, Local, Offer, Status};
use crate::engine::call::options::{DialOptions, MediaPlan};
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{
    CandidateType, Entity, MediaFailure, Millis, Output, Reply, Ticket, Tracks, Value,
};
use crate::engine::rpc::Purpose;
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::Opaque;
use crate::engine::wire::rpc::Outcome;
use crate::engine::wire::session::IceServer;
use crate::engine::wire::verto::Dialog;

/// From the invite to a call that the space has created.
pub const DIAL_LIMIT: Millis = 6_000;

impl Call {
    /// A new outbound call, announced to the store. Nothing is asked of the browser yet.
    pub fn new(reply: Reply, to: String, options: &DialOptions, turn: &mut Turn<'_, '_>) -> Self {
        let dialog = Dialog {
            call_id: turn.uuid(),
            user_variables: options.user_variables.clone().unwrap_or_default(),
            ..Dialog::default()
        };
        let plan = MediaPlan::new(&to, options);
        let dialog = Dialog {
            destination: to,
            ..dialog
        };
        Self {
            node_hint: options.node_id.clone().unwrap_or_default(),
            relay_only: options.relay_only,
            gathering: Gathering::new(options.relay_only),
            dial: Some(reply),
            ..Self::announce(dialog, plan, "outbound", turn)
        }
    }

    /// A call with nothing begun yet, told to the store.
    pub(super) fn announce(
        dialog: Dialog,
        plan: MediaPlan,
        direction: &str,
        turn: &mut Turn<'_, '_>,
    ) -> Self {
        let entity = turn.create(Entity::CLIENT);
        let parties = dialog.parties.clone().unwrap_or_default();
        let facts = [
            (Field::CallId, Some(dialog.call_id.clone())),
            (Field::CallDirection, Some(direction.to_owned())),
            (Field::CallTo, Some(dialog.destination.clone())),
            (Field::CallToName, parties.callee_name),
            (Field::CallFrom, parties.caller_number),
            (Field::CallFromName, parties.caller_name),
        ];
        for (field, fact) in facts {
            if let Some(fact) = fact {
                turn.patch(entity, field, Value::Text(fact));
            }
        }
        Self {
            entity,
            dialog,
            plan,
            inbound: None,
            recovering: None,
            node_hint: String::new(),
            relay_only: false,
            status: Status::New,
            dial: None,
            invite_limit: None,
            prepared: false,
            local: Local::Idle,
            stream: turn.stream(),
            peer: turn.peer(),
            remote: turn.stream(),
            offer: Offer::Waiting,
            gathering: Gathering::new(false),
            answer: Answer::None,
            answered: false,
            peer_connected: false,
            known_to_space: false,
            members: Members::default(),
            own: None,
            rooms: Vec::new(),
            mutes: Vec::new(),
            stopped: Vec::new(),
            hangups: Vec::new(),
            looking_up: None,
            address_asked: false,
        }
    }

    /// Asks for the devices and creates the peer connection: both while the session is still on its way.
    pub fn prepare(&mut self, turn: &mut Turn<'_, '_>) {
        if self.prepared || self.is_ending() {
            return;
        }
        if self.plan.is_empty() {
            self.fail(ErrorCode::NoMedia.into(), turn);
            return;
        }
        self.prepared = true;
        if self.plan.acquires() {
            let ticket = turn.ticket();
            self.local = Local::Acquiring(ticket);
            turn.emit(Output::AcquireMedia {
                ticket,
                stream: self.stream,
                audio: self.plan.audio.clone(),
                video: self.plan.video.clone(),
            });
        } else if self.plan.given.is_empty() {
            self.local = Local::None;
        } else {
            self.local = Local::Ready(Tracks::default());
        }
        if !self.plan.given.is_empty() {
            let (stream, given) = (self.stream, self.plan.given.clone());
            turn.emit(Output::AdoptStreams { stream, given });
        }
        turn.emit(Output::CreatePeer {
            peer: self.peer,
            remote: self.remote,
        });
        turn.patch(self.entity, Field::CallPeer, Value::Peer(self.peer));
        self.with_given_kinds(turn);
    }

    /// Counts the application's streams among the kinds that can be sent.
    fn with_given_kinds(&mut self, turn: &mut Turn<'_, '_>) {
        if let Local::Ready(tracks) = &mut self.local {
            tracks.audio |= self.plan.given_kinds.0;
            tracks.video |= self.plan.given_kinds.1;
            turn.patch(
                self.entity,
                Field::CallLocalStream,
                Value::Stream(self.stream),
            );
        }
    }

    /// The devices are there, or could not be had.
    pub fn media_acquired(
        &mut self,
        ticket: Ticket,
        result: &Result<Tracks, MediaFailure>,
        turn: &mut Turn<'_, '_>,
    ) {
        if self.local != Local::Acquiring(ticket) {
            return;
        }
        match result {
            Ok(tracks) => {
                self.local = Local::Ready(*tracks);
                self.with_given_kinds(turn);
            }
            Err(failure) => self.media_refused(failure, turn),
        }
    }

    fn media_refused(&mut self, failure: &MediaFailure, turn: &mut Turn<'_, '_>) {
        let denied = ["NotAllowedError", "SecurityError", "PermissionDeniedError"];
        let code = match denied.contains(&failure.name.as_str()) {
            true => ErrorCode::MediaDenied,
            false => ErrorCode::MediaAccess,
        };
        let error = Failure::from(code)
            .arg("acquireLocalMedia")
            .arg(self.plan.media_name())
            .thrown(Some(failure.thrown.clone()));
        let can_listen = self.plan.receive_audio || self.plan.receive_video;
        if self.plan.fallback && (can_listen || !self.plan.given.is_empty()) {
            self.report(error, turn);
            self.local = match self.plan.given.is_empty() {
                true => Local::None,
                false => Local::Ready(Tracks::default()),
            };
            self.with_given_kinds(turn);
        } else {
            self.fail(error, turn);
        }
    }

    /// Makes the offer once devices and session are both there.
    pub fn offer_when_ready(&mut self, servers: &[IceServer], turn: &mut Turn<'_, '_>) {
        let tracks = match &self.local {
            Local::Ready(tracks) => *tracks,
            Local::None => Tracks::default(),
            Local::Idle | Local::Acquiring(_) => return,
        };
        if self.offer != Offer::Waiting || self.is_ending() {
            return;
        }
        let ticket = turn.ticket();
        self.offer = Offer::Making(ticket);
        if let Some(answer) = self.make_answer(ticket, tracks, servers) {
            turn.emit(answer);
            return;
        }
        let (audio, video) = self.plan.sections(tracks.audio, tracks.video);
        turn.emit(Output::MakeOffer {
            ticket,
            peer: self.peer,
            local: (tracks != Tracks::default()).then_some(self.stream),
            audio,
            video,
            servers: servers.to_vec(),
            relay_only: self.relay_only,
        });
    }

    /// The local description is set.
    pub fn offer_made(
        &mut self,
        ticket: Ticket,
        result: &Result<u32, Opaque>,
        turn: &mut Turn<'_, '_>,
    ) {
        if self.offer != Offer::Making(ticket) {
            return;
        }
        match result {
            Ok(transports) => {
                self.offer = Offer::Gathering;
                self.gathering.begin(turn.now(), *transports);
                self.look_at_gathering(turn);
            }
            Err(thrown) => {
                let failure = Failure::from(ErrorCode::OfferFailed).thrown(Some(thrown.clone()));
                self.fail(failure, turn);
            }
        }
    }

    /// A candidate was gathered.
    pub fn candidate(&mut self, candidate: CandidateType, transport: u32, turn: &mut Turn<'_, '_>) {
        self.gathering.found(turn.now(), candidate, transport);
        self.look_at_gathering(turn);
    }

    /// Gathering ended.
    pub fn gathered(&mut self, turn: &mut Turn<'_, '_>) {
        self.gathering.complete();
        self.look_at_gathering(turn);
    }

    fn look_at_gathering(&mut self, turn: &mut Turn<'_, '_>) {
        if self.offer != Offer::Gathering {
            return;
        }
        match self.gathering.verdict(turn.now()) {
            Verdict::Wait(_) => {}
            Verdict::Send => {
                let ticket = turn.ticket();
                self.offer = Offer::Reading(ticket);
                turn.emit(Output::ReadDescription {
                    ticket,
                    peer: self.peer,
                });
            }
            Verdict::Fail => {
                self.fail(
                    Failure::from(ErrorCode::NoRelayCandidate).count(RELAY_LIMIT),
                    turn,
                );
            }
        }
    }

    /// The offer's text: the invite leaves, and with it the six seconds begin.
    pub fn description(&mut self, ticket: Ticket, sdp: Option<&str>, turn: &mut Turn<'_, '_>) {
        if self.offer != Offer::Reading(ticket) {
            return;
        }
        let Some(sdp) = sdp else {
            self.fail(ErrorCode::OfferFailed.into(), turn);
            return;
        };
        self.offer = Offer::Sent;
        if self.inbound.is_some() {
            self.send_answer(sdp, turn);
            return;
        }
        self.known_to_space = true;
        self.invite_limit = Some(turn.after(DIAL_LIMIT));
        let (dialog, hint) = (self.dialog.clone(), self.node_hint.clone());
        turn.request(Purpose::Invite(self.entity), DIAL_LIMIT, |id, inner| {
            dialog.invite(id, inner, sdp, &hint)
        });
    }

    /// The response to the invite.
    pub fn invited(&mut self, result: Result<Outcome, Failure>, turn: &mut Turn<'_, '_>) {
        if self.is_ending() {
            return;
        }
        let reply = match result {
            Ok(Outcome::Verto(reply)) => reply,
            // The response was lost, and the call has joined all the same.
            Err(failure) if failure.code == ErrorCode::RpcTimeout && self.dial.is_none() => return,
            // The space may know the call or not: no answer came in time.
            Err(failure) if failure.code == ErrorCode::RpcTimeout => {
                return self.dial_expired(turn);
            }
            Err(failure) => return self.refused(failure, turn),
            Ok(_) => return self.refused(ErrorCode::InviteMalformed.into(), turn),
        };
        match reply.inner {
            Err(error) => {
                let failure = Failure::from(ErrorCode::RpcRefused)
                    .arg(error.message)
                    .arg(self.dialog.call_id.as_str())
                    .number(error.code);
                self.refused(failure, turn);
            }
            Ok(done) if done.call_created => {
                if let Some(node_id) = reply.node_id {
                    self.learn_node(node_id, turn);
                }
                if self.status == Status::New {
                    self.set_status(Status::Trying, turn);
                }
                if let Some(member_id) = done.member_id {
                    self.learn_self(member_id, turn);
                }
            }
            Ok(_) => self.refused(ErrorCode::InviteMalformed.into(), turn),
        }
    }

    /// The space refused the invite: it keeps no call, so that no bye is due.
    fn refused(&mut self, failure: Failure, turn: &mut Turn<'_, '_>) {
        self.known_to_space = false;
        self.fail(failure, turn);
    }

    /// Six seconds after the invite there is no call.
    fn dial_expired(&mut self, turn: &mut Turn<'_, '_>) {
        self.stop(
            super::EndCode::NoAnswer,
            ErrorCode::DialTimeout.into(),
            turn,
        );
    }

    pub(super) fn learn_node(&mut self, node_id: String, turn: &mut Turn<'_, '_>) {
        turn.patch(self.entity, Field::CallNodeId, Value::Text(node_id.clone()));
        self.dialog.node_id = node_id;
    }

    /// The own member id is known: `dial()` resolves.
    pub(super) fn learn_self(&mut self, member_id: String, turn: &mut Turn<'_, '_>) {
        if self.dialog.member_id.is_none() {
            turn.patch(
                self.entity,
                Field::CallSelfId,
                Value::Text(member_id.clone()),
            );
            self.dialog.member_id = Some(member_id);
        }
        self.invite_limit = None;
        if let Some(reply) = self.dial.take() {
            turn.settle(reply, Ok(Value::Entity(self.entity)));
        }
    }

    /// Looks at every deadline of the call.
    pub fn tick(&mut self, turn: &mut Turn<'_, '_>) {
        if self.is_ending() {
            return;
        }
        self.look_at_gathering(turn);
        if self.invite_limit.is_some_and(|limit| limit <= turn.now()) {
            self.dial_expired(turn);
        }
        if self
            .recovery_limit()
            .is_some_and(|limit| limit <= turn.now())
        {
            self.fail(ErrorCode::SocketFailed.into(), turn);
        }
    }

    /// When [`Self::tick`] is wanted.
    pub fn deadline(&self, now: Millis) -> Option<Millis> {
        if self.is_ending() {
            return None;
        }
        let gathering = match (&self.offer, self.gathering.verdict(now)) {
            (Offer::Gathering, Verdict::Wait(at)) => Some(at),
            (Offer::Gathering, _) => Some(now),
            _ => None,
        };
        let limits = [gathering, self.invite_limit, self.recovery_limit()];
        limits.into_iter().flatten().min()
    }
}
