use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::key::PublicKey;
use super::signer::Signer;
use super::{Flaw, Freshness, Proof, Purpose, thumbprint, token_hash, verify};

const NOW: u64 = 1_700_000_000;
const PATH: &str = "/api/fabric/subscriber/devices/token";
const URL: &str = "http://fabric.localhost:8080/api/fabric/subscriber/devices/token";
const TOKEN: &str = "a.b.c";

const CLOCK: Freshness = Freshness {
    now_s: NOW,
    tolerance_s: 60,
};
const HTTP: Purpose<'_> = Purpose::Http {
    method: "POST",
    url: URL,
    token: TOKEN,
    names_token: false,
};
const REFRESH: Purpose<'_> = Purpose::Http {
    method: "POST",
    url: URL,
    token: TOKEN,
    names_token: true,
};
const CONNECT: Purpose<'_> = Purpose::Rpc {
    method: "signalwire.connect",
};

fn http() -> Value {
    json!({ "jti": "j-1", "htm": "POST", "htu": PATH, "iat": NOW })
}

fn rpc() -> Value {
    json!({ "jti": "j-1", "rpc": "request", "mth": "signalwire.connect", "iat": NOW })
}

fn with(mut claims: Value, key: &str, value: Value) -> Value {
    claims[key] = value;
    claims
}

fn without(mut claims: Value, key: &str) -> Value {
    claims.as_object_mut().unwrap().remove(key);
    claims
}

fn judged(claims: &Value, purpose: &Purpose<'_>) -> Result<Proof, Flaw> {
    verify(&Signer::es256(1).proof(claims), purpose, CLOCK)
}

/// T-21: RFC 7638 §3.1.
#[test]
fn the_thumbprint_of_rfc_7638() {
    let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let jwk =
        json!({ "kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
    let known = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(thumbprint(&jwk).as_deref(), Some(known));
    assert_eq!(thumbprint(&json!({ "kty": "RSA", "e": "AQAB" })), None);
    assert_eq!(thumbprint(&json!({ "kty": "oct", "k": "AA" })), None);
}

/// RFC 7515 appendices A.2 and A.3, whose signatures others made.
#[test]
fn the_signatures_of_rfc_7515() {
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let ec = json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    let rsa = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let ecdsa =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    for (alg, header, jwk, signature) in [
        ("RS256", "eyJhbGciOiJSUzI1NiJ9", Signer::rs256().jwk(), rsa),
        ("ES256", "eyJhbGciOiJFUzI1NiJ9", ec, ecdsa),
    ] {
        let key = PublicKey::read(alg, Some(&jwk)).ok().unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let text = format!("{header}.{payload}");
        assert!(key.has_signed(text.as_bytes(), &signature), "{alg}");
        assert!(!key.has_signed(payload.as_bytes(), &signature), "{alg}");
    }
}

/// T-23, as the server sees it.
#[test]
fn a_proof_of_either_kind_and_key_holds() {
    for signer in [Signer::rs256(), Signer::es256(1), Signer::es256(2)] {
        for (claims, purpose) in [(http(), HTTP), (rpc(), CONNECT)] {
            let proof = verify(&signer.proof(&claims), &purpose, CLOCK).unwrap();
            assert_eq!(proof.jkt, signer.fingerprint());
            assert_eq!(proof.jkt.len(), 43);
            assert_eq!((proof.jti.as_str(), proof.issued_at), ("j-1", NOW));
            assert_eq!(proof.nonce, None);
        }
    }
    let answering = judged(&with(rpc(), "nonce", json!("n-1")), &CONNECT);
    assert_eq!(answering.unwrap().nonce.as_deref(), Some("n-1"));
}

#[test]
fn a_key_as_web_crypto_exports_it_is_no_other_key() {
    let signer = Signer::rs256();
    let mut jwk = signer.jwk();
    for (key, value) in [
        ("alg", json!("RS256")),
        ("ext", json!(true)),
        ("key_ops", json!(["verify"])),
    ] {
        jwk[key] = value;
    }
    let header = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": jwk });
    let proof = verify(&signer.sign(&header, &http()), &HTTP, CLOCK).unwrap();
    assert_eq!(proof.jkt, signer.fingerprint());
}

/// T-31: the header.
#[test]
fn a_header_that_is_not_as_it_must_be() {
    let signer = Signer::es256(1);
    let honest = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": signer.jwk() });
    let rsa = Signer::rs256();
    let weak = json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xc5; 128]) });
    let huge = json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([0xc5; 513]) });
    let padded = {
        let modulus = URL_SAFE_NO_PAD
            .decode(rsa.jwk()["n"].as_str().unwrap())
            .unwrap();
        json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode([&[0], &modulus[..]].concat()) })
    };
    let off_curve = with(signer.jwk(), "x", signer.jwk()["y"].clone());
    let of = |alg: &str, jwk: Value| with(with(honest.clone(), "alg", json!(alg)), "jwk", jwk);
    let mut cases = vec![
        (without(honest.clone(), "typ"), Flaw::Type),
        (with(honest.clone(), "typ", json!("JWT")), Flaw::Type),
        (without(honest.clone(), "alg"), Flaw::Algorithm),
        (without(honest.clone(), "jwk"), Flaw::Key),
        (with(honest.clone(), "crit", json!(["b64"])), Flaw::Critical),
        (of("RS256", signer.jwk()), Flaw::Key),
        (of("ES256", rsa.jwk()), Flaw::Key),
        (
            of("ES256", with(signer.jwk(), "crv", json!("P-384"))),
            Flaw::Key,
        ),
        (of("ES256", off_curve), Flaw::Key),
        (of("RS256", weak), Flaw::WeakKey),
        (of("RS256", huge), Flaw::Key),
        (of("RS256", padded), Flaw::Key),
        (of("ES256", Signer::es256(2).jwk()), Flaw::Signature),
        (of("RS256", rsa.jwk()), Flaw::Signature),
    ];
    for alg in ["none", "None", "HS256", "RS1", "PS256", "es256", ""] {
        cases.push((of(alg, signer.jwk()), Flaw::Algorithm));
    }
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for (alg, key) in [("ES256", &signer), ("RS256", &rsa)] {
            let jwk = with(key.jwk(), private, json!("AQAB"));
            cases.push((of(alg, jwk), Flaw::PrivateKey));
        }
    }
    for (header, flaw) in cases {
        let proof = signer.sign(&header, &http());
        assert_eq!(verify(&proof, &HTTP, CLOCK), Err(flaw), "{header}");
    }
}

/// T-31: the claims.
#[test]
fn claims_that_are_for_something_else() {
    let ath = json!(token_hash(TOKEN));
    for (claims, purpose, flaw) in [
        (rpc(), HTTP, Flaw::Kind),
        (http(), CONNECT, Flaw::Kind),
        (with(http(), "rpc", json!("request")), HTTP, Flaw::Kind),
        (with(http(), "mth", json!("x")), HTTP, Flaw::Kind),
        (with(rpc(), "htm", json!("POST")), CONNECT, Flaw::Kind),
        (with(rpc(), "htu", json!(PATH)), CONNECT, Flaw::Kind),
        (with(rpc(), "ath", ath.clone()), CONNECT, Flaw::Kind),
        (with(rpc(), "rpc", json!("response")), CONNECT, Flaw::Kind),
        (
            with(rpc(), "mth", json!("signalwire.reauthenticate")),
            CONNECT,
            Flaw::Method,
        ),
        (without(rpc(), "mth"), CONNECT, Flaw::Method),
        (with(http(), "htm", json!("GET")), HTTP, Flaw::Method),
        (with(http(), "htm", json!("post")), HTTP, Flaw::Method),
        (
            with(
                http(),
                "htu",
                json!("/api/fabric/subscriber/devices/refresh"),
            ),
            HTTP,
            Flaw::Target,
        ),
        (
            with(
                http(),
                "htu",
                json!("http://other.test/api/fabric/subscriber/devices/token"),
            ),
            HTTP,
            Flaw::Target,
        ),
        (without(http(), "htu"), HTTP, Flaw::Target),
        (http(), REFRESH, Flaw::Token),
        (
            with(http(), "ath", json!(token_hash("a.b.d"))),
            REFRESH,
            Flaw::Token,
        ),
        (
            with(http(), "ath", json!(token_hash("a.b.d"))),
            HTTP,
            Flaw::Token,
        ),
        (with(http(), "ath", json!(null)), HTTP, Flaw::Token),
    ] {
        assert_eq!(judged(&claims, &purpose), Err(flaw), "{claims}");
    }
    for purpose in [HTTP, REFRESH] {
        assert!(judged(&with(http(), "ath", ath.clone()), &purpose).is_ok());
    }
    assert!(judged(&with(http(), "htu", json!(URL)), &HTTP).is_ok());
}

#[test]
fn claims_that_are_missing_or_malformed() {
    for (key, values) in [
        (
            "jti",
            vec![json!(null), json!(""), json!(7), json!("x".repeat(257))],
        ),
        (
            "iat",
            vec![json!(null), json!(-1), json!(1.5), json!("1700000000")],
        ),
        (
            "nonce",
            vec![json!(null), json!(""), json!(7), json!("x".repeat(257))],
        ),
    ] {
        for value in values {
            assert_eq!(
                judged(&with(rpc(), key, value.clone()), &CONNECT),
                Err(Flaw::Claims),
                "{key} {value}"
            );
        }
    }
    for key in ["jti", "iat"] {
        assert_eq!(
            judged(&without(rpc(), key), &CONNECT),
            Err(Flaw::Claims),
            "{key}"
        );
    }
}

/// T-31: `iat`, both ways, and with another tolerance.
#[test]
fn a_proof_is_good_for_a_minute_around_its_making() {
    let at = |iat: u64, tolerance_s: u64| {
        let proof = Signer::es256(1).proof(&with(rpc(), "iat", json!(iat)));
        verify(
            &proof,
            &CONNECT,
            Freshness {
                now_s: NOW,
                tolerance_s,
            },
        )
    };
    for iat in [NOW - 60, NOW, NOW + 60] {
        assert_eq!(at(iat, 60).map(|proof| proof.issued_at), Ok(iat));
    }
    for iat in [0, NOW - 61, NOW + 61, u64::MAX] {
        assert_eq!(at(iat, 60), Err(Flaw::Time), "{iat}");
    }
    assert!(at(NOW - 3600, 3600).is_ok());
    assert_eq!(at(NOW + 1, 0), Err(Flaw::Time));
}

#[test]
fn what_is_no_jws_is_refused_and_any_change_breaks_the_signature() {
    let proof = Signer::es256(1).proof(&rpc());
    let judge = |text: &str| verify(text, &CONNECT, CLOCK);
    let parts: Vec<&str> = proof.split('.').collect();
    let long = format!("{proof}{}", "A".repeat(8192));
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    for (text, flaw) in [
        ("", Flaw::Malformed),
        ("a.b", Flaw::Malformed),
        ("e30.e30.e30", Flaw::Type),
        ("W10.e30.e30", Flaw::Malformed),
        (&format!("{proof}."), Flaw::Malformed),
        (&format!("{proof}="), Flaw::Malformed),
        (&proof[..proof.len() - 1], Flaw::Malformed),
        (&long, Flaw::Malformed),
        (&unsigned, Flaw::Signature),
    ] {
        assert_eq!(judge(text), Err(flaw), "{text}");
    }
    // Also in the signature itself.
    for at in (parts[0].len() + 1..proof.len())
        .filter(|at| proof.as_bytes()[*at] != b'.')
        .step_by(7)
    {
        let mut bytes = proof.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            matches!(judge(&changed), Err(Flaw::Signature | Flaw::Malformed)),
            "{at}"
        );
    }
}
