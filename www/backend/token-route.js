/** `POST /api/signalwire-token`: the SAT of whoever is signed in. */
import express from 'express';
import { RateLimit } from './rate-limit.js';
import { MODES } from './sat-issuer.js';
import { SpaceRefusal, STANDARD_LIFETIME } from './space-api.js';

/**
 * @typedef {object} Parts
 * @property {import('./sign-in.js').SignIn} signIn
 * @property {import('./sat-issuer.js').SatIssuer} issuer
 * @property {import('./sat-issuer.js').Mode} mode where the request names none
 * @property {number} requestsPerMinute
 * @property {(line: string) => void} log
 */

/** Below this a SAT ends before it can be of use. Seconds. */
const SHORTEST = 10;
/** A page of another origin cannot send it without being allowed to, and no form can (Fetch standard, CORS-safelisted headers). */
const OWN_HEADER = 'x-requested-by';
/** SHA-256 in base64url (RFC 7638). */
const FINGERPRINT = /^[A-Za-z0-9_-]{43}$/;

/** @param {Parts} parts @returns {import('express').RequestHandler[]} */
export function tokenRoute({ signIn, issuer, mode, requestsPerMinute, log }) {
  const limit = new RateLimit(requestsPerMinute);
  /** @param {import('express').Request} request @param {import('express').Response} response @returns {Promise<void>} */
  const answer = async (request, response) => {
    response.set('Cache-Control', 'no-store');
    const user = signIn.user(request);
    if (!user) return refuse(response, 401, 'not_signed_in');
    const wait = limit.take(user.id);
    if (wait > 0) {
      log(`SAT for ${user.id}: too many requests`);
      response.set('Retry-After', String(wait));
      return refuse(response, 429, 'too_many_requests');
    }
    const wish = wishOf(request.body, mode);
    if (!wish) {
      log(`SAT for ${user.id}: invalid request`);
      return refuse(response, 422, 'invalid_request');
    }
    try {
      response.json(await issuer.issue(user, wish));
      log(`SAT for ${user.id}: ${wish.mode}${wish.mode === 'bound' ? ` to ${wish.fingerprint}` : ''}`);
    } catch (error) {
      log(`SAT for ${user.id}: ${wish.mode} failed: ${reasonOf(error)}`);
      refuse(response, 502, 'space_failed');
    }
  };
  return [ownHeader, jsonOnly, express.json({ limit: '1kb' }), answer];
}

/** @type {import('express').RequestHandler} */
const ownHeader = (request, response, next) => (request.get(OWN_HEADER) ? next() : refuse(response, 403, 'header_missing'));

/** A form of another site can post, but not JSON. @type {import('express').RequestHandler} */
const jsonOnly = (request, response, next) => (request.is('application/json') ? next() : refuse(response, 415, 'json_only'));

/** @param {any} body @param {import('./sat-issuer.js').Mode} otherwise @returns {import('./sat-issuer.js').Wish | undefined} */
function wishOf(body, otherwise) {
  const mode = MODES.find((one) => one === (body?.mode ?? otherwise));
  const { lifetime, fingerprint } = body ?? {};
  if (lifetime !== undefined && !(Number.isInteger(lifetime) && lifetime >= SHORTEST && lifetime <= STANDARD_LIFETIME)) return undefined;
  if (mode !== 'bound') return mode && { mode, lifetime };
  return typeof fingerprint === 'string' && FINGERPRINT.test(fingerprint) ? { mode, lifetime, fingerprint } : undefined;
}

/** Nothing that the space said is repeated: it could hold what was sent. @param {unknown} error */
function reasonOf(error) {
  if (error instanceof SpaceRefusal) return error.message;
  return error instanceof Error ? error.name : 'unknown';
}

/** @param {import('express').Response} response @param {number} status @param {string} error @returns {void} */
export function refuse(response, status, error) {
  response.status(status).json({ error });
}
