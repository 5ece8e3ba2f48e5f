//! A call that comes in: it rings until the first decision, which stands (wire-protocol §5.5, media §1.11).

use super::ending::EndCode;
use super::gathering::Gathering;
use super::options::{DialOptions, MediaPlan};
use super::{Call, Status};
use crate::engine::error::{ErrorCode, Failure};
use crate::engine::io::{Direction, Output, Ticket, Tracks, Value};
use crate::engine::rpc::{self, Purpose};
use crate::engine::state::Field;
use crate::engine::turn::Turn;
use crate::engine::wire::rpc::Outcome;
use crate::engine::wire::session::IceServer;
use crate::engine::wire::verto::{CallInvite, DECLINED, Dialog};

/// The far end's offer, and whether the application has decided about it.
#[derive(Debug)]
pub struct Inbound {
    offer: String,
    decided: bool,
}

impl Call {
    /// A call that rings, announced to the store. Nothing is asked of the browser before it is answered.
    pub fn incoming(
        call_id: String,
        node_id: String,
        invite: CallInvite,
        turn: &mut Turn<'_, '_>,
    ) -> Self {
        let parties = invite.parties;
        let destination = parties
            .callee_number
            .clone()
            .or_else(|| parties.caller_number.clone());
        let plan = MediaPlan::answering(offered(&invite.sdp), &DialOptions::default());
        let dialog = Dialog {
            call_id,
            destination: destination.unwrap_or_default(),
            node_id,
            user_variables: invite.user_variables,
            parties: Some(parties),
            member_id: None,
        };
        let inbound = Inbound {
            offer: invite.sdp,
            decided: false,
        };
        let mut call = Self::announce(dialog, plan, "inbound", turn);
        call.inbound = Some(inbound);
        call.known_to_space = true;
        call.set_status(Status::Ringing, turn);
        call
    }

    /// Does it come from outside, and has nobody decided yet?
    pub(super) fn rings(&self) -> bool {
        self.inbound
            .as_ref()
            .is_some_and(|inbound| !inbound.decided)
    }

    /// True for the first decision about an inbound call.
    fn decide(&mut self, answered: bool, turn: &mut Turn<'_, '_>) -> bool {
        let is_first = self.rings() && !self.is_ending();
        if let Some(inbound) = self.inbound.as_mut().filter(|_| is_first) {
            inbound.decided = true;
            turn.patch(self.entity, Field::CallAnswered, Value::Bool(answered));
        }
        is_first
    }

    /// `answer()`: asks for the devices; the answer leaves when they and its candidates are there.
    pub fn answer(&mut self, options: &DialOptions, turn: &mut Turn<'_, '_>) {
        if !self.decide(true, turn) {
            return;
        }
        if let Some(offered) = self.plan.offered {
            self.plan = MediaPlan::answering(offered, options);
        }
        self.relay_only = options.relay_only;
        self.gathering = Gathering::new(options.relay_only);
        self.prepare(turn);
    }

    /// `reject()`: the caller is told that nobody wants the call.
    pub fn reject(&mut self, turn: &mut Turn<'_, '_>) {
        if !self.decide(false, turn) {
            return;
        }
        self.bye(Some(DECLINED), turn);
        self.set_status(Status::Disconnected, turn);
        self.end(EndCode::Declined.into(), ErrorCode::CallEnded.into(), turn);
    }

    /// The effect that makes the answer, for an inbound call.
    pub(super) fn make_answer(
        &self,
        ticket: Ticket,
        tracks: Tracks,
        servers: &[IceServer],
    ) -> Option<Output> {
        let inbound = self.inbound.as_ref()?;
        let (audio, video) = self.plan.sections(tracks.audio, tracks.video);
        Some(Output::MakeAnswer {
            ticket,
            peer: self.peer,
            offer: inbound.offer.clone(),
            local: (tracks != Tracks::default()).then_some(self.stream),
            audio,
            video,
            servers: servers.to_vec(),
            relay_only: self.relay_only,
        })
    }

    /// The answer's text is there: it leaves.
    pub(super) fn send_answer(&mut self, sdp: &str, turn: &mut Turn<'_, '_>) {
        self.answered = true;
        self.set_status(Status::Connecting, turn);
        let dialog = self.dialog.clone();
        turn.request(Purpose::Answer(self.entity), rpc::LIMIT, |id, inner| {
            dialog.answer(id, inner, sdp)
        });
        self.show_connected(turn);
    }

    /// The response to the answer. Once packets flow it was heard, whatever is said of a repeated one.
    pub fn answer_sent(&mut self, result: Result<Outcome, Failure>, turn: &mut Turn<'_, '_>) {
        if self.is_ending() || self.peer_connected {
            return;
        }
        let failure = match result {
            Err(failure) => failure,
            Ok(Outcome::Verto(reply)) => match reply.inner {
                Ok(_) => return,
                Err(error) => Failure::from(ErrorCode::RpcRefused)
                    .arg(error.message)
                    .arg(self.dialog.call_id.as_str())
                    .number(error.code),
            },
            Ok(_) => return,
        };
        self.fail(failure, turn);
    }
}

/// What an offer offers, seen from its maker: audio and video, each the first section of its kind.
fn offered(sdp: &str) -> (Option<Direction>, Option<Direction>) {
    let everything = Direction {
        send: true,
        receive: true,
    };
    let (mut audio, mut video) = (None, None);
    let mut session = everything;
    let mut sections: Option<&mut Option<Direction>> = None;
    let mut ignored = None;
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let section = match media.split(' ').next() {
                Some("audio") if audio.is_none() => &mut audio,
                Some("video") if video.is_none() => &mut video,
                _ => &mut ignored,
            };
            *section = Some(session);
            sections = Some(section);
            continue;
        }
        let (send, receive) = match line.trim_end() {
            "a=sendrecv" => (true, true),
            "a=sendonly" => (true, false),
            "a=recvonly" => (false, true),
            "a=inactive" => (false, false),
            _ => continue,
        };
        let direction = Direction { send, receive };
        match &mut sections {
            Some(section) => **section = Some(direction),
            None => session = direction,
        }
    }
    (audio, video)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(direction: Option<Direction>) -> &'static str {
        match direction.map(|d| (d.send, d.receive)) {
            None => "none",
            Some((true, true)) => "sendrecv",
            Some((true, false)) => "sendonly",
            Some((false, true)) => "recvonly",
            Some((false, false)) => "inactive",
        }
    }

    #[test]
    fn an_offer_says_what_may_flow() {
        let rows = [
            (
                "v=0\r\nm=audio 9 X 111\r\na=sendrecv\r\n",
                "sendrecv",
                "none",
            ),
            (
                "m=audio 9 X 111\r\na=sendonly\r\nm=video 9 X 96\r\na=recvonly\r\n",
                "sendonly",
                "recvonly",
            ),
            (
                "a=sendonly\nm=audio 9 X 0\nm=video 9 X 96\na=inactive\n",
                "sendonly",
                "inactive",
            ),
            (
                "m=video 9 X 96\nm=audio 9 X 0\nm=application 9 X\na=inactive\n",
                "sendrecv",
                "sendrecv",
            ),
            ("", "none", "none"),
            (
                "m=audio 9 X 0\na=recvonly\nm=audio 9 X 0\na=sendonly\n",
                "recvonly",
                "none",
            ),
        ];
        for (sdp, audio, video) in rows {
            let found = offered(sdp);
            assert_eq!((text(found.0), text(found.1)), (audio, video), "{sdp}");
        }
    }
}
