//! The live state, and the levers that cut and end: `GET /.space/sessions`, `GET /.space/calls`,
//! `POST /.space/drop { session? }`, `POST /.space/hangup`.

use serde_json::{Value, json};

use super::body::Members;
use super::{Fault, FrontDesk};
use crate::driver::Driver;
use crate::world::report::{CallReport, SessionReport};
use crate::world::{SocketId, World};

impl FrontDesk {
    pub(super) async fn sessions(&self) -> Result<Value, Fault> {
        self.run(|driver| sessions_json(driver.world())).await
    }

    pub(super) async fn calls(&self) -> Result<Value, Fault> {
        self.run(calls_json).await
    }

    pub(super) async fn hang_up(&self, body: &[u8]) -> Result<Value, Fault> {
        Members::read(body, &[])?;
        self.run(|driver| json!({ "hung_up": driver.hang_up_all() }))
            .await
    }

    /// Cuts sockets as a broken network does: of one session, or all. They can be resumed.
    pub(super) async fn drop_sockets(&self, body: &[u8]) -> Result<Value, Fault> {
        let session = Members::read(body, &["session"])?.integer("session", 0..=u64::MAX)?;
        self.run(move |driver| {
            let sessions = driver.world().sessions();
            let meant = sessions
                .iter()
                .filter(|one| session.is_none_or(|id| id == one.id));
            let sockets: Vec<SocketId> = meant.filter_map(|one| one.socket).map(SocketId).collect();
            for socket in &sockets {
                driver.cut(*socket);
            }
            json!({ "dropped": sockets.len() })
        })
        .await
    }
}

fn sessions_json(world: &World) -> Value {
    let known = world
        .sessions()
        .into_iter()
        .map(|session| session_json(&session));
    let unknown = world.strangers().into_iter().map(|stranger| {
        json!({ "id": null, "socket": stranger.socket, "connected": true, "authenticated": false })
    });
    known.chain(unknown).collect()
}

fn session_json(session: &SessionReport) -> Value {
    json!({
        "id": session.id,
        "protocol": session.protocol,
        "subscriber_id": session.subscriber_id,
        "subscriber": session.reference,
        "kind": session.kind,
        "socket": session.socket,
        "connected": session.socket.is_some(),
        "authenticated": true,
        "jti": session.jti,
        "expires_at": session.expires_at,
        "registered": session.registered,
        "resumed": session.resumed,
        "reauthenticated": session.reauthenticated,
        "jkt": session.jkt,
        "created_ms": session.created_ms,
        "calls": session.calls,
    })
}

fn calls_json(driver: &mut Driver) -> Value {
    let reports = driver.world().calls();
    reports.iter().map(|call| call_json(call, driver)).collect()
}

fn call_json(call: &CallReport, driver: &Driver) -> Value {
    let legs: Vec<Value> = call
        .legs
        .iter()
        .map(|leg| {
            let counts = leg
                .media
                .map(|media| driver.counts(media))
                .unwrap_or_default();
            json!({
                "id": leg.id,
                "member_id": leg.member_id,
                "packets_received": counts.received,
                "packets_sent": counts.sent,
                "packets_dropped": counts.dropped,
                "connected": leg.connected,
                "audio_muted": leg.audio_muted,
                "video_muted": leg.video_muted,
            })
        })
        .collect();
    let mut entry = json!({
        "id": call.id,
        "direction": call.direction.text(),
        "peer": call.peer,
        "address": call.address,
        "session": call.session,
        "state": call.state.text(),
        "held": call.held,
        "digits": call.digits,
        "legs": legs,
        "created_ms": call.created_ms,
    });
    if let Some(end) = &call.ended {
        entry["ended"] = json!({
            "cause": end.cause.name,
            "cause_code": end.cause.code,
            "by": end.by,
            "how": end.how,
            "ended_ms": end.ended_ms,
        });
    }
    entry
}
