//! Frames about the session that mean harm or nothing: an answer names what is wrong with a member,
//! nothing is lost, and the session goes on.

use serde_json::{Value, json};

use super::scene::{Client, Scene, connect};
use crate::world::Input;

/// What no text member takes.
fn monsters() -> Vec<Value> {
    let nested = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!([]),
        json!(["x"]),
        json!({}),
        nested,
    ]
}

fn with(params: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut params = params.clone();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = params.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.remove(key);
    parent.extend(value.map(|value| (key.to_owned(), value)));
    params
}

/// The refusal of a request whose member at `path` is wrong.
fn assert_named(answer: &Value, path: &str) {
    assert_eq!(answer["error"]["code"], -32602, "{path}: {answer}");
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with(path), "{path}: {message}");
    assert!(message.len() < 200, "nothing is echoed");
}

/// The session is there and answers.
fn assert_alive(scene: &mut Scene, client: Client) {
    let answer = scene.ask(client, "subscriber.online", json!({}));
    assert_eq!(answer["result"]["code"], "200");
    assert_eq!(scene.closes(client), []);
}

#[test]
fn a_misshapen_connect_is_told_what_is_wrong_and_may_try_again() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let client = scene.open();
    let good = connect(&sat);
    for (pointer, path, needed) in [
        ("/authentication", "authentication", true),
        (
            "/authentication/jwt_token",
            "authentication.jwt_token",
            true,
        ),
        ("/authorization_state", "authorization_state", false),
        ("/protocol", "protocol", false),
        ("/dpop_token", "dpop_token", false),
    ] {
        for monster in monsters() {
            if monster.is_null() && !needed || monster.is_object() && path == "authentication" {
                continue;
            }
            let params = with(&good, pointer, Some(monster));
            let answer = scene.ask(client, "signalwire.connect", params);
            assert_named(&answer, path);
        }
        if needed {
            let params = with(&good, pointer, None);
            assert_named(&scene.ask(client, "signalwire.connect", params), path);
        }
    }
    let empty = with(&good, "/authentication", Some(json!({})));
    let answer = scene.ask(client, "signalwire.connect", empty);
    assert_named(&answer, "authentication.jwt_token");
    for params in [json!(null), json!([]), json!("x"), json!(7)] {
        assert_named(&scene.ask(client, "signalwire.connect", params), "params");
    }
    let long = with(
        &good,
        "/authentication/jwt_token",
        Some(json!("x".repeat(1_000_000))),
    );
    let answer = scene.ask(client, "signalwire.connect", long);
    assert_eq!(answer["error"]["code"], -32002);
    let answer = scene.ask(client, "signalwire.connect", good);
    assert!(answer["result"].is_object());
    assert_alive(&mut scene, client);
}

#[test]
fn a_misshapen_renewal_or_registration_leaves_the_session_as_it_was() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let sat = scene.sat("ada@example.test");
    let good = json!({ "authentication": { "project": "", "jwt_token": sat } });
    let before = scene.world.sessions();
    for (pointer, path) in [
        ("/authentication", "authentication"),
        ("/authentication/jwt_token", "authentication.jwt_token"),
    ] {
        for monster in monsters() {
            if monster.is_object() && path == "authentication" {
                continue;
            }
            let params = with(&good, pointer, Some(monster));
            let answer = scene.ask(client, "signalwire.reauthenticate", params);
            assert_named(&answer, path);
        }
        let params = with(&good, pointer, None);
        let answer = scene.ask(client, "signalwire.reauthenticate", params);
        assert_named(&answer, path);
    }
    for method in [
        "signalwire.reauthenticate",
        "subscriber.online",
        "subscriber.offline",
    ] {
        for params in [json!(null), json!([]), json!("x"), json!(false)] {
            assert_named(&scene.ask(client, method, params), "params");
        }
    }
    assert_eq!(scene.world.sessions(), before);
    let answer = scene.ask(client, "signalwire.reauthenticate", good);
    assert_eq!(answer["result"]["code"], "200");
    assert_alive(&mut scene, client);
}

#[test]
fn frames_that_are_no_frames_are_logged_and_nothing_is_lost() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let deep = "[".repeat(4000) + &"]".repeat(4000);
    let long = "x".repeat(1_000_000);
    let frames = [
        String::new(),
        "\u{0}".to_owned(),
        "null".to_owned(),
        "7".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "{".to_owned(),
        r#"[{"id":"x","method":"subscriber.online","params":{}}]"#.to_owned(),
        r#"{"id":7,"method":"subscriber.online","params":{}}"#.to_owned(),
        r#"{"method":"subscriber.online","params":{}}"#.to_owned(),
        r#"{"id":"x"}"#.to_owned(),
        r#"{"id":null,"result":{}}"#.to_owned(),
        r#"{"id":"x","method":1e999}"#.to_owned(),
        deep.clone(),
        format!(r#"{{"id":"x","method":"subscriber.online","params":{deep}}}"#),
        long.clone(),
        format!("\"{long}\""),
    ];
    let count = frames.len();
    for text in frames {
        let socket = client.0;
        scene.input(Input::Frame { socket, text });
        assert_eq!(scene.frames(client), Vec::<Value>::new());
    }
    let warnings = scene.warnings();
    assert_eq!(warnings.len(), count, "{warnings:?}");
    assert!(warnings.iter().all(|line| line.len() < 200));
    assert_alive(&mut scene, client);
}

#[test]
fn a_method_of_any_length_is_named_within_a_line() {
    let mut scene = Scene::new();
    let client = scene.ada();
    for method in ["", "constructor", &"x".repeat(1_000_000)] {
        let answer = scene.ask(client, method, json!({}));
        assert_eq!(answer["error"]["code"], -32601);
        assert!(answer["error"]["message"].as_str().unwrap().len() < 250);
    }
    assert_alive(&mut scene, client);
}

#[test]
fn an_id_that_is_too_long_to_remember_is_refused() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let client = scene.open();
    let ask = |id: &str, method: &str, params: Value| json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    let long = "i".repeat(257);
    for authenticated in [false, true] {
        if authenticated {
            scene.ask(client, "signalwire.connect", connect(&sat));
            scene.ack_all(client);
        }
        scene.raw(client, &ask(&long, "subscriber.online", json!({})));
        let frames = scene.frames(client);
        assert_eq!(frames.len(), 1);
        assert_eq!(frames[0]["id"], json!(long));
        assert_eq!(frames[0]["error"]["code"], -32600);
    }
    let fits = "i".repeat(256);
    scene.raw(client, &ask(&fits, "subscriber.online", json!({})));
    assert_eq!(scene.frames(client)[0]["result"]["code"], "200");
}

#[test]
fn replies_to_nothing_and_odd_pongs_change_nothing() {
    let mut scene = Scene::new();
    let client = scene.ada();
    let stranger = scene.open();
    scene.pass(5_000, &[]);
    let ping = scene.frames(client).remove(0);
    let before = scene.world.sessions();
    for result in monsters() {
        for id in [json!("unknown"), ping["id"].clone()] {
            let reply = json!({ "jsonrpc": "2.0", "id": id, "result": result });
            scene.raw(client, &reply);
            scene.raw(stranger, &reply);
            let error = json!({ "jsonrpc": "2.0", "id": id, "error": result });
            scene.raw(client, &error);
        }
    }
    assert_eq!(scene.frames(client), Vec::<Value>::new());
    assert_eq!(scene.world.sessions(), before);
    assert_alive(&mut scene, client);
}

#[test]
fn whoever_says_too_much_before_saying_who_is_shown_the_door() {
    let mut scene = Scene::new();
    let client = scene.open();
    let half = json!({ "x": "x".repeat(600_000) });
    scene.request(client, "subscriber.online", half.clone());
    assert_eq!(scene.closes(client), []);
    scene.request(client, "subscriber.online", half);
    assert_eq!(scene.closes(client).len(), 1);
    scene.request(client, "subscriber.online", json!({}));
    assert_eq!(scene.frames(client), Vec::<Value>::new());
}

#[test]
fn an_early_request_twice_is_carried_out_once() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    let client = scene.open();
    let early =
        json!({ "jsonrpc": "2.0", "id": "early", "method": "subscriber.online", "params": {} });
    scene.raw(client, &early);
    scene.raw(client, &early);
    let frame = json!({ "jsonrpc": "2.0", "id": "c", "method": "signalwire.connect", "params": connect(&sat) });
    scene.raw(client, &frame);
    scene.raw(client, &frame);
    let answers = scene.frames(client);
    let of = |id: &str| {
        answers
            .iter()
            .filter(|frame| frame["id"] == json!(id))
            .count()
    };
    assert_eq!((of("early"), of("c")), (1, 1));
    assert_eq!(scene.world.sessions().len(), 1);
}
