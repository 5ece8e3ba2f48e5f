//! What holds after every step, and what must be closed at the end.

use std::collections::BTreeSet;

use signalwire_wasm::engine::io::{Entity, PeerId, Value};
use signalwire_wasm::engine::state::Field;

use super::Stage;

/// After the client is gone the space needs at most so long to notice: a session without a socket
/// keeps its calls a minute, and itself five.
const SPACE_FORGETS: u64 = 301_000;

/// What a client may be wrong by about the end of a SAT.
const GRACE: u64 = 6_000;

impl Stage {
    /// Holds after every input of the engine.
    pub(super) fn check_step(&mut self) {
        if let Some(at) = self.engine.deadline() {
            let now = self.now - self.behind;
            assert!(
                at > now,
                "the engine does not let go of the deadline {at} at {now}"
            );
        }
        assert!(
            self.is_connected() || !self.is_ready(),
            "ready without being connected"
        );
        assert!(
            self.is_ready() || !self.is_registered(),
            "registered without a session"
        );
        self.check_list_of_calls();
        let kept: BTreeSet<PeerId> = self
            .application
            .live_calls()
            .iter()
            .filter_map(|call| self.peer_of(*call))
            .collect();
        let open: BTreeSet<PeerId> = self.browser.peers.keys().copied().collect();
        assert_eq!(
            open, kept,
            "each peer connection has a live call, and the other way round"
        );
        let (streams, calls) = (self.browser.streams.len(), open.len());
        assert!(streams <= 2 * calls, "{streams} streams for {calls} calls");
    }

    /// No SAT is shown that has ended while the page has one that has not. To resume, the latest is shown, ended or not
    /// (wire-protocol §3.1).
    pub(super) fn check_sat(&self, text: &str) {
        let Some((_, rest)) = text.split_once(r#""jwt_token":""#) else {
            return;
        };
        let shown = rest.split('"').next().unwrap_or_default();
        let is_to_resume = text.contains("authorization_state");
        let now = self.space_wall();
        let has_ended = self.sats.get(shown).is_some_and(|end| end + GRACE < now);
        if self.watches_sats && has_ended && !is_to_resume {
            let better = self.sats.values().any(|end| *end > now + GRACE);
            assert!(
                !better,
                "a SAT is shown that has ended, and a better one not"
            );
        }
    }

    /// The application sees every call that is not over, newest first.
    fn check_list_of_calls(&self) {
        let mut living = self.application.live_calls();
        living.reverse();
        let listed = match self.last(Entity::CLIENT, Field::ClientCalls) {
            Some(Value::Entities(listed)) => listed.as_slice(),
            _ => &[],
        };
        assert_eq!(listed, living, "calls$");
    }

    /// The peer connection that a call shows.
    pub fn peer_of(&self, call: Entity) -> Option<PeerId> {
        match self.application.values(call, Field::CallPeer).last() {
            Some(Value::Peer(peer)) => Some(*peer),
            _ => None,
        }
    }

    /// The end of every scenario.
    pub(super) fn take_down(&mut self) {
        for who in self.everybody() {
            self.turn_to(who);
            let pending = self.application.pending();
            assert!(
                pending.is_empty(),
                "promises that nobody settled: {pending:?}"
            );
            self.destroy();
            self.check_gone();
        }
        self.pass(SPACE_FORGETS);
        for who in self.everybody() {
            self.with(who, |stage| stage.check_gone());
        }
        let calls = self.calls_at_space();
        assert!(calls.is_empty(), "the space still holds {calls:?}");
        let sessions = self.world.sessions();
        assert!(sessions.is_empty(), "the space still holds {sessions:?}");
    }

    /// Holds once the client is destroyed: nothing is open, nobody waits, everything is over.
    pub fn check_gone(&self) {
        assert!(self.destroyed);
        assert_eq!(self.application.pending(), Vec::<&str>::new(), "promises");
        assert!(
            self.browser.peers.is_empty(),
            "peers: {:?}",
            self.browser.peers
        );
        assert!(
            self.browser.streams.is_empty(),
            "streams: {:?}",
            self.browser.streams
        );
        assert!(
            self.browser.fetching.is_empty(),
            "requests: {:?}",
            self.browser.fetching
        );
        assert_eq!(self.network.open(), 0, "sockets: {:?}", self.network.wires);
        assert_eq!(self.engine.deadline(), None, "a timer");
        for (entity, thing) in &self.application.things {
            assert!(thing.ended, "{entity:?} does not end");
            if thing.parent == Some(Entity::CLIENT) {
                let reasons = self.field_of(*entity, Field::CallEndReason);
                assert_eq!(reasons, 1, "a call says once why it is over");
            }
        }
    }
}
