//! Client-bound SATs: what the key's owner gets, and what a thief does not.

use serde_json::{Value, json};
use signalwire_wasm::proof::signer::Signer;
use signalwire_wasm::proof::token_hash;

use super::desk::{Desk, body, problems, token};
use crate::rest::Response;
use crate::world::proofs::ProofRules;

const NOW: u64 = 1_700_000_000;
const FIRST: &str = "/api/fabric/subscriber/devices/token";
const NEXT: &str = "/api/fabric/subscriber/devices/refresh";

/// A browser: its key, and a number for each proof.
struct Page {
    key: Signer,
    proofs: u32,
}

impl Page {
    fn new(key: Signer) -> Self {
        Self { key, proofs: 0 }
    }

    /// The claims of a new proof for this path; with `ath` for the endpoint that renews.
    fn claims(&mut self, desk: &Desk, path: &str, sat: &str) -> Value {
        self.proofs += 1;
        let jti = format!("proof-{}", self.proofs);
        let mut claims = json!({
            "jti": jti, "htm": "POST", "htu": path, "iat": desk.wall / 1000,
        });
        if path == NEXT {
            claims["ath"] = json!(token_hash(sat));
        }
        claims
    }

    fn ask(&mut self, desk: &mut Desk, path: &str, sat: &str, expire_in: u64) -> Response {
        let claims = self.claims(desk, path, sat);
        self.ask_with(desk, path, sat, &claims, expire_in)
    }

    fn ask_with(
        &self,
        desk: &mut Desk,
        path: &str,
        sat: &str,
        claims: &Value,
        expire_in: u64,
    ) -> Response {
        let proof = self.key.proof(claims);
        desk.page(
            path,
            sat,
            &json!({ "dpop_token": proof, "expire_in": expire_in }),
        )
    }
}

/// A SAT with the scope, bound to this key or to none yet.
fn scoped(desk: &mut Desk, key: Option<&Signer>) -> String {
    let print = key.map(Signer::fingerprint);
    let asked = json!({
        "reference": "ada@example.test", "scope": "sat:refresh", "fingerprint": print,
    });
    token(&desk.manage(&asked))
}

fn lifetime(response: &Response) -> (u64, u64) {
    assert_eq!(response.status, 201, "{}", response.body);
    let issued = body(response);
    let number = |key: &str| issued[key].as_u64().unwrap();
    (number("expires_at"), number("expires_in"))
}

/// The proof was refused, and the log says why.
fn refused(response: &Response, why: &str) {
    assert_eq!(response.status, 401, "{why}: {}", response.body);
    assert_eq!(response.body, r#"{"error":"Unauthorized"}"#);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let scheme = response.header("www-authenticate");
    assert_eq!(scheme, Some("DPoP error=\"invalid_dpop_proof\""));
    let warning = response.warning.as_deref().unwrap_or_default();
    assert!(warning.contains(why), "{why}: {warning}");
}

#[test]
fn a_bound_sat_is_renewed_again_and_again_by_its_key() {
    for key in [Signer::rs256(), Signer::es256(1)] {
        let mut desk = Desk::new();
        let print = key.fingerprint();
        let sat = scoped(&mut desk, Some(&key));
        let mut page = Page::new(key);
        let first = page.ask(&mut desk, FIRST, &sat, 900);
        assert_eq!(lifetime(&first), (NOW + 900, 900));
        assert_eq!(first.header("cache-control"), Some("no-store"));
        assert_eq!(first.header("access-control-allow-origin"), Some("*"));
        let mut current = token(&first);
        let ada = desk.who(&sat)["id"].clone();
        for round in 1..=20 {
            desk.wall += 800_000;
            let now = NOW + 800 * round;
            let next = page.ask(&mut desk, NEXT, &current, 900);
            assert_eq!(lifetime(&next), (now + 900, 900));
            assert_ne!(token(&next), current);
            let before = desk.who(&current);
            assert_eq!(
                before["id"], ada,
                "the old one is in force until it expires"
            );
            current = token(&next);
            let info = desk.who(&current);
            assert_eq!(info["id"], ada);
            let claims = json!({
                "expires_at": now + 900, "scope": ["sat:refresh"], "cnf": { "jkt": print },
            });
            assert_eq!(info["sat_claims"], claims);
        }
    }
}

/// T-29.
#[test]
fn the_first_bound_sat_does_not_outlive_the_sat_it_came_of() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let unbound = scoped(&mut desk, None);
    let first = page.ask(&mut desk, FIRST, &unbound, 900);
    assert_eq!(lifetime(&first), (NOW + 60, 60));
    desk.wall += 59_000;
    let again = page.ask(&mut desk, FIRST, &unbound, 900);
    assert_eq!(lifetime(&again), (NOW + 60, 1));
    let next = page.ask(&mut desk, NEXT, &token(&first), 60);
    assert_eq!(lifetime(&next), (NOW + 119, 60));
    let bound = scoped(&mut desk, Some(&page.key));
    let long = page.ask(&mut desk, FIRST, &bound, 100_000);
    assert_eq!(lifetime(&long).1, 7200);
    let long = page.ask(&mut desk, NEXT, &token(&long), 100_000);
    assert_eq!(lifetime(&long).1, 7200);
    let short = page.ask(&mut desk, NEXT, &token(&long), 0);
    assert_eq!(lifetime(&short).1, 1);
}

/// T-30, and the thief who is second.
#[test]
fn the_first_key_that_is_used_is_the_only_one() {
    let mut desk = Desk::new();
    let [mut page, mut thief] = [1, 2].map(|number| Page::new(Signer::es256(number)));
    let sat = scoped(&mut desk, None);
    let first = page.ask(&mut desk, FIRST, &sat, 900);
    assert_eq!(first.status, 201);
    refused(&thief.ask(&mut desk, FIRST, &sat, 900), "another key");
    assert_eq!(page.ask(&mut desk, FIRST, &sat, 900).status, 201);
    refused(
        &thief.ask(&mut desk, NEXT, &token(&first), 900),
        "another key",
    );
    let bound = scoped(&mut desk, Some(&page.key));
    refused(&thief.ask(&mut desk, FIRST, &bound, 900), "another key");
    refused(&thief.ask(&mut desk, NEXT, &bound, 900), "another key");
    let other = scoped(&mut desk, None);
    let theirs = thief.ask(&mut desk, FIRST, &other, 900);
    assert_eq!(
        theirs.status, 201,
        "a SAT of its own is bound to its own key"
    );
}

#[test]
fn a_proof_that_is_refused_binds_nothing() {
    let mut desk = Desk::new();
    let [mut page, mut thief] = [1, 2].map(|number| Page::new(Signer::es256(number)));
    let sat = scoped(&mut desk, None);
    let mut claims = thief.claims(&desk, FIRST, &sat);
    claims["iat"] = json!(NOW - 61);
    refused(&thief.ask_with(&mut desk, FIRST, &sat, &claims, 900), "iat");
    let nothing = desk.page(
        FIRST,
        &sat,
        &json!({ "dpop_token": thief.key.proof(&claims) }),
    );
    assert_eq!(nothing.status, 422);
    assert_eq!(page.ask(&mut desk, FIRST, &sat, 900).status, 201);
}

/// T-31 over HTTP: each claim is looked at, with the request it came with.
#[test]
fn a_proof_for_something_else_renews_nothing() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    let current = token(&page.ask(&mut desk, FIRST, &sat, 900));
    for (key, value, why) in [
        ("htm", json!("GET"), "method"),
        ("htu", json!(FIRST), "htu"),
        (
            "htu",
            json!("http://other.localhost:1/api/fabric/subscriber/devices/refresh"),
            "htu",
        ),
        ("ath", json!(token_hash(&sat)), "ath"),
        ("ath", json!(null), "ath"),
        ("iat", json!(NOW - 61), "iat"),
        ("iat", json!(NOW + 61), "iat"),
        ("rpc", json!("request"), "kind"),
    ] {
        let mut claims = page.claims(&desk, NEXT, &current);
        claims[key] = value;
        refused(&page.ask_with(&mut desk, NEXT, &current, &claims, 900), why);
    }
    let rpc =
        json!({ "jti": "x", "rpc": "request", "mth": "signalwire.reauthenticate", "iat": NOW });
    refused(&page.ask_with(&mut desk, NEXT, &current, &rpc, 900), "kind");
    let mut claims = page.claims(&desk, NEXT, &current);
    claims["htu"] = json!(format!("http://FABRIC.localhost:1{NEXT}"));
    assert_eq!(
        page.ask_with(&mut desk, NEXT, &current, &claims, 900)
            .status,
        201
    );
}

/// T-31: `alg: none`, and a header that carries its private key.
#[test]
fn a_header_that_is_not_honest_renews_nothing() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    let mut private = page.key.jwk();
    private["d"] = json!("AQAB");
    for (alg, jwk, why) in [
        ("none", page.key.jwk(), "alg"),
        ("HS256", page.key.jwk(), "alg"),
        ("ES256", private, "private"),
        ("ES256", Signer::es256(2).jwk(), "signature"),
    ] {
        let claims = page.claims(&desk, FIRST, &sat);
        let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk });
        let proof = page.key.sign(&header, &claims);
        let asked = json!({ "dpop_token": proof, "expire_in": 900 });
        refused(&desk.page(FIRST, &sat, &asked), why);
    }
    let asked = json!({ "dpop_token": "no proof", "expire_in": 900 });
    refused(&desk.page(FIRST, &sat, &asked), "JWS");
}

/// T-31: a replay, also at the other endpoint's cost; and a request that failed may come again.
#[test]
fn a_proof_is_taken_once_and_only_when_its_request_was_carried_out() {
    let mut desk = Desk::new();
    let [mut page, mut other] = [1, 2].map(|number| Page::new(Signer::es256(number)));
    let sat = scoped(&mut desk, Some(&page.key));
    let claims = page.claims(&desk, FIRST, &sat);
    let proof = page.key.proof(&claims);
    let malformed = desk.page(
        FIRST,
        &sat,
        &json!({ "dpop_token": proof, "expire_in": "900" }),
    );
    assert_eq!(malformed.status, 422);
    assert_eq!(
        page.ask_with(&mut desk, FIRST, &sat, &claims, 900).status,
        201
    );
    refused(
        &page.ask_with(&mut desk, FIRST, &sat, &claims, 900),
        "before",
    );
    desk.wall += 60_000;
    refused(
        &page.ask_with(&mut desk, FIRST, &sat, &claims, 900),
        "before",
    );
    desk.wall += 1000;
    refused(&page.ask_with(&mut desk, FIRST, &sat, &claims, 900), "iat");
    // The memory is of the key and the id together.
    let theirs = scoped(&mut desk, Some(&other.key));
    let mut same_id = other.claims(&desk, FIRST, &theirs);
    same_id["jti"] = claims["jti"].clone();
    assert_eq!(
        other
            .ask_with(&mut desk, FIRST, &theirs, &same_id, 900)
            .status,
        201
    );
}

#[test]
fn what_was_accepted_stays_so_among_very_many() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    let early = page.claims(&desk, FIRST, &sat);
    assert_eq!(
        page.ask_with(&mut desk, FIRST, &sat, &early, 900).status,
        201
    );
    for _ in 0..70 {
        desk.wall += 100;
        assert_eq!(page.ask(&mut desk, FIRST, &sat, 900).status, 201);
    }
    refused(
        &page.ask_with(&mut desk, FIRST, &sat, &early, 900),
        "before",
    );
}

#[test]
fn without_the_scope_or_a_sat_nobody_renews() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let print = page.key.fingerprint();
    let bound = json!({ "reference": "ada@example.test", "fingerprint": print });
    let unscoped = [desk.ada(), desk.guest(), token(&desk.manage(&bound))];
    for path in [FIRST, NEXT] {
        for sat in &unscoped {
            let response = page.ask(&mut desk, path, sat, 900);
            assert_eq!(response.status, 403, "{path}");
            assert_eq!(response.body, r#"{"error":"Forbidden"}"#);
        }
        for sat in ["", "x", "a..b.c.d"] {
            let response = page.ask(&mut desk, path, sat, 900);
            assert_eq!(response.status, 401, "{path}");
            let scheme = response.header("www-authenticate");
            assert_eq!(scheme, Some("Bearer error=\"invalid_token\""));
        }
    }
    let unbound = scoped(&mut desk, None);
    refused(&page.ask(&mut desk, NEXT, &unbound, 900), "bound to no key");
}

#[test]
fn a_bound_sat_can_be_renewed_until_five_seconds_after_its_expiry() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    let current = token(&page.ask(&mut desk, FIRST, &sat, 900));
    desk.wall += 904_999;
    assert_eq!(page.ask(&mut desk, NEXT, &current, 900).status, 201);
    assert_eq!(
        desk.get("/api/fabric/subscriber/info", &current).status,
        401
    );
    desk.wall += 1;
    assert_eq!(page.ask(&mut desk, NEXT, &current, 900).status, 401);
    let brief = token(&page.ask(&mut desk, FIRST, &sat, 10));
    desk.wall += 10_000;
    assert_eq!(
        page.ask(&mut desk, FIRST, &brief, 10).status,
        401,
        "no leeway here"
    );
}

#[test]
fn every_wrong_body_is_named() {
    let mut desk = Desk::new();
    let page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    let pair = |code: &str, key: &str| (code.to_owned(), key.to_owned());
    let missing = "missing_required_parameter";
    for path in [FIRST, NEXT] {
        let none = problems(&desk.page(path, &sat, &json!({})));
        assert_eq!(
            none,
            [pair(missing, "dpop_token"), pair(missing, "expire_in")]
        );
        for wrong in [json!(-1), json!(1.5), json!("900"), json!([])] {
            let asked = json!({ "dpop_token": 7, "expire_in": wrong });
            let invalid = "invalid_parameter";
            let named = [pair(invalid, "dpop_token"), pair(invalid, "expire_in")];
            assert_eq!(problems(&desk.page(path, &sat, &asked)), named);
        }
        let mut request = desk.page(path, &sat, &json!([]));
        assert_eq!(request.status, 400);
        request = desk.page(path, "x", &json!([]));
        assert_eq!(request.status, 401, "who asks comes before what is asked");
    }
}

/// Auth §6.6 (7).
#[test]
fn a_space_that_wants_a_nonce_gives_one_and_takes_it_once() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    desk.world.set_proof_rules(ProofRules {
        nonce: true,
        ..ProofRules::default()
    });
    let asked_for = |response: &Response| {
        assert_eq!(response.status, 401);
        assert_eq!(response.body, r#"{"error":"Unauthorized"}"#);
        let scheme = response.header("www-authenticate");
        assert_eq!(scheme, Some("DPoP error=\"use_dpop_nonce\""));
        let exposed = response.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("DPoP-Nonce"));
        response.header("dpop-nonce").unwrap().to_owned()
    };
    let nonce = asked_for(&page.ask(&mut desk, FIRST, &sat, 900));
    let answer = |page: &mut Page, desk: &mut Desk, nonce: &str| {
        let mut claims = page.claims(desk, FIRST, &sat);
        claims["nonce"] = json!(nonce);
        page.ask_with(desk, FIRST, &sat, &claims, 900)
    };
    assert_eq!(answer(&mut page, &mut desk, &nonce).status, 201);
    let second = asked_for(&answer(&mut page, &mut desk, &nonce));
    assert_ne!(second, nonce);
    asked_for(&answer(&mut page, &mut desk, "invented"));
    desk.mono += 300_000;
    let third = asked_for(&answer(&mut page, &mut desk, &second));
    assert_eq!(answer(&mut page, &mut desk, &third).status, 201);
    refused(
        &desk.page(
            FIRST,
            &sat,
            &json!({ "dpop_token": "a.b.c", "expire_in": 1 }),
        ),
        "JWS",
    );
}

#[test]
fn a_clock_that_is_wrong_passes_where_the_space_is_told_so() {
    let mut desk = Desk::new();
    let mut page = Page::new(Signer::es256(1));
    let sat = scoped(&mut desk, Some(&page.key));
    desk.world.set_proof_rules(ProofRules {
        iat_tolerance_s: 600,
        ..ProofRules::default()
    });
    for (iat, status) in [
        (NOW - 600, 201),
        (NOW + 600, 201),
        (NOW - 601, 401),
        (NOW + 601, 401),
    ] {
        let mut claims = page.claims(&desk, FIRST, &sat);
        claims["iat"] = json!(iat);
        assert_eq!(
            page.ask_with(&mut desk, FIRST, &sat, &claims, 900).status,
            status
        );
    }
}
