/** The whole application: its page, sign-in and sign-out, and the route that hands out SATs. */
import { join } from 'node:path';
import express from 'express';
import { RefreshTokens } from './refresh-tokens.js';
import { SatIssuer } from './sat-issuer.js';
import { SignIn, USERS } from './sign-in.js';
import { SpaceApi } from './space-api.js';
import { refuse, tokenRoute } from './token-route.js';

const WWW = join(import.meta.dirname, '..');
const SDK = join(WWW, '..', 'dist');

/**
 * @param {import('./settings.js').Settings} settings
 * @param {() => string} origin of the page, known once the port is
 * @param {(line: string) => void} log
 */
export function makeApplication(settings, origin, log) {
  const { project, mode, requestsPerMinute } = settings;
  const signIn = new SignIn();
  const space = new SpaceApi(project);
  const issuer = new SatIssuer(space, new RefreshTokens(settings.file, settings.key));
  const application = express().disable('x-powered-by');
  application.use(securityHeaders(project));
  application.use(ownOriginOnly(origin));
  application.post('/api/signalwire-token', tokenRoute({ signIn, issuer, mode, requestsPerMinute, log }));
  application.get('/api/me', (request, response) => {
    const user = signIn.user(request);
    response.set('Cache-Control', 'no-store');
    response.json({ user: user ? { name: user.name, reference: user.reference } : null, mode, space: project.domain, revokes: space.revokes });
  });
  application.post('/sign-in', express.urlencoded({ extended: false, limit: '1kb' }), (request, response) => {
    const user = USERS.find(({ id }) => id === request.body?.user);
    if (!user) return refuse(response, 422, 'unknown_user');
    signIn.begin(response, user);
    response.redirect(303, '/');
  });
  application.post('/sign-out', express.urlencoded({ extended: false, limit: '1kb' }), async (request, response) => {
    const user = signIn.user(request);
    const everywhere = request.body?.everywhere === 'yes' && space.revokes;
    signIn.end(request, response);
    if (user && everywhere) {
      signIn.endAll(user);
      log(`every SAT of ${user.id} ends`);
    }
    if (user) await issuer.forget(user, everywhere);
    response.redirect(303, '/');
  });
  application.use(express.static(join(import.meta.dirname, 'page')));
  for (const file of ['space.css', 'space.svg', 'elements.js']) {
    application.get(`/${file}`, (_, response) => response.sendFile(join(WWW, file)));
  }
  application.use('/sdk', express.static(SDK));
  application.use(failures(log));
  return application;
}

/**
 * A browser says where a POST comes from. With `SameSite=Lax` the cookie would not come along from another site; another
 * port of this host is the same site, and no less foreign.
 *
 * @param {() => string} origin
 * @returns {import('express').RequestHandler}
 */
function ownOriginOnly(origin) {
  return (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.headers.origin === origin()) next();
    else refuse(response, 403, 'foreign_origin');
  };
}

/** @param {import('./space-api.js').Project} project @returns {import('express').RequestHandler} */
function securityHeaders({ url, domain }) {
  const schemes = url.protocol === 'https:' ? ['https', 'wss'] : ['http', 'ws'];
  const space = schemes.flatMap((scheme) => [`${scheme}://${domain}`, `${scheme}://*.${domain}`]).join(' ');
  const policy = [
    "default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'", "img-src 'self'",
    `connect-src 'self' ${space}`, "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
  ].join('; ');
  return (_, response, next) => {
    response.set({ 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'same-origin' });
    next();
  };
}

/** Express would answer with the stack. @param {(line: string) => void} log @returns {import('express').ErrorRequestHandler} */
function failures(log) {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error);
    const status = Number(error?.status);
    const ours = !(status >= 400 && status < 500);
    if (ours) log(`${request.method} ${request.path}: ${error instanceof Error ? error.stack : 'unknown'}`);
    refuse(response, ours ? 500 : status, ours ? 'failed' : 'invalid_request');
  };
}
