// The call panel is a chunk of its own; these tests hold it to the SDK that it drives.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as facade from '../index.js';
import { isSat } from '../click-to-call/dial.js';
import { classify, outcomeText } from '../click-to-call/outcome.js';
import type { Sdk } from '../click-to-call/sdk.js';
import { ERRORS } from '../store/errors.gen.js';

/** Compiles only while the SDK has what the panel asks of it. */
export const fits = (sdk: typeof facade): Sdk => sdk;

/** Codes that tell a visitor nothing more than that the call failed, or that the cause explains better. */
const SPEECHLESS = new Set([
  'thrown', 'user_fetch_failed', 'message_malformed', 'connect_malformed', 'rpc_refused', 'client_disconnected',
  'client_destroyed', 'no_media', 'media_track', 'offer_failed', 'answer_failed', 'invite_malformed',
  'call_create_failed', 'call_ended', 'not_joined', 'engine_died', 'registration_failed', 'refresh_failed',
  'credentials_not_newer', 'activation_failed', 'proof_failed', 'device_token_refused', 'device_token_missing',
  'rotation_refused', 'rotation_missing', 'rotation_failed', 'reauthentication_failed', 'option_invalid',
]);

const withCode = (code: string, cause?: Error): Error => Object.assign(new Error('as the SDK makes it', { cause }), { code });

test('every error code of the SDK has a meaning for the visitor, or is known to have none', () => {
  const codes = ERRORS.map(([, code]) => code);
  const silent = codes.filter((code) => classify(withCode(code)) === 'unknown');
  assert.deepEqual(new Set(silent), SPEECHLESS);
});

test('the outermost error that says something wins', () => {
  const forbidden = withCode('call_forbidden');
  assert.equal(classify(withCode('call_create_failed', forbidden)), 'forbidden');
  assert.equal(classify(withCode('request_timeout', forbidden)), 'unavailable');
});

test('whatever was thrown is classified, even in a ring of causes', () => {
  const ring = withCode('thrown');
  ring.cause = ring;
  for (const odd of [ring, undefined, null, 'text', 7, {}]) assert.equal(classify(odd), 'unknown');
});

test('a failure never offers to call again where the page has to change', () => {
  for (const code of ['unreachable', 'forbidden', 'incomplete', 'unsupported', 'token', 'expired'] as const) {
    assert.equal(outcomeText({ code, byVisitor: false, answered: false }, 'Sales', true).again, false, code);
  }
});

test('a SAT is told from every other token by its shape', () => {
  const header = (text: string): string => Buffer.from(text).toString('base64url');
  for (const sat of [`${header('{"typ":"SAT","ch":"puc.localhost:8080"}')}..a.b.c`, `${header('{"alg":"HS256","x":"\u00ff>?"}')}.a.b`]) {
    assert.equal(isSat(sat), true, sat);
  }
  const others = ['', 'c2c_00000000000000000000000000000001', 'c2t_00000000000000000000000000000001', 'opaque', '.a.b', header('[]'), header('"text"'), header('null'), `${header('{')}.a`];
  for (const other of others) assert.equal(isSat(other), false, other);
});
