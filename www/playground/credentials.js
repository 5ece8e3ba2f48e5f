/** Whom the client can act for: one credential of each kind, or a pasted one. */
import { makeCredential } from '/space-info.js';
import { EmbedTokenCredentialProvider, StaticCredentialProvider } from '/sdk/signalwire.bundle.mjs';

/**
 * @typedef {import('../space-info.js').SpaceInfo} SpaceInfo
 * @typedef {import('../space-info.js').CredentialRequest} CredentialRequest
 * @typedef {{ key: string, title: string, kind: string, reach: string, request: CredentialRequest }} Choice
 * @typedef {object} Identity who the client is
 * @property {string} title
 * @property {string} kind for people
 * @property {import('../../js/index.js').CredentialProvider} provider
 * @property {() => number | undefined} expiresAt in milliseconds since 1970, once it is known
 * @property {string[] | undefined} reach the only addresses that it may call
 */

/** `/private/ada` → `Ada`. @param {string} address */
function nameOf(address) {
  const name = address.slice(address.lastIndexOf('/') + 1);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** What one click can make in this space. @param {SpaceInfo} info @returns {Choice[]} */
export function choicesOf(info) {
  const people = info.subscribers.map(({ reference, address }) => ({
    key: nameOf(address).toLowerCase(),
    title: nameOf(address),
    kind: 'Subscriber SAT',
    reach: 'Calls anyone, and can be called.',
    request: /** @type {CredentialRequest} */ ({ kind: 'subscriber', reference }),
  }));
  const [host] = info.subscribers;
  const [open = '/public/echo', other = open] = info.click_to_call.map(({ address }) => address);
  return [
    ...people,
    { key: 'guest', title: 'A guest', kind: 'Guest SAT', reach: `Calls ${open} and ${other}.`, request: { kind: 'guest', addresses: [open, other] } },
    ...(host ? [invitation(host)] : []),
    { key: 'embed', title: 'A visitor', kind: 'Embed token', reach: `Calls ${open}, from any page.`, request: { kind: 'embed', address: open } },
    { key: 'c2c', title: 'A trial', kind: 'C2C token', reach: `Calls ${open}. For tests alone.`, request: { kind: 'c2c', address: open } },
  ];
}

/** @param {{ reference: string, address: string }} host @returns {Choice} */
function invitation({ reference, address }) {
  return { key: 'invite', title: 'An invitee', kind: 'Invite SAT', reach: `Calls ${nameOf(address)} and nobody else.`, request: { kind: 'invite', reference } };
}

/** @param {Choice} choice @param {number | undefined} lifetime in seconds @param {string} embedHost @returns {Promise<Identity>} */
export async function identityOf({ title, kind, request }, lifetime, embedHost) {
  // An embed token does not end; the SAT that it is exchanged for does, when the space says so.
  const endless = request.kind === 'embed' || request.kind === 'c2c';
  const made = await makeCredential(lifetime === undefined || endless ? request : { ...request, expires_in: lifetime });
  const reach = request.kind === 'subscriber' ? undefined : made.addresses;
  if (endless) return { title, kind, reach, ...embedded(embedHost, made.token) };
  const expiry = made.expires_at === null ? undefined : made.expires_at * 1000;
  const provider = new StaticCredentialProvider({ token: made.token, ...(expiry && { expiry_at: expiry }) });
  return { title, kind, reach, provider, expiresAt: () => expiry };
}

/** Tells a SAT from an embed token by its form (auth.md REQ-24a). @param {string} token @param {string} embedHost @returns {Identity} */
export function pastedIdentity(token, embedHost) {
  if (!isSat(token)) return { title: 'Pasted', kind: 'Embed token', reach: undefined, ...embedded(embedHost, token) };
  const provider = new StaticCredentialProvider({ token });
  return { title: 'Pasted', kind: 'SAT', reach: undefined, provider, expiresAt: () => undefined };
}

/** @param {string} host @param {string} token */
function embedded(host, token) {
  /** @type {number | undefined} */
  let expiry;
  class ToldProvider extends EmbedTokenCredentialProvider {
    async authenticate() {
      const credential = await super.authenticate();
      expiry = credential.expiry_at;
      return credential;
    }
  }
  return { provider: new ToldProvider(host, token), expiresAt: () => expiry };
}

/** Whether the first part of a token is a JOSE header (RFC 7516 §3.1). @param {string} token */
function isSat(token) {
  const [head = ''] = token.split('.');
  try {
    const header = JSON.parse(atob(head.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof header === 'object' && header !== null;
  } catch {
    return false;
  }
}
