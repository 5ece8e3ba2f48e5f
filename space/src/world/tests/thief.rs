//! Who has got hold of everything but the key: tokens, proofs on their way, what a resume takes. What is refused,
//! and what is not, for as long as `docs/security.md` says. How each single proof is judged is in `proofs` and
//! in the tests of the endpoints.

use serde_json::{Value, json};
use signalwire_wasm::proof::signer::Signer;
use signalwire_wasm::proof::token_hash;

use super::scene::{Client, Scene, connect, resume};
use crate::rest::{Request, Response, answer};
use crate::world::Input;
use crate::world::proofs::ProofRules;

const CONNECT: &str = "signalwire.connect";
const REAUTHENTICATE: &str = "signalwire.reauthenticate";
const FIRST: &str = "/api/fabric/subscriber/devices/token";
const NEXT: &str = "/api/fabric/subscriber/devices/refresh";
const WHO_AM_I: &str = "/api/fabric/subscriber/info";

/// A key, and a number for each of its proofs.
struct Holder {
    key: Signer,
    proofs: u32,
}

impl Holder {
    fn new(number: u8) -> Self {
        Self {
            key: Signer::es256(number),
            proofs: 0,
        }
    }

    fn sign(&mut self, scene: &Scene, mut claims: Value) -> String {
        self.proofs += 1;
        claims["jti"] = json!(format!("proof-{}", self.proofs));
        claims["iat"] = json!(scene.seconds());
        self.key.proof(&claims)
    }

    /// A proof for the socket.
    fn rpc(&mut self, scene: &Scene, method: &str) -> String {
        self.sign(scene, json!({ "rpc": "request", "mth": method }))
    }

    /// A proof for the endpoint of this path, with this token.
    fn http(&mut self, scene: &Scene, path: &str, sat: &str) -> String {
        let mut claims = json!({ "htm": "POST", "htu": path });
        if path == NEXT {
            claims["ath"] = json!(token_hash(sat));
        }
        self.sign(scene, claims)
    }
}

fn scoped(scene: &mut Scene, key: Option<&Signer>) -> String {
    let asked = json!({
        "reference": "ada@example.test", "scope": "sat:refresh",
        "fingerprint": key.map(Signer::fingerprint),
    });
    scene.issue(
        |world, body, cx| world.subscriber_token(body, cx).unwrap(),
        asked,
    )
}

fn send(scene: &mut Scene, method: &str, path: &str, sat: &str, body: &Value) -> Response {
    let request = Request {
        method: method.into(),
        path: path.into(),
        base: "http://fabric.localhost:8080".into(),
        authorization: Some(format!("Bearer {sat}")),
        body: body.to_string().into(),
        ..Request::default()
    };
    scene.with_world(|world, cx| answer(world, &request, cx))
}

fn renew(scene: &mut Scene, path: &str, sat: &str, proof: &str) -> Response {
    let body = json!({ "dpop_token": proof, "expire_in": 900 });
    send(scene, "POST", path, sat, &body)
}

fn renewed(scene: &mut Scene, holder: &mut Holder, path: &str, sat: &str) -> String {
    let proof = holder.http(scene, path, sat);
    let response = renew(scene, path, sat, &proof);
    assert_eq!(response.status, 201, "{}", response.body);
    let body: Value = serde_json::from_str(&response.body).unwrap();
    body["token"].as_str().unwrap().to_owned()
}

fn who(scene: &mut Scene, sat: &str) -> u16 {
    send(scene, "GET", WHO_AM_I, sat, &json!(null)).status
}

fn with_proof(mut params: Value, proof: Option<&str>) -> Value {
    if let Some(proof) = proof {
        params["dpop_token"] = json!(proof);
    }
    params
}

fn renewal(sat: &str) -> Value {
    json!({ "authentication": { "project": "", "jwt_token": sat } })
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

/// What somebody on a new socket gets for these params of a connect.
fn comes_in(scene: &mut Scene, params: Value, proof: Option<&str>) -> i64 {
    let client = scene.open();
    code(&scene.ask(client, CONNECT, with_proof(params, proof)))
}

/// Ada's client as it is after its start: its key, its socket, its bound SAT, and what a resume takes.
fn victim(scene: &mut Scene) -> (Holder, Client, String, [String; 2]) {
    let mut holder = Holder::new(1);
    let sat = scoped(scene, Some(&holder.key));
    let bound = renewed(scene, &mut holder, FIRST, &sat);
    let client = scene.open();
    let proof = holder.rpc(scene, CONNECT);
    let answer = scene.ask(client, CONNECT, with_proof(connect(&sat), Some(&proof)));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let protocol = text(&answer["result"]["protocol"]);
    let state = text(&scene.events(client)[0]["params"]["authorization_state"]);
    let proof = holder.rpc(scene, REAUTHENTICATE);
    let answer = scene.ask(
        client,
        REAUTHENTICATE,
        with_proof(renewal(&bound), Some(&proof)),
    );
    assert_eq!(answer["result"]["code"], "200");
    (holder, client, bound, [state, protocol])
}

fn lose(scene: &mut Scene, client: Client) {
    let socket = client.0;
    scene.input(Input::Closed { socket, code: 1006 });
}

/// A proof that was caught before its use opens its own door alone.
#[test]
fn a_proof_that_was_caught_is_good_for_nothing_else() {
    let mut scene = Scene::new();
    let (mut ada, client, bound, _) = victim(&mut scene);
    let scoped = scoped(&mut scene, Some(&ada.key));
    let caught = [
        ("connect", ada.rpc(&scene, CONNECT)),
        ("reauthenticate", ada.rpc(&scene, REAUTHENTICATE)),
        ("first", ada.http(&scene, FIRST, &scoped)),
        ("next", ada.http(&scene, NEXT, &bound)),
        ("next of another token", ada.http(&scene, NEXT, &scoped)),
    ];
    for (what, proof) in &caught {
        if *what != "connect" {
            let got = comes_in(&mut scene, connect(&bound), Some(proof));
            assert_eq!(got, -32002, "{what} at the socket");
        }
        if *what != "reauthenticate" {
            let params = with_proof(renewal(&bound), Some(proof));
            let got = code(&scene.ask(client, REAUTHENTICATE, params));
            assert_eq!(got, -32002, "{what} at a session");
        }
        for (path, sat, own) in [(FIRST, &scoped, "first"), (NEXT, &bound, "next")] {
            if *what != own {
                let got = renew(&mut scene, path, sat, proof).status;
                assert_eq!(got, 401, "{what} at {path}");
            }
        }
    }
    // None of it cost its owner anything.
    for (path, sat, proof) in [(FIRST, &scoped, &caught[2].1), (NEXT, &bound, &caught[3].1)] {
        assert_eq!(renew(&mut scene, path, sat, proof).status, 201);
    }
}

/// W-12: until its owner uses it, within the minute, a proof that was caught works once. A nonce ends that.
#[test]
fn a_proof_that_was_never_used_opens_its_door_once_unless_a_nonce_is_asked_for() {
    let mut scene = Scene::new();
    let (mut ada, _, bound, _) = victim(&mut scene);
    let caught = ada.rpc(&scene, CONNECT);
    assert_eq!(comes_in(&mut scene, connect(&bound), Some(&caught)), 0);
    assert_eq!(comes_in(&mut scene, connect(&bound), Some(&caught)), -32002);
    let late = ada.rpc(&scene, CONNECT);
    scene.advance(61_000);
    assert_eq!(comes_in(&mut scene, connect(&bound), Some(&late)), -32002);
    scene.world.set_proof_rules(ProofRules {
        nonce: true,
        ..ProofRules::default()
    });
    let caught = ada.rpc(&scene, CONNECT);
    assert_eq!(comes_in(&mut scene, connect(&bound), Some(&caught)), -32002);
}

/// Auth §5.1: what a resume takes lies in the storage of the page, or passes by on the socket.
#[test]
fn what_a_resume_takes_resumes_nothing_without_the_key() {
    let mut scene = Scene::new();
    let (mut ada, client, bound, [state, protocol]) = victim(&mut scene);
    scene.call(client, "c-1", "/public/echo");
    let mut thief = Holder::new(2);
    let unbound = scene.sat("ada@example.test");
    let stolen = |sat: &str| resume(sat, &state, &protocol);
    for offline in [false, true] {
        if offline {
            lose(&mut scene, client);
        }
        let foreign = thief.rpc(&scene, CONNECT);
        let other_method = ada.rpc(&scene, REAUTHENTICATE);
        let http = ada.http(&scene, NEXT, &bound);
        for sat in [&bound, &unbound] {
            for proof in [None, Some(&foreign), Some(&other_method), Some(&http)] {
                let got = comes_in(&mut scene, stolen(sat), proof.map(String::as_str));
                assert_eq!(got, -32002, "offline: {offline}");
            }
        }
    }
    let report = scene.world.sessions().remove(0);
    assert_eq!((report.resumed, report.calls), (0, vec!["c-1".to_owned()]));
    let proof = ada.rpc(&scene, CONNECT);
    assert_eq!(comes_in(&mut scene, stolen(&bound), Some(&proof)), 0);
    assert_eq!(scene.world.sessions()[0].resumed, 1);
    assert_eq!(
        comes_in(&mut scene, stolen(&bound), Some(&proof)),
        -32002,
        "a replay"
    );
}

/// The same when the SAT has expired meanwhile, within the minute that a session waits.
#[test]
fn an_expired_session_is_resumed_by_its_key_alone() {
    let mut scene = Scene::new();
    let (mut ada, client, bound, [state, protocol]) = victim(&mut scene);
    lose(&mut scene, client);
    scene.advance(890_000);
    scene.pass(20_000, &[]);
    let stolen = resume(&bound, &state, &protocol);
    assert_eq!(comes_in(&mut scene, stolen.clone(), None), -32002);
    let proof = ada.rpc(&scene, CONNECT);
    assert_eq!(comes_in(&mut scene, stolen, Some(&proof)), 0);
}

/// A SAT with the scope that is not bound yet: whoever is second gets no bound one, and its minute is all that is left.
#[test]
fn a_stolen_sat_of_a_minute_is_good_for_a_minute() {
    let mut scene = Scene::new();
    let mut ada = Holder::new(1);
    let mut thief = Holder::new(2);
    let sat = scoped(&mut scene, None);
    let bound = renewed(&mut scene, &mut ada, FIRST, &sat);
    for (path, stolen) in [(FIRST, &sat), (FIRST, &bound), (NEXT, &bound)] {
        let proof = thief.http(&scene, path, stolen);
        assert_eq!(renew(&mut scene, path, stolen, &proof).status, 401);
    }
    let (client, _) = scene.connected(&sat);
    scene.ack_all(client);
    let proof = thief.rpc(&scene, REAUTHENTICATE);
    let params = with_proof(renewal(&bound), Some(&proof));
    assert_eq!(code(&scene.ask(client, REAUTHENTICATE, params)), -32002);
    scene.advance(60_000);
    assert_eq!(scene.closes(client), [(4401, "expired")]);
    assert_eq!(who(&mut scene, &sat), 401);
    assert_eq!(comes_in(&mut scene, connect(&sat), None), -32002);
}

/// W-11: REST asks for no proof, so a stolen bound SAT is a bearer there, until its end or its revocation; it is not renewed,
/// and makes nothing that is.
#[test]
fn a_stolen_bound_sat_is_a_bearer_at_the_endpoints_until_its_end() {
    let mut scene = Scene::new();
    let (mut ada, _, bound, _) = victim(&mut scene);
    assert_eq!(who(&mut scene, &bound), 200);
    let mut thief = Holder::new(2);
    let proof = thief.http(&scene, NEXT, &bound);
    assert_eq!(renew(&mut scene, NEXT, &bound, &proof).status, 401);
    let address = scene.world.directory().subscribers[0].address_id.clone();
    let path = "/api/fabric/subscriber/invites";
    let made = send(
        &mut scene,
        "POST",
        path,
        &bound,
        &json!({ "address_id": address }),
    );
    let made: Value = serde_json::from_str(&made.body).unwrap();
    let invite = made["token"].as_str().unwrap();
    for path in [FIRST, NEXT] {
        let proof = thief.http(&scene, path, invite);
        assert_eq!(renew(&mut scene, path, invite, &proof).status, 403);
    }
    let next = renewed(&mut scene, &mut ada, NEXT, &bound);
    scene.advance(900_000);
    assert_eq!(
        [who(&mut scene, &bound), who(&mut scene, &next)],
        [401, 401]
    );
}

/// W-32: a backend that ends a family ends every copy, and the key with it.
#[test]
fn nothing_of_a_revoked_family_works_with_or_without_the_key() {
    let mut scene = Scene::new();
    let (mut ada, client, bound, [state, protocol]) = victim(&mut scene);
    let jti = scene.world.sessions()[0].jti.clone();
    scene.input(Input::Revoke(crate::world::revocation::Revocation::Sat {
        jti,
    }));
    assert_eq!(scene.closes(client), [(4401, "revoked")]);
    assert_eq!(who(&mut scene, &bound), 401);
    let proof = ada.http(&scene, NEXT, &bound);
    assert_eq!(renew(&mut scene, NEXT, &bound, &proof).status, 401);
    for params in [connect(&bound), resume(&bound, &state, &protocol)] {
        let proof = ada.rpc(&scene, CONNECT);
        assert_eq!(comes_in(&mut scene, params, Some(&proof)), -32002);
    }
}

/// Auth §6.6 (1): a key that can be computed is no key. 1024 bits, of which others have found the other half.
#[test]
fn a_weak_key_and_a_foreign_algorithm_bind_nothing() {
    let mut scene = Scene::new();
    let strong = Signer::rs256();
    let mut weak = strong.jwk();
    weak["n"] = json!("u".repeat(170) + "U");
    let sat = scoped(&mut scene, None);
    let claims = json!({ "htm": "POST", "htu": FIRST, "jti": "w", "iat": scene.seconds() });
    for (alg, jwk, why) in [
        ("RS256", &weak, "2048"),
        ("PS256", &strong.jwk(), "alg"),
        ("HS512", &strong.jwk(), "alg"),
    ] {
        let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
        let proof = strong.sign(&header, &claims);
        let response = renew(&mut scene, FIRST, &sat, &proof);
        assert_eq!(response.status, 401, "{alg}");
        let warning = response.warning.unwrap();
        assert!(warning.contains(why), "{alg}: {warning}");
    }
    let mut ada = Holder::new(1);
    renewed(&mut scene, &mut ada, FIRST, &sat);
}
