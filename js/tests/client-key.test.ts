import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { compactVerify, importJWK, type JWK } from "jose";
import { SignalWire, type SignalWireOptions, StaticCredentialProvider } from "../index.js";
import { type DpopAlgorithm, dpopKey, generate, isUsable } from "../wasm/dpop-key.js";
import type { Host } from "../wasm/engine.js";
import { freshEngine, type ScriptedEngine } from "./scripted-engine.js";

const ALGORITHMS: readonly DpopAlgorithm[] = ["RS256", "ES256"];
const CLAIMS = '{"jti":"0b5e1b6a-8c7e-4d4f-9d5f-0a1b2c3d4e5f","htm":"POST","htu":"/api/fabric/subscriber/devices/token","iat":1764000000}';

// RFC 7638 §3.1.
const RSA = {
  kty: "RSA",
  e: "AQAB",
  n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
};
// RFC 9449 §4.1, and its thumbprint in §6.1.
const EC = { kty: "EC", crv: "P-256", x: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA" };

let engine: ScriptedEngine;
let said: string[];
beforeEach(() => {
  engine = freshEngine();
  said = [];
  mock.method(console, "warn", (...given: unknown[]) => void said.push(given.join(" ")));
});
afterEach(() => mock.restoreAll());

/** A new client, and what the engine sees of it. */
function client(options: SignalWireOptions = {}): { client: SignalWire; host: Host } {
  const made = new SignalWire(new StaticCredentialProvider({ token: "sat" }), options);
  return { client: made, host: engine.client.host };
}

/** Runs with other globals than there are. */
async function withGlobals(globals: Record<string, unknown>, act: () => Promise<void>): Promise<void> {
  const before = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { configurable: true, value });
  try {
    await act();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
  }
}

/** The two readable parts of a proof, as their texts. */
function partsOf(proof: string): [header: string, claims: string] {
  assert.match(proof, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  const [header = "", claims = ""] = proof.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return [header, claims];
}

test("the fingerprint is the thumbprint of RFC 7638", async () => {
  const { subtle } = globalThis.crypto;
  const rsa = await subtle.importKey("jwk", RSA, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, ["verify"]);
  const ec = await subtle.importKey("jwk", EC, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  assert.equal((await dpopKey("RS256", { publicKey: rsa, privateKey: rsa })).fingerprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  assert.equal((await dpopKey("ES256", { publicKey: ec, privateKey: ec })).fingerprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
});

for (const algorithm of ALGORITHMS) {
  test(`a proof by ${algorithm} says what the engine claims, names its key, and is signed by it`, async () => {
    const { host } = client({ dpopAlgorithm: algorithm });
    const fingerprint = await host.ensureKey(true);
    assert.match(fingerprint ?? "", /^[\w-]{43}$/);
    const proof = await host.signProof(CLAIMS, undefined);
    const [header, claims] = partsOf(proof);
    assert.equal(claims, CLAIMS);
    const { typ, alg, jwk, ...others } = JSON.parse(header);
    assert.deepEqual([typ, alg, others], ["dpop+jwt", algorithm, {}]);
    assert.deepEqual(Object.keys(jwk).sort(), algorithm === "RS256" ? ["e", "kty", "n"] : ["crv", "kty", "x", "y"]);
    if (algorithm === "RS256") assert.deepEqual([jwk.e, Buffer.from(jwk.n, "base64url").length], ["AQAB", 256]);
    await compactVerify(proof, await importJWK(jwk as JWK, algorithm));
    const named = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(JSON.stringify(jwk, Object.keys(jwk).sort()))));
    assert.equal(named.toString("base64url"), fingerprint);
  });

  test(`the private half of a pair for ${algorithm} cannot be exported, and a pair of another kind is none`, async () => {
    const pair = await generate(algorithm);
    for (const format of ["jwk", "pkcs8"] as const) await assert.rejects(crypto.subtle.exportKey(format, pair.privateKey));
    assert.deepEqual([pair.privateKey.usages, pair.publicKey.usages], [["sign"], ["verify"]]);
    const other = await generate(algorithm);
    const stranger = await generate(algorithm === "RS256" ? "ES256" : "RS256");
    const scheme = { ...pair.privateKey.algorithm } as RsaHashedKeyGenParams & EcKeyGenParams;
    const bare = (await crypto.subtle.generateKey(scheme, true, ["sign", "verify"])) as CryptoKeyPair;
    assert.equal(await isUsable(algorithm, pair), true);
    for (const none of [stranger, bare, { ...pair, publicKey: other.publicKey }, {}, "pair", null, undefined]) {
      assert.equal(await isUsable(algorithm, none as CryptoKeyPair), false);
    }
  });
}

test("a proof for a token says the token's hash as in RFC 9449", async () => {
  const { host } = client({ dpopAlgorithm: "ES256" });
  await host.ensureKey(true);
  // RFC 9449 §7.1.
  const [, claims] = partsOf(await host.signProof(CLAIMS, "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"));
  assert.deepEqual(JSON.parse(claims), { ...JSON.parse(CLAIMS), ath: "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo" });
});

test("without IndexedDB there is no key to find; one that is made stays the client's, and that is said", async () => {
  const { host } = client({ dpopAlgorithm: "ES256" });
  assert.equal(await host.ensureKey(false), undefined);
  await assert.rejects(host.signProof(CLAIMS, undefined), { message: "There is no key." });
  assert.deepEqual(said, []);
  const [first, second] = await Promise.all([host.ensureKey(true), host.ensureKey(true)]);
  assert.match(first ?? "", /^[\w-]{43}$/);
  assert.deepEqual([second, await host.ensureKey(false)], [first, first]);
  assert.deepEqual(said, ["signalwire-wasm: the key store cannot be used (ReferenceError). The key is kept in memory alone."]);
});

test("without Web Crypto there is no key", async () => {
  await withGlobals({ crypto: {} }, async () => {
    const { host } = client();
    assert.equal(await host.ensureKey(true), undefined);
    await assert.rejects(host.signProof(CLAIMS, undefined), { message: "There is no key." });
  });
});

test("a database that hangs costs two seconds in all", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 0;
  mock.method(performance, "now", () => now);
  const opened: object[] = [];
  const open = () => {
    opened.push({});
    // All that can happen has happened when the database is asked for.
    setImmediate(() => {
      now += 2000;
      mock.timers.tick(2000);
    });
    return opened.at(-1);
  };
  try {
    await withGlobals({ indexedDB: { open } }, async () => {
      const { host } = client({ dpopAlgorithm: "ES256" });
      assert.match((await host.ensureKey(true)) ?? "", /^[\w-]{43}$/);
      assert.equal(opened.length, 1);
      assert.deepEqual(said, ["signalwire-wasm: the key store cannot be used (AbortError). The key is kept in memory alone."]);
    });
  } finally {
    mock.timers.reset();
  }
});

test("a client that is destroyed has no key, be it on its way", async () => {
  const { client: first, host } = client({ dpopAlgorithm: "ES256" });
  await host.ensureKey(true);
  first.destroy();
  await assert.rejects(host.signProof(CLAIMS, undefined), { message: "There is no key." });
  assert.equal(await host.ensureKey(true), undefined);

  const { client: second, host: late } = client({ dpopAlgorithm: "ES256" });
  const making = late.ensureKey(true);
  second.destroy();
  assert.equal(await making, undefined);
});

test("there are two algorithms", () => {
  for (const dpopAlgorithm of ["HS256", "none", "", "toString", null] as never[]) {
    assert.throws(() => client({ dpopAlgorithm }), { name: "InvalidParams", code: "option_invalid", message: /dpopAlgorithm/ });
  }
});
