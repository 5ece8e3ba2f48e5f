//! SATs that are bound to a key, on the socket: who proves it gets in, a thief does not; and the end of a
//! family of tokens while its session lives.

use serde_json::{Map, Value, json};
use signalwire_wasm::proof::signer::Signer;

use super::scene::{Client, Scene, connect, resume};
use crate::world::Input;
use crate::world::proofs::ProofRules;

const CONNECT: &str = "signalwire.connect";
const REAUTHENTICATE: &str = "signalwire.reauthenticate";

/// A browser: its key, and a number for each proof.
struct Page {
    key: Signer,
    proofs: u32,
}

impl Page {
    fn new(number: u8) -> Self {
        Self {
            key: Signer::es256(number),
            proofs: 0,
        }
    }

    /// The claims of a new proof for this method.
    fn claims(&mut self, scene: &Scene, method: &str) -> Value {
        self.proofs += 1;
        let jti = format!("proof-{}", self.proofs);
        json!({ "jti": jti, "rpc": "request", "mth": method, "iat": scene.seconds() })
    }

    fn proof(&mut self, scene: &Scene, method: &str) -> String {
        let claims = self.claims(scene, method);
        self.key.proof(&claims)
    }

    /// A Subscriber SAT that is bound to the key.
    fn sat(&self, scene: &mut Scene, reference: &str) -> String {
        let asked = json!({ "reference": reference, "fingerprint": self.key.fingerprint() });
        scene.issue(
            |world, body, cx| world.subscriber_token(body, cx).unwrap(),
            asked,
        )
    }
}

fn with_proof(mut params: Value, proof: &str) -> Value {
    params["dpop_token"] = json!(proof);
    params
}

fn renewal(sat: &str) -> Value {
    json!({ "authentication": { "project": "", "jwt_token": sat } })
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

/// A bound session of Ada: her page, socket and SAT, and what a resume needs.
fn session(scene: &mut Scene) -> (Page, Client, String, [String; 2]) {
    let mut page = Page::new(1);
    let sat = page.sat(scene, "ada@example.test");
    let client = scene.open();
    let proof = page.proof(scene, CONNECT);
    let answer = scene.ask(client, CONNECT, with_proof(connect(&sat), &proof));
    assert!(answer["result"].is_object(), "{answer}");
    let events = scene.events(client);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let state = text(&events[0]["params"]["authorization_state"]);
    let protocol = text(&answer["result"]["protocol"]);
    (page, client, sat, [state, protocol])
}

fn lose(scene: &mut Scene, client: Client) {
    let socket = client.0;
    scene.input(Input::Closed { socket, code: 1006 });
}

#[test]
fn a_bound_sat_opens_a_session_with_a_proof_of_its_key() {
    for key in [Signer::rs256(), Signer::es256(1)] {
        let mut scene = Scene::new();
        let mut page = Page { key, proofs: 0 };
        let sat = page.sat(&mut scene, "ada@example.test");
        let client = scene.open();
        let answer = scene.ask(client, CONNECT, connect(&sat));
        assert_eq!(code(&answer), -32002, "without a proof");
        let proof = page.proof(&scene, CONNECT);
        let answer = scene.ask(client, CONNECT, with_proof(connect(&sat), &proof));
        let cnf = json!({ "jkt": page.key.fingerprint() });
        assert_eq!(answer["result"]["authorization"]["cnf"], cnf);
        let report = scene.world.sessions().remove(0);
        assert_eq!(report.jkt, Some(page.key.fingerprint()));
    }
}

#[test]
fn an_unbound_sat_needs_no_proof_and_no_honest_one() {
    let mut scene = Scene::new();
    let sat = scene.sat("ada@example.test");
    for proof in ["", "x.y.z"] {
        let client = scene.open();
        let answer = scene.ask(client, CONNECT, with_proof(connect(&sat), proof));
        assert!(answer["result"].is_object(), "{answer}");
        assert!(answer["result"]["authorization"]["cnf"].is_null());
        let answer = scene.ask(client, REAUTHENTICATE, with_proof(renewal(&sat), proof));
        assert_eq!(answer["result"]["code"], "200");
    }
}

/// T-31 on the socket: what a thief tries with a stolen SAT, to come in and to put it into force.
#[test]
fn a_thief_with_a_bound_sat_gets_nothing() {
    let mut scene = Scene::new();
    let mut page = Page::new(1);
    let mut thief = Page::new(2);
    let sat = page.sat(&mut scene, "ada@example.test");
    let inside = scene.ada();
    let taken = page.proof(&scene, CONNECT);
    let client = scene.open();
    let answer = scene.ask(client, CONNECT, with_proof(connect(&sat), &taken));
    assert!(answer["result"].is_object());
    for method in [CONNECT, REAUTHENTICATE] {
        let honest = page.claims(&scene, method);
        let mut tries = vec![
            ("another key", thief.proof(&scene, method)),
            ("a replay, or another method", taken.clone()),
            ("no proof at all", String::new()),
        ];
        let now = scene.seconds();
        for (key, value) in [
            ("mth", json!("subscriber.online")),
            ("rpc", json!("response")),
            ("iat", json!(now - 61)),
            ("iat", json!(now + 61)),
            ("htm", json!("POST")),
            ("jti", json!("")),
        ] {
            let mut claims = honest.clone();
            claims[key] = value;
            tries.push((key, page.key.proof(&claims)));
        }
        let http = json!({
            "jti": "h", "htm": "POST", "htu": "/api/fabric/subscriber/devices/refresh", "iat": now,
        });
        tries.push(("a proof for HTTP", page.key.proof(&http)));
        let mut private = page.key.jwk();
        private["d"] = json!("AQAB");
        for (alg, jwk) in [("none", page.key.jwk()), ("ES256", private)] {
            let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
            tries.push((alg, page.key.sign(&header, &honest)));
        }
        for (what, proof) in tries {
            let (client, params) = if method == CONNECT {
                (scene.open(), connect(&sat))
            } else {
                (inside, renewal(&sat))
            };
            let answer = scene.ask(client, method, with_proof(params, &proof));
            assert_eq!(code(&answer), -32002, "{method}: {what}");
            let said = answer.to_string();
            assert!(proof.is_empty() || !said.contains(&proof), "{said}");
        }
    }
    let sessions = scene.world.sessions();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].reauthenticated, 0);
}

#[test]
fn a_proof_that_was_refused_for_the_sat_may_come_again() {
    let mut scene = Scene::new();
    let mut page = Page::new(1);
    let bob = page.sat(&mut scene, "bob@example.test");
    let ada = page.sat(&mut scene, "ada@example.test");
    let inside = scene.ada();
    let proof = page.proof(&scene, REAUTHENTICATE);
    let answer = scene.ask(inside, REAUTHENTICATE, with_proof(renewal(&bob), &proof));
    assert_eq!(code(&answer), -32003, "another subscriber's");
    let answer = scene.ask(inside, REAUTHENTICATE, with_proof(renewal(&ada), &proof));
    assert_eq!(answer["result"]["code"], "200");
    let answer = scene.ask(inside, REAUTHENTICATE, with_proof(renewal(&ada), &proof));
    assert_eq!(code(&answer), -32002, "a replay");
}

/// Auth REQ-65, REQ-68.
#[test]
fn a_session_goes_on_from_key_to_key_and_without_one() {
    let mut scene = Scene::new();
    let (mut page, client, ..) = session(&mut scene);
    scene.call(client, "c-1", "/public/echo");
    let fresh = page.sat(&mut scene, "ada@example.test");
    let proof = page.proof(&scene, REAUTHENTICATE);
    let answer = scene.ask(client, REAUTHENTICATE, with_proof(renewal(&fresh), &proof));
    assert_eq!(answer["result"]["code"], "200");
    let unbound = scene.sat("ada@example.test");
    let answer = scene.ask(client, REAUTHENTICATE, renewal(&unbound));
    assert_eq!(answer["result"]["code"], "200");
    let report = scene.world.sessions().remove(0);
    assert_eq!((report.reauthenticated, report.jkt), (2, None));
    assert_eq!(report.calls, ["c-1"]);
    let bob = scene.sat("bob@example.test");
    let answer = scene.ask(client, REAUTHENTICATE, renewal(&bob));
    assert_eq!(code(&answer), -32003);
}

/// Auth §5.1, as a lenient space reads it: some clients send no proof when their page was loaded again.
#[test]
fn a_lenient_space_resumes_a_bound_session_by_its_state_and_lets_it_keep_its_sat() {
    let mut scene = Scene::new();
    scene.world.set_proof_rules(ProofRules {
        resume: false,
        ..ProofRules::default()
    });
    let (mut page, client, sat, [state, protocol]) = session(&mut scene);
    let own = scene.world.sessions()[0].jti.clone();
    lose(&mut scene, client);
    scene.mono += 1000;
    let later = page.sat(&mut scene, "ada@example.test");
    for shown in [&sat, &later] {
        let client = scene.open();
        let answer = scene.ask(client, CONNECT, resume(shown, &state, &protocol));
        assert!(answer["result"].is_object(), "{answer}");
        assert_eq!(
            scene.world.sessions()[0].jti,
            own,
            "what is not proven is not put into force"
        );
        lose(&mut scene, client);
    }
    let client = scene.open();
    let proof = page.proof(&scene, CONNECT);
    let params = with_proof(resume(&later, &state, &protocol), &proof);
    let answer = scene.ask(client, CONNECT, params);
    assert!(answer["result"].is_object(), "{answer}");
    assert_ne!(scene.world.sessions()[0].jti, own);
}

#[test]
fn a_resume_under_another_key_is_refused() {
    let mut scene = Scene::new();
    let (mut page, client, sat, [state, protocol]) = session(&mut scene);
    let mut thief = Page::new(2);
    lose(&mut scene, client);
    let theirs = thief.sat(&mut scene, "ada@example.test");
    let unbound = scene.sat("ada@example.test");
    let [own, foreign] = [&mut page, &mut thief].map(|one| one.proof(&scene, CONNECT));
    for (shown, proof, wanted) in [
        (&theirs, None, -32003),
        (&theirs, Some(&foreign), -32003),
        (&unbound, None, -32002),
        (&sat, None, -32002),
        (&unbound, Some(&foreign), -32002),
        (&sat, Some(&foreign), -32002),
    ] {
        let client = scene.open();
        let params = resume(shown, &state, &protocol);
        let params =
            proof.map_or_else(|| params.clone(), |proof| with_proof(params.clone(), proof));
        assert_eq!(code(&scene.ask(client, CONNECT, params)), wanted);
    }
    let client = scene.open();
    let params = with_proof(resume(&unbound, &state, &protocol), &own);
    let answer = scene.ask(client, CONNECT, params);
    assert!(
        answer["result"].is_object(),
        "its own key may let it go on unbound: {answer}"
    );
}

/// Auth §7.9 (5).
#[test]
fn a_space_that_wants_a_nonce_gives_one_on_the_socket() {
    let mut scene = Scene::new();
    let mut page = Page::new(1);
    let sat = page.sat(&mut scene, "ada@example.test");
    let rules = ProofRules {
        nonce: true,
        ..ProofRules::default()
    };
    scene.world.set_proof_rules(rules);
    let client = scene.open();
    for (method, params) in [(CONNECT, connect(&sat)), (REAUTHENTICATE, renewal(&sat))] {
        let proof = page.proof(&scene, method);
        let answer = scene.ask(client, method, with_proof(params.clone(), &proof));
        assert_eq!(code(&answer), -32002);
        let nonce = answer["error"]["data"]["dpop_nonce"].clone();
        assert!(nonce.is_string(), "{answer}");
        let mut claims = page.claims(&scene, method);
        claims["nonce"] = nonce.clone();
        let proof = page.key.proof(&claims);
        let answer = scene.ask(client, method, with_proof(params.clone(), &proof));
        assert!(answer["result"].is_object(), "{answer}");
        let mut claims = page.claims(&scene, REAUTHENTICATE);
        claims["nonce"] = nonce;
        let again = with_proof(renewal(&sat), &page.key.proof(&claims));
        assert_eq!(
            code(&scene.ask(client, REAUTHENTICATE, again)),
            -32002,
            "a nonce is for once"
        );
    }
    scene.input(Input::Reset);
    assert_eq!(scene.world.proof_rules(), ProofRules::default());
}

/// The other refusals have no nonce: a client that gets one would try again for nothing.
#[test]
fn only_a_missing_nonce_is_answered_by_one() {
    let mut scene = Scene::new();
    let mut thief = Page::new(2);
    let sat = Page::new(1).sat(&mut scene, "ada@example.test");
    let rules = ProofRules {
        nonce: true,
        ..ProofRules::default()
    };
    scene.world.set_proof_rules(rules);
    let client = scene.open();
    let foreign = thief.proof(&scene, CONNECT);
    for params in [
        connect(&sat),
        with_proof(connect(&sat), &foreign),
        connect("x"),
    ] {
        let answer = scene.ask(client, CONNECT, params);
        assert_eq!(code(&answer), -32002);
        assert!(answer["error"]["data"].is_null(), "{answer}");
    }
}

/// Auth §7.9 (14): whoever uses a refresh token again is not told who lives by its family; but those are
/// closed, and at once.
#[test]
fn a_refresh_token_that_is_used_again_closes_the_sessions_of_its_family() {
    let mut scene = Scene::new();
    let asked = |body: &Value| body.as_object().unwrap().clone();
    let create: Map<String, Value> = asked(&json!({ "reference": "ada@example.test" }));
    let first = scene.with_world(|world, cx| world.subscriber_token(&create, cx).unwrap());
    let (client, _) = scene.connected(first["token"].as_str().unwrap());
    let bystander = scene.ada();
    let rotation = asked(&json!({ "refresh_token": first["refresh_token"] }));
    let second = scene.with_world(|world, cx| world.rotate(&rotation, cx).unwrap());
    let answer = scene.ask(
        client,
        REAUTHENTICATE,
        renewal(second["token"].as_str().unwrap()),
    );
    assert_eq!(answer["result"]["code"], "200");
    scene.call(client, "c-1", "/public/echo");
    scene.pass(20_000, &[client, bystander]);
    assert!(
        scene
            .with_world(|world, cx| world.rotate(&rotation, cx))
            .is_err()
    );
    assert_eq!(
        scene.world.deadline(),
        Some(scene.mono),
        "it wants to be woken at once"
    );
    scene.pass(0, &[]);
    assert_eq!(scene.closes(client), [(4401, "revoked")]);
    assert_eq!(scene.closes(bystander), []);
    let end = scene.world.calls().pop().unwrap().ended.unwrap();
    assert_eq!((end.by, end.how), ("space", "session_revoked"));
    assert!(scene.legs().is_empty());
}
