/**
 * The space's front desk, as pages read it.
 *
 * @typedef {{ token: string, embed_token: string, address: string }} ClickToCall
 * @typedef {{ reference: string, id: string, address: string }} Subscriber
 * @typedef {{ id: string, name: string, type: string }} Address
 * @typedef {{ management: string, fabric: string, embeds: string, websocket: string }} Hosts
 * @typedef {{ name: string, version: string, base: string, undelayed: string, project_id: string, api_token: string,
 *   hosts: Hosts, subscribers: Subscriber[], click_to_call: ClickToCall[], addresses: Address[] }} SpaceInfo
 */

/** @param {string} path @returns {Promise<any>} */
async function readJson(path) {
  const response = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-store' });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

/** What the space is and whom it knows. @returns {Promise<SpaceInfo>} */
export function readSpaceInfo() {
  return readJson('/.space/info');
}

/**
 * What `POST /.space/credentials` makes.
 *
 * @typedef {'subscriber' | 'guest' | 'invite' | 'embed' | 'c2c'} CredentialKind
 * @typedef {{ kind: CredentialKind, reference?: string, address?: string, addresses?: string[], expires_in?: number }} CredentialRequest
 * @typedef {{ kind: CredentialKind, token: string, expires_at: number | null, reference: string | null, addresses: string[] }} Credential
 */

/** @param {string} path @param {object} body @returns {Promise<any>} */
async function post(path, body) {
  const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? `${path} answered ${response.status}`);
  return answer;
}

/** A credential of any kind, so that no page needs the API token. @param {CredentialRequest} request @returns {Promise<Credential>} */
export function makeCredential(request) {
  return post('/.space/credentials', request);
}

/**
 * Has the space call a subscriber. Rejects with the message `not_registered` when nobody is online there.
 *
 * @param {{ to: string, media: 'audio' | 'video' }} request @returns {Promise<{ calls: string[] }>}
 */
export function placeCall(request) {
  return post('/.space/calls', request);
}

/** Breaks every socket of the space, as a bad network does. */
export function cutSockets() {
  return post('/.space/drop', {});
}

/** How many sockets are open and how many calls are up. @returns {Promise<{ sessions: number, calls: number }>} */
export async function readActivity() {
  const [sessions, calls] = await Promise.all([readJson('/.space/sessions'), readJson('/.space/calls')]);
  return { sessions: sessions.length, calls: calls.length };
}
