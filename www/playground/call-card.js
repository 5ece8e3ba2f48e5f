/** One call: what it does, and what can be done with it. */
import { actionButton, byId, make, tell } from '/elements.js';
import { LevelMeter } from './level-meter.js';

/** @typedef {import('../../js/index.js').Call} Call */

/** @type {Record<string, string>} */
const STATUS = {
  new: 'Starting',
  trying: 'Calling',
  ringing: 'Ringing',
  connecting: 'Connecting',
  connected: 'Connected',
  recovering: 'Recovering',
  disconnecting: 'Hanging up',
  disconnected: 'Over',
  failed: 'Failed',
  destroyed: 'Over',
};

/** As long as an incoming call waits for a decision. */
const UNDECIDED = new Set(['new', 'trying', 'ringing']);

/** @type {Record<string, string>} */
const ENDING = {
  normal: 'Hung up',
  busy: 'Busy',
  declined: 'Declined',
  unreachable: 'Unreachable',
  not_registered: 'Not online',
  forbidden: 'Not permitted',
  cancelled: 'Given up',
  no_answer: 'No answer',
  expired: 'Time ran out',
  network: 'Connection lost',
  media: 'No media',
};

/** Who is at the other end. @param {Call} call */
export function otherSide(call) {
  if (call.direction === 'outbound') return call.to ?? 'somebody';
  return call.fromName || call.from || 'somebody';
}

export class CallCard {
  #call;
  #log;
  #source;
  #status = make('p', 'call-status');
  #clock = make('span', 'call-clock mono');
  #actions = make('div', 'actions');
  #far = make('video', 'far');
  #near = make('video', 'near');
  #screens = make('div', 'screens', this.#far, this.#near);
  #levels = { you: new LevelMeter('You'), far: new LevelMeter('Far end') };
  /** @type {number | undefined} When it connected, on the monotonic clock. */
  #since;
  /** @type {number | undefined} */
  #ticking;
  element;

  /**
   * @param {Call} call @param {string} source its name in the log
   * @param {import('./event-log.js').EventLog} log
   */
  constructor(call, source, log) {
    this.#call = call;
    this.#source = source;
    this.#log = log;
    const inbound = call.direction === 'inbound';
    const title = make('h3', '', `${inbound ? 'From' : 'To'} ${otherSide(call)}`);
    const details = inbound && call.fromName && call.from ? [make('p', 'soft mono', call.from)] : [];
    const head = make('div', 'call-head', make('div', '', title, ...details), this.#clock);
    this.element = make('li', 'call', head, this.#status, this.#screens, this.#actions);
    this.element.dataset.direction = call.direction;
    this.#prepareVideo();
    this.#follow();
  }

  #prepareVideo() {
    this.#far.autoplay = this.#near.autoplay = true;
    this.#far.playsInline = this.#near.playsInline = true;
    this.#near.muted = true;
    this.#far.setAttribute('aria-label', 'Video of the far end');
    this.#near.setAttribute('aria-label', 'Your own video');
    for (const video of [this.#far, this.#near]) video.hidden = true;
    this.#screens.hidden = true;
  }

  #follow() {
    const call = this.#call;
    call.status$.subscribe({ next: (status) => this.#onStatus(status), complete: () => this.#onEnd() });
    call.localStream$.subscribe((stream) => this.#play(this.#near, this.#levels.you, stream));
    call.remoteStream$.subscribe((stream) => this.#play(this.#far, this.#levels.far, stream));
    call.errors$.subscribe(({ error }) => this.#log.addError(this.#source, error));
    call.self$.subscribe((self) => self?.audioMuted$.subscribe((muted) => this.#onMuted('audio', muted === true)));
    call.self$.subscribe((self) => self?.videoMuted$.subscribe((muted) => this.#onMuted('video', muted === true)));
  }

  /** @param {string} status */
  #onStatus(status) {
    this.element.dataset.status = status;
    this.#log.add(this.#source, status);
    tell(this.#status, STATUS[status] ?? status);
    if (status === 'connected' && this.#since === undefined) this.#startClock();
    if (this.#call.direction === 'inbound' && UNDECIDED.has(status)) this.#offerAnswer();
    else if (status === 'destroyed') this.#showEnd();
    else this.#offerControls();
  }

  /** Keeps the focus on the card when the button that had it goes. @param {string} what @param {...HTMLElement} actions */
  #offer(what, ...actions) {
    const focused = this.#actions.contains(document.activeElement);
    this.#actions.dataset.offers = what;
    this.#actions.replaceChildren(...actions);
    const next = /** @type {HTMLElement | null} */ (this.#actions.querySelector('button:enabled:not([hidden])'));
    if (focused) next?.focus();
  }

  #offerAnswer() {
    if (this.#actions.dataset.offers === 'answer') return;
    const answer = (/** @type {boolean} */ video) => this.#decide('answer', () => this.#call.answer({ video, receiveVideo: video }));
    this.#offer('answer',
      actionButton('primary', 'Answer', () => answer(false)),
      actionButton('plain', 'Answer with video', () => answer(true)),
      actionButton('bad', 'Reject', () => this.#decide('reject', () => this.#call.reject())),
    );
  }

  /** @param {string} what @param {() => void} act */
  #decide(what, act) {
    this.#log.add(this.#source, what);
    act();
  }

  #offerControls() {
    if (this.#actions.dataset.offers === 'controls') return;
    const microphone = this.#toggle('Mute', 'audio', (self) => self.toggleMute());
    const camera = this.#toggle('Camera off', 'video', (self) => self.toggleMuteVideo());
    camera.hidden = true;
    const meters = make('div', 'levels', this.#levels.you.element, this.#levels.far.element);
    this.#offer('controls', microphone, camera, actionButton('bad', 'Hang up', () => this.#hangUp()), meters);
    this.#showScreens();
  }

  /** @param {string} label @param {'audio' | 'video'} kind @param {(self: NonNullable<Call['self']>) => Promise<void>} act */
  #toggle(label, kind, act) {
    const button = actionButton('plain', label, () => {
      const { self } = this.#call;
      if (self) act(self).catch((error) => this.#log.addError(this.#source, error));
    });
    button.dataset.mutes = kind;
    button.setAttribute('aria-pressed', 'false');
    return button;
  }

  /** @param {'audio' | 'video'} kind @param {boolean} muted */
  #onMuted(kind, muted) {
    const button = /** @type {HTMLButtonElement | null} */ (this.#actions.querySelector(`[data-mutes="${kind}"]`));
    if (!button) return;
    const pressed = String(muted);
    if (button.getAttribute('aria-pressed') !== pressed) this.#log.add(this.#source, `${kind} ${muted ? 'muted' : 'unmuted'}`);
    button.setAttribute('aria-pressed', pressed);
  }

  #hangUp() {
    this.#call.hangup().catch((error) => this.#log.addError(this.#source, error));
  }

  /** @param {HTMLVideoElement} video @param {LevelMeter} meter @param {MediaStream | null} stream */
  #play(video, meter, stream) {
    if (video.srcObject !== stream) {
      video.srcObject = stream;
      stream?.addEventListener('addtrack', () => this.#showScreens());
      stream?.addEventListener('removetrack', () => this.#showScreens());
    }
    if (stream) meter.watch(stream);
    this.#showScreens();
  }

  /** Pictures are shown where there are any; the element of the far end plays its sound in any case. */
  #showScreens() {
    for (const video of [this.#far, this.#near]) {
      const stream = /** @type {MediaStream | null} */ (video.srcObject);
      video.hidden = !stream?.getVideoTracks().length;
    }
    this.#screens.hidden = this.#far.hidden && this.#near.hidden;
    const camera = /** @type {HTMLElement | null} */ (this.#actions.querySelector('[data-mutes="video"]'));
    if (camera) camera.hidden = this.#near.hidden;
  }

  #startClock() {
    this.#since = performance.now();
    const show = () => tell(this.#clock, duration((performance.now() - (this.#since ?? 0)) / 1000));
    this.#ticking = setInterval(show, 1000);
    show();
  }

  #showEnd() {
    const { code = 'normal', cause, causeCode } = this.#call.endReason ?? {};
    const origin = cause ? ` (${[cause, causeCode].filter(Boolean).join(' ')})` : '';
    tell(this.#status, `${this.#ending(code, cause)}${origin}`);
    this.#log.add(this.#source, `ended: ${code}${origin}`);
    this.#offer('dismissal', actionButton('plain', 'Dismiss', () => this.#dismiss()));
  }

  /** @param {string} code @param {string} [cause] */
  #ending(code, cause) {
    if (code !== 'cancelled' || this.#call.direction === 'outbound') return ENDING[code] ?? code;
    return cause === 'LOSE_RACE' ? 'Answered elsewhere' : 'The caller gave up';
  }

  #dismiss() {
    this.element.remove();
    byId('client-title').focus();
  }

  #onEnd() {
    clearInterval(this.#ticking);
    for (const meter of [this.#levels.you, this.#levels.far]) meter.stop();
    for (const video of [this.#far, this.#near]) video.srcObject = null;
    this.#showScreens();
  }
}

/** `1:02:03`, `02:03`. @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours ? `${hours}:` : ''}${two(minutes)}:${two(whole % 60)}`;
}
