/** One client: its state as it changes, its life, its calls. */
import { actionButton, byId, make, tell } from '/elements.js';
import { SignalWire } from '/sdk/signalwire.bundle.mjs';
import { cutSockets, placeCall } from '/space-info.js';
import { CallCard, duration, otherSide } from './call-card.js';
import { describe } from './event-log.js';

/**
 * @typedef {import('../../js/index.js').Call} Call
 * @typedef {import('../../js/index.js').SignalWireOptions} SignalWireOptions
 * @typedef {import('./credentials.js').Identity} Identity
 */

const SOURCE = 'client';
/** Where a long life begins to look short, in seconds. */
const SOON = 60;

export class ClientPanel {
  #client;
  #identity;
  #log;
  /** @type {Map<Call, CallCard>} */
  #cards = new Map();
  #numbered = 0;
  /** The page shows somebody else, or nobody. */
  #over = false;
  #ready = false;
  #expired = false;
  /** @type {Map<string, string | boolean>} What the log has told of the client's state. */
  #known = new Map();
  /** Whether connect() was asked for, by the constructor or by a button. */
  #wanted;
  /** @type {Map<AbortController, string>} What is being dialled. */
  #dialling = new Map();
  #ticking;

  /**
   * @param {Identity} identity @param {SignalWireOptions} options
   * @param {import('./event-log.js').EventLog} log
   */
  constructor(identity, options, log) {
    this.#identity = identity;
    this.#log = log;
    this.#wanted = !options.skipConnection;
    log.add(SOURCE, `new client: ${identity.title}, ${identity.kind}${optionNames(options)}`);
    this.#client = new SignalWire(identity.provider, options);
    this.#watch();
    this.#showWho();
    this.#show();
    this.#ticking = setInterval(() => this.#showExpiry(), 1000);
  }

  #watch() {
    const client = this.#client;
    client.ready$.subscribe((ready) => this.#onReady(ready));
    client.isConnected$.subscribe((connected) => this.#onState('connected', connected));
    client.isRegistered$.subscribe((registered) => this.#onState('registered', registered));
    client.user$.subscribe((user) => user && this.#onState('user', userText(user)));
    client.errors$.subscribe((error) => this.#onError(error));
    client.warnings$.subscribe(({ code, message }) => this.#log.add(SOURCE, `warning ${code}: ${message}`));
    client.session.calls$.subscribe((calls) => this.#onCalls(calls));
    client.destroyed$.subscribe({ complete: () => this.#log.add(SOURCE, 'destroyed') });
  }

  /** @param {boolean} ready */
  #onReady(ready) {
    this.#ready = ready;
    if (ready) {
      this.#wanted = true;
      this.#expired = false;
      byId('trouble').hidden = true;
    }
    this.#onState('ready', ready);
  }

  /** What a client begins with is no event. @param {string} name @param {string | boolean} value */
  #onState(name, value) {
    if ((this.#known.get(name) ?? false) !== value) this.#log.add(SOURCE, `${name}: ${value}`);
    this.#known.set(name, value);
    this.#show();
  }

  /** @param {any} error */
  #onError(error) {
    this.#log.addError(SOURCE, error);
    if (error?.requiresReauth) this.#wanted = false;
    if (error?.code === 'credentials_expired') this.#expired = true;
    this.#trouble(describe(error));
    this.#show();
  }

  /** @param {Call[]} calls */
  #onCalls(calls) {
    if (this.#over) return;
    for (const call of [...calls].reverse()) if (!this.#cards.has(call)) this.#addCard(call);
    for (const call of this.#cards.keys()) if (!calls.includes(call)) this.#cards.delete(call);
    const ringing = calls.filter(({ direction, status }) => direction === 'inbound' && status === 'ringing');
    tell(byId('urgent'), ringing.map((call) => `Incoming call from ${otherSide(call)}.`).join(' '));
    document.title = ringing[0] ? `${otherSide(ringing[0])} is calling` : `${this.#identity.title}: playground`;
    this.#show();
  }

  /** @param {Call} call */
  #addCard(call) {
    this.#numbered += 1;
    const source = `call ${this.#numbered}`;
    this.#log.add(source, `${call.direction === 'inbound' ? 'incoming from' : 'to'} ${otherSide(call)}`);
    const card = new CallCard(call, source, this.#log);
    this.#cards.set(call, card);
    byId('calls').prepend(card.element);
    // On a small screen a call could ring unseen.
    if (call.direction === 'inbound') card.element.scrollIntoView({ block: 'nearest' });
    call.status$.subscribe({ next: () => this.#onCalls(this.#client.session.calls) });
  }

  /** What depends on who the client is, and does not change. */
  #showWho() {
    const { title, kind, reach } = this.#identity;
    tell(byId('client-title'), title);
    tell(byId('client-kind'), kind);
    tell(byId('client-reach'), reach ? `May call ${reach.join(', ')}. Cannot be called.` : '');
    byId('online').hidden = byId('ring-me').hidden = reach !== undefined;
    byId('client').hidden = byId('dial-section').hidden = byId('calls-section').hidden = false;
    byId('destination').value = reach?.[0] ?? '/public/echo';
  }

  #state() {
    if (this.#ready) return { state: 'ready', text: 'Ready' };
    if (this.#client.isConnected) return { state: 'waiting', text: 'Connecting again' };
    if (this.#wanted) return { state: 'waiting', text: 'Connecting' };
    return { state: 'off', text: 'Not connected' };
  }

  #show() {
    if (this.#over) return;
    const { state, text } = this.#state();
    const registered = this.#client.isRegistered;
    byId('client').dataset.state = state;
    tell(byId('state-session'), text);
    tell(byId('state-registered'), registered ? 'Yes' : 'No');
    tell(byId('state-user'), userText(this.#client.user));
    tell(byId('link'), state === 'off' ? 'Connect' : 'Disconnect');
    const online = byId('online');
    online.setAttribute('aria-checked', String(registered));
    online.disabled = state !== 'ready';
    this.#showExpiry();
  }

  #showExpiry() {
    const claimed = this.#client.user?.satClaims?.expires_at;
    const end = this.#identity.expiresAt() ?? (claimed && claimed * 1000);
    // The space's clock decides; it may be ahead of this machine's.
    const left = this.#expired ? 0 : end && (end - Date.now()) / 1000;
    const text = left === undefined ? 'Unknown' : left > 0 ? `In ${duration(left)}` : 'Over';
    tell(byId('state-expiry'), text);
    byId('state-expiry').dataset.soon = String(left !== undefined && left < SOON);
  }

  /** Connects or disconnects, whichever is due. */
  toggleLink() {
    const connect = this.#state().state === 'off';
    this.#wanted = connect;
    this.#show();
    if (connect) this.#act('connect()', () => this.#client.connect());
    else this.#act('disconnect()', () => this.#client.disconnect());
  }

  /** Online for calls, or not; the session stays. */
  toggleOnline() {
    if (this.#client.isRegistered) this.#act('unregister()', () => this.#client.unregister());
    else this.#act('register()', () => this.#client.register());
  }

  /** @param {string} to @param {boolean} video */
  async dial(to, video) {
    const attempt = new AbortController();
    const media = video ? { video: true, receiveVideo: true } : {};
    this.#dialling.set(attempt, to);
    this.#showDialling();
    await this.#act(`dial ${to}`, () => this.#client.dial(to, { ...media, signal: attempt.signal }));
    this.#dialling.delete(attempt);
    this.#showDialling();
  }

  #showDialling() {
    const destinations = [...this.#dialling.values()].join(', ');
    byId('dialling').hidden = destinations === '';
    tell(byId('dial-state'), destinations && `Dialling ${destinations}…`);
  }

  giveUp() {
    for (const attempt of this.#dialling.keys()) attempt.abort();
  }

  /** The space itself calls this user. @param {'audio' | 'video'} media */
  async ringMe(media) {
    const to = this.#client.user?.addresses[0]?.name;
    if (!to) return this.#trouble('This user has no address yet. Connect first.');
    try {
      await placeCall({ to, media });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#trouble(text === 'not_registered' ? 'The space cannot call you while you are offline. Switch "Online for calls" on.' : text);
    }
  }

  /** The network breaks, for every tab; the clients come back by themselves. */
  async cut() {
    this.#log.add(SOURCE, 'the space cuts all sockets');
    try {
      await cutSockets();
    } catch (error) {
      this.#trouble(describe(error));
    }
  }

  /** Ends the client and forgets it. */
  destroy() {
    this.#over = true;
    clearInterval(this.#ticking);
    this.#client.destroy();
    for (const id of ['client', 'dial-section', 'calls-section', 'trouble']) byId(id).hidden = true;
    byId('calls').replaceChildren();
    document.title = 'Playground';
  }

  /** @param {string} what @param {() => Promise<unknown>} act */
  async #act(what, act) {
    this.#log.add(SOURCE, what);
    try {
      await act();
      this.#log.add(SOURCE, `${what} resolved`);
    } catch (error) {
      this.#log.add(SOURCE, `${what} rejected: ${error instanceof Error ? error.name : error}`, true);
      this.#trouble(describe(error));
    }
    this.#show();
  }

  /** @param {string} text */
  #trouble(text) {
    const close = actionButton('plain', 'Dismiss', () => {
      byId('trouble').hidden = true;
    });
    byId('trouble').replaceChildren(make('p', '', text), close);
    byId('trouble').hidden = false;
  }
}

/** @param {import('../../js/index.js').User | undefined} user */
function userText(user) {
  if (!user) return 'Unknown';
  const [address] = user.addresses;
  return [user.displayName || user.email, address?.name].filter(Boolean).join(', ') || 'Without a profile';
}

/** @param {SignalWireOptions} options */
function optionNames(options) {
  const names = Object.entries(options).flatMap(([name, value]) => (value === true ? [name] : []));
  return names.length > 0 ? `, ${names.join(', ')}` : '';
}
