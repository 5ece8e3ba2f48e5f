//! Mute and unmute: the space is told, the device follows.

use serde_json::json;
use signalwire_wasm::engine::error::ErrorCode;
use signalwire_wasm::engine::io::{Entity, Kind};

use crate::stage::{Device, Fate, Reach, Setup, Stage, Way, play};

fn talking(stage: &mut Stage) -> (Entity, Entity) {
    let call = stage.talking("/public/echo").call;
    (call, stage.own_member(call).expect("a member"))
}

fn muted_at_space(stage: &Stage) -> bool {
    stage.calls_at_space()[0].legs[0].audio_muted
}

#[test]
fn muting_turns_the_light_off_at_once_and_unmuting_on_again() {
    play(Setup::default(), |stage| {
        let (_, own) = talking(stage);
        for times in 1..=3 {
            let muted = stage.mute(own, true);
            assert!(!stage.browser.records());
            stage.until_settled(muted);
            stage.assert_resolved(muted);
            assert!(muted_at_space(stage));
            let loud = stage.mute(own, false);
            stage.until_settled(loud);
            stage.assert_resolved(loud);
            assert!(stage.browser.records());
            assert!(!muted_at_space(stage));
            assert_eq!(stage.times("restore track"), times);
        }
    });
}

#[test]
fn the_last_of_many_wishes_counts() {
    play(Setup::default(), |stage| {
        let (_, own) = talking(stage);
        let wishes = [true, false, true, false, true].map(|muted| stage.mute(own, muted));
        for wish in wishes {
            stage.until_settled(wish);
            stage.assert_resolved(wish);
        }
        assert!(!stage.browser.records());
        assert!(muted_at_space(stage));
        assert_eq!(stage.times("call.mute"), 2);
        assert_eq!(stage.times("call.unmute"), 0);
    });
}

#[test]
fn muting_without_a_socket_mutes_at_once_and_is_told_later() {
    play(Setup::default(), |stage| {
        let (_, own) = talking(stage);
        stage.cut();
        stage.pass(1);
        let muted = stage.mute(own, true);
        assert!(!stage.browser.records());
        stage.until_settled(muted);
        stage.assert_resolved(muted);
        assert!(muted_at_space(stage));
    });
}

#[test]
fn muting_without_a_space_is_rejected_after_five_seconds() {
    play(Setup::default(), |stage| {
        let (_, own) = talking(stage);
        stage.setup.reach = Reach::Refused;
        stage.cut();
        let (begun, muted) = (stage.now, stage.mute(own, true));
        stage.until_settled(muted);
        stage.assert_rejected(muted, ErrorCode::RpcTimeout);
        assert_eq!(stage.settled_at(muted), begun + 5_000);
        assert!(
            !stage.browser.records(),
            "nobody hears what was to be muted"
        );
        stage.setup.reach = Reach::Up;
        stage.until(4_000, "ready", Stage::is_ready);
        let loud = stage.mute(own, false);
        stage.until_settled(loud);
        stage.assert_resolved(loud);
        assert!(stage.browser.records());
    });
}

#[test]
fn a_space_that_refuses_to_mute_rejects() {
    play(Setup::default(), |stage| {
        let (call, own) = talking(stage);
        stage.once(
            Way::ToSpace,
            "call.mute",
            Fate::Altered(|text| text.replace("member_id\":\"", "member_id\":\"not-")),
        );
        let muted = stage.mute(own, true);
        stage.until_settled(muted);
        stage.assert_rejected(muted, ErrorCode::RpcRefused);
        assert_eq!(stage.status(call), "connected");
    });
}

#[test]
fn a_device_that_does_not_come_back_is_told_and_can_be_tried_again() {
    play(Setup::default(), |stage| {
        let (call, own) = talking(stage);
        let muted = stage.mute(own, true);
        stage.until_settled(muted);
        stage.setup.device = Device::Refused("NotReadableError");
        let loud = stage.mute(own, false);
        stage.until_settled(loud);
        stage.assert_rejected(loud, ErrorCode::Thrown);
        assert_eq!(stage.call_errors(call), [(ErrorCode::MediaTrack, false)]);
        assert!(!stage.browser.records());
        stage.setup.device = Device::Granted;
        let again = stage.mute(own, false);
        stage.until_settled(again);
        stage.assert_resolved(again);
        assert!(stage.browser.records());
    });
}

#[test]
fn a_hang_up_settles_what_waits_for_a_mute() {
    play(Setup::default(), |stage| {
        let (call, own) = talking(stage);
        let muted = stage.mute(own, true);
        let loud = stage.mute(own, false);
        let over = stage.hang_up(call);
        let late = stage.mute(own, true);
        stage.assert_rejected(late, ErrorCode::CallEnded);
        stage.until_settled(over);
        assert!(stage.is_settled(muted) && stage.is_settled(loud));
        stage.pass(1_000);
        assert!(
            !stage.browser.records(),
            "nothing is restored after the end"
        );
    });
}

#[test]
fn a_hang_up_while_the_device_comes_back_gives_it_back() {
    play(Setup::default(), |stage| {
        let (call, own) = talking(stage);
        let muted = stage.mute(own, true);
        stage.until_settled(muted);
        stage.setup.device_takes = 500;
        let loud = stage.mute(own, false);
        stage.pass(100);
        let over = stage.hang_up(call);
        stage.until_settled(over);
        stage.assert_rejected(loud, ErrorCode::CallEnded);
        stage.pass(1_000);
        assert!(!stage.browser.records());
        assert_eq!(stage.browser.disposed, 1);
    });
}

#[test]
fn somebody_who_leaves_while_being_muted_settles_the_promise() {
    play(Setup::default(), |stage| {
        let (call, own) = talking(stage);
        let id = stage.call_id(call);
        let other = json!({ "call_id": id, "member": { "member_id": "other", "name": "Bob" } });
        stage.space_says("member.joined", other.clone());
        stage.pass(100);
        let members = stage.members(call);
        let other_member = *members
            .iter()
            .find(|member| **member != own)
            .expect("another");
        stage.once(Way::ToSpace, "call.mute", Fate::Lost);
        let muted = stage.mute(other_member, true);
        let loud = stage.mute(other_member, false);
        stage.space_says("member.left", other);
        stage.pass(10_000);
        assert!(stage.is_settled(muted), "the first");
        assert!(stage.is_settled(loud), "the one that waited for it");
        assert!(
            stage.browser.records(),
            "the own microphone is not concerned"
        );
        assert_eq!(stage.status(call), "connected");
    });
}

#[test]
fn the_camera_goes_its_own_way() {
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        let call = stage
            .dial_with("/public/echo", json!({ "video": true }))
            .call;
        stage.until(10_000, "joined", |stage| stage.own_member(call).is_some());
        let own = stage.own_member(call).expect("a member");
        assert!(stage.browser.films());
        let dark = stage.mute_kind(own, Kind::Video, true);
        let quiet = stage.mute(own, true);
        assert!(!stage.browser.films() && !stage.browser.records());
        let light = stage.mute_kind(own, Kind::Video, false);
        for wish in [dark, quiet, light] {
            stage.until_settled(wish);
            stage.assert_resolved(wish);
        }
        assert!(stage.browser.films());
        let leg = &stage.calls_at_space()[0].legs[0];
        assert!(leg.audio_muted && !leg.video_muted);
    });
}

#[test]
fn a_kind_that_is_not_sent_is_muted_at_the_space_alone() {
    play(Setup::default(), |stage| {
        let (_, own) = talking(stage);
        for muted in [true, false] {
            let wish = stage.mute_kind(own, Kind::Video, muted);
            stage.until_settled(wish);
            stage.assert_resolved(wish);
        }
        assert_eq!(stage.times("stop tracks"), 0);
        assert_eq!(stage.times("restore track"), 0);
        assert!(stage.browser.records());
    });
}
