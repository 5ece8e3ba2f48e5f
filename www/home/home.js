/** The space's home page: what the space is, and whether it is alive. */
import { byId, make } from '/elements.js';
import { readActivity, readSpaceInfo } from '/space-info.js';
import { copyButton, makeCopyButton } from '/home/copy-buttons.js';
import { callButtonMarkup, subscriberTokenRequest } from '/home/snippets.js';

/** @typedef {import('../space-info.js').SpaceInfo} SpaceInfo */

/** Between two looks at the space. Milliseconds. */
const PERIOD = 2000;

/** @param {string} term @param {string} value @param {string} [what] */
function fact(term, value, what = `the ${term.toLowerCase()}`) {
  return make('div', '', make('dt', '', term), make('dd', 'mono', value), copyButton(value, what));
}

/** @param {SpaceInfo} info */
function showFacts(info) {
  byId('token-request').textContent = subscriberTokenRequest(info);
  byId('button-markup').textContent = callButtonMarkup(info);
  byId('project').replaceChildren(
    fact('Project ID', info.project_id, 'the project ID'),
    fact('API token', info.api_token, 'the API token'),
    fact('Space', info.base, 'the address of the space'),
    fact('Without delay', info.undelayed, 'the address without delay'),
    fact('Management host', info.hosts.management),
    fact('Fabric host', info.hosts.fabric),
    fact('Embeds host', info.hosts.embeds),
    fact('WebSocket host', info.hosts.websocket, 'the WebSocket host'),
  );
  byId('addresses').replaceChildren(...info.addresses.map(({ name, type }) => {
    const resource = info.click_to_call.find(({ address }) => address === name);
    const row = make('li', '', make('span', 'what mono', name), make('span', 'value', type));
    if (resource) row.append(copyButton(resource.embed_token, `to embed a call to ${name}`, 'Copy token'));
    return row;
  }));
  byId('subscribers').replaceChildren(...info.subscribers.map(({ reference, address }) =>
    make('li', '', make('span', 'what mono', address), make('span', 'value', reference), copyButton(reference, `the reference ${reference}`))));
  byId('facts').hidden = false;
}

/** @param {number} count @param {string} noun */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** @param {'up' | 'gone'} state @param {string} text */
function showPulse(state, text) {
  byId('pulse').dataset.state = state;
  byId('pulse-text').textContent = text;
  const gone = byId('gone');
  if (gone.hidden !== (state === 'up')) {
    gone.hidden = state === 'up';
    gone.textContent = state === 'gone' ? 'The space does not answer. Start it again with npm start; this page notices by itself.' : '';
  }
}

/** The facts on the page, as text; a space that was started anew has others. */
let shown = '';

async function look() {
  try {
    const [info, { sessions, calls }] = await Promise.all([readSpaceInfo(), readActivity()]);
    const facts = JSON.stringify(info);
    if (facts !== shown) {
      showFacts(info);
      shown = facts;
    }
    showPulse('up', `${info.name} ${info.version}: ${counted(sessions, 'session')}, ${counted(calls, 'call')}`);
  } catch {
    showPulse('gone', 'No answer');
  }
}

async function watch() {
  if (!document.hidden) await look();
  setTimeout(() => void watch(), PERIOD);
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-copy]'))) {
  makeCopyButton(button, () => byId(button.dataset.copy ?? '').textContent ?? '');
}
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void look();
});
void watch();
