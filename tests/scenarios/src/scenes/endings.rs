//! How the far end's goodbye reads.

use serde_json::json;

use crate::stage::{Setup, play};

#[test]
fn every_cause_has_its_end_reason() {
    let rows = [
        (Some("NORMAL_CLEARING"), Some(16), "normal"),
        (Some("USER_BUSY"), Some(17), "busy"),
        (Some("NO_USER_RESPONSE"), Some(18), "no_answer"),
        (Some("NO_ANSWER"), Some(19), "no_answer"),
        (Some("SUBSCRIBER_ABSENT"), Some(20), "not_registered"),
        (Some("CALL_REJECTED"), Some(21), "declined"),
        (Some("UNALLOCATED_NUMBER"), Some(1), "unreachable"),
        (Some("OUTGOING_CALL_BARRED"), Some(52), "forbidden"),
        (Some("ORIGINATOR_CANCEL"), Some(487), "cancelled"),
        (Some("ALLOTTED_TIMEOUT"), Some(602), "expired"),
        (Some("NETWORK_OUT_OF_ORDER"), Some(38), "network"),
        (Some("INCOMPATIBLE_DESTINATION"), Some(88), "media"),
        (Some("USER_NOT_REGISTERED"), Some(606), "not_registered"),
        (Some("MEDIA_TIMEOUT"), Some(804), "media"),
        (Some("CALL_REJECTED"), None, "declined"),
        (None, Some(17), "busy"),
        (None, None, "normal"),
    ];
    for (cause, number, expected) in rows {
        play(Setup::default(), |stage| {
            let ready = stage.connect();
            stage.until_settled(ready);
            let dialled = stage.dial("/public/silent");
            stage.until_settled(dialled.reply);
            let id = stage.call_id(dialled.call);
            let bye = json!({ "callID": id, "cause": cause, "causeCode": number });
            stage.space_says_verto("verto.bye", bye);
            stage.until_status(dialled.call, "destroyed");
            let reason = (expected, cause.map(str::to_owned), number);
            assert_eq!(stage.end_reason(dialled.call), reason);
            assert_eq!(stage.times("verto.bye"), 0);
            assert!(!stage.browser.records());
            // The world was not asked about this goodbye, and still holds the call.
            stage.space_restarts();
            stage.pass(1_000);
        });
    }
}

#[test]
fn a_goodbye_before_the_confirmation_rejects_the_dial() {
    use crate::stage::{Fate, Way};
    use signalwire_wasm::engine::error::ErrorCode;
    play(Setup::default(), |stage| {
        let ready = stage.connect();
        stage.until_settled(ready);
        stage.once(Way::ToPage, "CALL CREATED", Fate::Late(500));
        let dialled = stage.dial("/public/busy");
        stage.until_settled(dialled.reply);
        stage.assert_rejected(dialled.reply, ErrorCode::DialFailed);
        stage.assert_ended(dialled.call, "busy");
        stage.pass(1_000);
    });
}
