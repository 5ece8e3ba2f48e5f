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

/** How many sockets are open and how many calls are up. @returns {Promise<{ sessions: number, calls: number }>} */
export async function readActivity() {
  const [sessions, calls] = await Promise.all([readJson('/.space/sessions'), readJson('/.space/calls')]);
  return { sessions: sessions.length, calls: calls.length };
}
