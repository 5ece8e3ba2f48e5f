//! Whom a credential reaches, and who can be reached by it: the four kinds (auth §1.2, §1.16).

use serde_json::{Value, json};

use super::scene::{Client, Scene, invite};

const FORBIDDEN: i32 = -32001;
const UNKNOWN: i32 = -32004;

/// A credential of each kind, by its name, with what it reaches.
fn credentials(scene: &mut Scene) -> Vec<(&'static str, String, &'static [&'static str])> {
    let id = |scene: &Scene, name: &str| scene.world.directory().by_name(name).unwrap().id.clone();
    let subscriber = scene.sat("ada@example.test");
    let list =
        json!({ "allowed_addresses": [id(scene, "/public/tone"), id(scene, "/private/bob")] });
    let guest = scene.issue(|world, body, cx| world.guest_token(body, cx).unwrap(), list);
    let ada = scene.world.directory().subscribers[0].clone();
    let own = json!({ "address_id": ada.address_id });
    let invited = scene.issue(
        |world, body, cx| world.invite_by(&ada.id, body, cx).unwrap(),
        own,
    );
    let visitor = scene.guest_sat();
    vec![
        (
            "subscriber",
            subscriber,
            &[
                "/public/echo",
                "/public/tone",
                "/private/ada",
                "/private/bob",
            ],
        ),
        ("guest", guest, &["/public/tone", "/private/bob"]),
        ("invite", invited, &["/private/ada"]),
        ("embed_guest", visitor, &["/public/echo"]),
    ]
}

/// The number of the inner error of a call, if there is one.
fn refusal(scene: &mut Scene, client: Client, to: &str) -> Option<i64> {
    let id = format!("c-{}-{to}", client.0.0);
    let inner = scene.verto(client, &id, "verto.invite", invite(&id, to));
    scene.ack_all(client);
    inner["error"]["code"].as_i64()
}

/// T-33.
#[test]
fn every_kind_of_credential_dials_what_it_reaches_and_nothing_else() {
    let mut scene = Scene::new();
    for (kind, sat, reach) in credentials(&mut scene) {
        let (client, _) = scene.connected(&sat);
        scene.ack_all(client);
        for to in [
            "/public/echo",
            "/public/tone",
            "/private/ada",
            "/private/bob",
        ] {
            for query in ["", "?channel=audio"] {
                let refused = refusal(&mut scene, client, &format!("{to}{query}"));
                let wanted = (!reach.contains(&to)).then_some(i64::from(FORBIDDEN));
                assert_eq!(refused, wanted, "{kind} to {to}{query}");
            }
        }
        let nowhere = refusal(&mut scene, client, "/public/nothing");
        let wanted = if kind == "subscriber" {
            UNKNOWN
        } else {
            FORBIDDEN
        };
        assert_eq!(nowhere, Some(i64::from(wanted)), "{kind}");
        assert_eq!(scene.closes(client), [], "the session goes on");
    }
}

/// T-34.
#[test]
fn only_a_subscriber_can_be_called() {
    let mut scene = Scene::new();
    for (kind, sat, _) in credentials(&mut scene) {
        let (client, _) = scene.connected(&sat);
        let is_registered = |scene: &Scene| scene.world.sessions().last().unwrap().registered;
        for (method, wanted) in [
            ("subscriber.online", kind == "subscriber"),
            ("subscriber.online", kind == "subscriber"),
            ("subscriber.offline", false),
            ("subscriber.offline", false),
        ] {
            let answer = scene.ask(client, method, json!({}));
            assert_eq!(answer["result"]["code"], "200", "{kind}: {method}");
            assert_eq!(is_registered(&scene), wanted, "{kind}: {method}");
        }
        assert_eq!(scene.world.sessions().last().unwrap().kind, kind);
    }
}

#[test]
fn a_reach_of_the_wrong_kind_is_no_way_to_another_session() {
    let mut scene = Scene::new();
    let all = credentials(&mut scene);
    for (kind, sat, _) in &all {
        let (client, _) = scene.connected(sat);
        for (other, fresh, _) in &all {
            let params = json!({ "authentication": { "project": "", "jwt_token": fresh } });
            let answer = scene.ask(client, "signalwire.reauthenticate", params);
            let refused = answer["error"]["code"].as_i64();
            assert_eq!(
                refused,
                (kind != other).then_some(-32003),
                "{kind} by {other}"
            );
        }
    }
}

#[test]
fn who_is_invited_rings_the_inviter() {
    let mut scene = Scene::new();
    let ada = scene.online("ada@example.test");
    let sat = credentials(&mut scene).swap_remove(2).1;
    let (friend, _) = scene.connected(&sat);
    let to = "/private/ada";
    let inner = scene.verto(friend, "c-1", "verto.invite", invite("c-1", to));
    assert_eq!(inner["result"]["message"], "CALL CREATED");
    scene.answer_media();
    let ringing = scene.invited(ada);
    assert!(ringing["callID"].is_string(), "{ringing}");
    assert_ne!(ringing["callID"], Value::from("c-1"));
}
