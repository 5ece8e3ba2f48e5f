/** A signed-in page: its SATs come from its own backend, the first one and every later one. */
import { byId, make, tell } from '/elements.js';
import { SignalWire } from '/sdk/signalwire.bundle.mjs';

/** @typedef {{ user: { name: string, reference: string } | null, mode: string, space: string, revokes: boolean }} Me */

/** @type {SignalWire | undefined} */
let client;
/** @type {import('../../../js/index.js').Call | undefined} */
let call;
/** When the SAT in force ends, in milliseconds since 1970. */
let end = 0;
let renewed = 0;

/** @param {string} text */
function say(text) {
  const now = new Date();
  const time = make('time', '', now.toLocaleTimeString());
  time.dateTime = now.toISOString();
  byId('events').append(make('li', '', time, text));
  byId('events').scrollTop = byId('events').scrollHeight;
}

/** @param {unknown} error */
function complain(error) {
  const text = error instanceof Error ? `${error.message} ${/** @type {any} */ (error).advice ?? ''}`.trim() : String(error);
  say(`error: ${text}`);
  byId('trouble').textContent = text;
  byId('trouble').hidden = false;
}

/** The cookie comes along by itself. @param {{ mode: string, lifetime?: number, fingerprint?: string }} wish */
async function fetchSat(wish) {
  const response = await fetch('/api/signalwire-token', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-requested-by': 'page' },
    body: JSON.stringify(wish),
  });
  if (!response.ok) throw new Error(`The backend gave no SAT: ${(await response.json()).error}.`);
  const { token, expiresAt } = await response.json();
  end = expiresAt;
  return { token, expiry_at: expiresAt };
}

/** How the first SAT is got, and every later one; `lifetime` in seconds. @type {Record<string, (lifetime: number) => import('../../../js/index.js').CredentialProvider>} */
const providers = {
  reissue: (lifetime) => {
    const reissue = () => fetchSat({ mode: 'reissue', lifetime });
    return { authenticate: reissue, refresh: reissue };
  },
  // A refresh token is swapped for a SAT of the standard lifetime.
  rotate: (lifetime) => ({
    authenticate: () => fetchSat({ mode: 'rotate', lifetime }),
    refresh: () => fetchSat({ mode: 'rotate' }),
  }),
  // A browser without Web Crypto has no key, and a space may refuse one: then the backend reissues.
  bound: (lifetime) => {
    const reissue = () => fetchSat({ mode: 'reissue', lifetime });
    return {
      authenticate: (context) => (context ? fetchSat({ mode: 'bound', lifetime, fingerprint: context.fingerprint }) : reissue()),
      refresh: reissue,
    };
  },
};

/** @param {string} mode @param {number} lifetime in seconds @param {string} space */
function start(mode, lifetime, space) {
  client = new SignalWire(providers[mode](lifetime), { allowedHosts: [space] });
  client.ready$.subscribe((ready) => {
    tell(byId('state'), ready ? 'Ready' : 'Connecting');
    byId('dial').disabled = !ready || call !== undefined;
    if (ready) say('ready');
  });
  client.credentialRefreshed$.subscribe(({ mechanism, expiresAt }) => {
    renewed += 1;
    end = expiresAt ?? end;
    tell(byId('mechanism'), mechanism === 'client-bound' ? 'This browser, with its key' : 'The backend');
    tell(byId('renewals'), renewed === 1 ? 'Once' : `${renewed} times`);
    say(`renewed (${mechanism})${expiresAt ? `, good until ${new Date(expiresAt).toLocaleTimeString()}` : ''}`);
  });
  client.warnings$.subscribe((warning) => say(`warning: ${warning.code}${'reason' in warning ? ` (${warning.reason})` : ''}`));
  client.errors$.subscribe(complain);
  say(`new client, ${mode}, ${lifetime} s`);
  show(true);
}

async function dial() {
  if (!client) return;
  byId('dial').disabled = true;
  try {
    call = await client.dial('/public/echo');
    byId('hang-up').hidden = false;
    call.remoteStream$.subscribe((stream) => {
      byId('sound').srcObject = stream;
    });
    call.status$.subscribe({ next: (status) => onStatus(status) });
  } catch (error) {
    complain(error);
    byId('dial').disabled = !client;
  }
}

/** @param {string} status */
function onStatus(status) {
  const over = status === 'destroyed';
  tell(byId('call-state'), over ? `Over: ${call?.endReason?.code ?? 'unknown'}` : status);
  say(`call: ${status}`);
  if (!over) return;
  call = undefined;
  byId('hang-up').hidden = true;
  byId('dial').disabled = client === undefined;
}

/** @param {boolean} running */
function show(running) {
  byId('start-section').hidden = running;
  byId('session').hidden = !running;
  byId(running ? 'session-title' : 'start-title').focus();
}

function stop() {
  client?.destroy();
  client = undefined;
  renewed = 0;
  end = 0;
  tell(byId('renewals'), 'Not yet');
  tell(byId('mechanism'), 'Nobody yet');
  byId('events').replaceChildren();
  byId('trouble').hidden = true;
  show(false);
}

/** @param {Me} me */
function wire({ user, mode, space, revokes }) {
  byId('sign-in').hidden = user !== null;
  byId('sign-out').hidden = byId('start-section').hidden = user === null;
  byId('everywhere').hidden = !revokes;
  if (user) tell(byId('signed-in'), `Signed in as ${user.name}`);
  byId('start').elements.mode.value = mode;
  byId('start').addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    start(byId('start').elements.mode.value, Number(byId('lifetime').value), space);
  });
  byId('dial').addEventListener('click', () => void dial());
  byId('hang-up').addEventListener('click', () => void call?.hangup().catch(complain));
  byId('end').addEventListener('click', stop);
  setInterval(() => {
    const left = Math.round((end - Date.now()) / 1000);
    tell(byId('expiry'), end === 0 ? 'Unknown' : left <= 0 ? 'Over' : `In ${left} s, at ${new Date(end).toLocaleTimeString()}`);
  }, 1000);
}

try {
  const response = await fetch('/api/me');
  wire(await response.json());
} catch (error) {
  complain(error);
}
