/** The playground: choose who you are, and see one client at work. */
import { makeCopyButton } from '/home/copy-buttons.js';
import { byId, make } from '/elements.js';
import { readSpaceInfo } from '/space-info.js';
import { ClientPanel } from './client-panel.js';
import { choicesOf, identityOf, pastedIdentity } from './credentials.js';
import { describe, EventLog } from './event-log.js';

/**
 * @typedef {import('../space-info.js').SpaceInfo} SpaceInfo
 * @typedef {import('./credentials.js').Choice} Choice
 */

const log = new EventLog(byId('events'));
/** @type {ClientPanel | undefined} */
let panel;

/** What the constructor is told, by the boxes of the form. */
function chosenOptions() {
  return { skipConnection: byId('skip-connection').checked, skipRegister: byId('skip-register').checked };
}

/** @param {import('./credentials.js').Identity} identity */
function begin(identity) {
  byId('trouble').hidden = true;
  panel = new ClientPanel(identity, chosenOptions(), log);
  byId('who').hidden = true;
  byId('client-title').focus();
}

/** @param {Choice} choice @param {SpaceInfo} info */
async function become(choice, info) {
  const seconds = Number(byId('lifetime').value);
  try {
    begin(await identityOf(choice, seconds || undefined, embedHost(info)));
    // A reload, or a copied address, comes up as the same person; the address holds no token.
    history.replaceState(null, '', `?as=${choice.key}`);
  } catch (error) {
    refuse(error);
  }
}

/** @param {SpaceInfo} info */
function paste(info) {
  const field = byId('pasted');
  const token = field.value.trim();
  if (!token) return field.focus();
  field.value = '';
  try {
    begin(pastedIdentity(token, embedHost(info)));
  } catch (error) {
    refuse(error);
  }
}

/** @param {unknown} error */
function refuse(error) {
  log.addError('page', error);
  byId('trouble').replaceChildren(make('p', '', describe(error)));
  byId('trouble').hidden = false;
}

/** The scheme of this page also holds for the client. @param {SpaceInfo} info */
function embedHost(info) {
  return `${location.protocol}//${info.hosts.embeds}`;
}

function leave() {
  panel?.destroy();
  panel = undefined;
  history.replaceState(null, '', location.pathname);
  byId('who').hidden = false;
  byId('who-title').focus();
}

/** @param {Choice[]} choices @param {SpaceInfo} info */
function offer(choices, info) {
  byId('choices').replaceChildren(...choices.map((choice) => {
    const button = make('button', 'pick', make('strong', '', choice.title), make('span', 'kind', choice.kind), make('span', '', choice.reach));
    button.type = 'button';
    button.addEventListener('click', () => void become(choice, info));
    return make('li', '', button);
  }));
  byId('companions').replaceChildren(...choices.filter(({ request }) => request.kind === 'subscriber').map(({ key, title }) => {
    const link = make('a', '', `Open a tab as ${title}`);
    link.href = `/playground.html?as=${key}`;
    link.target = '_blank';
    return make('li', '', link);
  }));
  byId('destinations').replaceChildren(...info.addresses.map(({ name }) => {
    const button = make('button', 'chip mono', name);
    button.type = 'button';
    button.addEventListener('click', () => {
      byId('destination').value = name;
    });
    return make('li', '', button);
  }));
}

function wire() {
  byId('link').addEventListener('click', () => panel?.toggleLink());
  byId('cut').addEventListener('click', () => void panel?.cut());
  byId('destroy').addEventListener('click', leave);
  byId('online').addEventListener('click', () => panel?.toggleOnline());
  byId('give-up').addEventListener('click', () => panel?.giveUp());
  byId('ring-audio').addEventListener('click', () => void panel?.ringMe('audio'));
  byId('ring-video').addEventListener('click', () => void panel?.ringMe('video'));
  byId('dial').addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const to = byId('destination').value.trim();
    const video = event.submitter?.id === 'dial-video';
    if (to) void panel?.dial(to, video);
    else byId('destination').focus();
  });
  byId('clear-events').addEventListener('click', () => log.clear());
  makeCopyButton(byId('copy-events'), () => log.text());
}

wire();
try {
  const info = await readSpaceInfo();
  const choices = choicesOf(info);
  offer(choices, info);
  byId('paste').addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    paste(info);
  });
  const wanted = new URLSearchParams(location.search).get('as');
  const choice = choices.find(({ key }) => key === wanted);
  if (choice) await become(choice, info);
} catch (error) {
  refuse(new Error('The space does not answer. Start it with npm start, then reload this page.', { cause: error }));
}
