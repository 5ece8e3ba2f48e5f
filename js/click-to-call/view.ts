/** The panel as it is seen, heard by a screen reader and operated; knows nothing of calls beyond what it shows. */
import { element, icons } from './elements.js';
import type { CallView, Notice, Phase } from './flow.js';
import { outcomeText } from './outcome.js';
import { STYLES } from './styles.js';

/** What the visitor can ask for. */
export interface PanelActions {
  hangUp(): void;
  toggleMute(): void;
  playSound(): void;
  callAgain(): void;
  close(): void;
  /** Escape during a connected call: back to the page, the call goes on. */
  leave(): void;
}

const STATUS: Readonly<Record<Exclude<Phase, 'ended'>, string>> = {
  starting: 'Starting the call…',
  calling: 'Calling…',
  ringing: 'Ringing…',
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  ending: 'Hanging up…',
};

const NOTICES: Readonly<Record<Notice, string>> = {
  microphone_denied:
    'Your microphone is blocked: you can listen, but you are not heard. To speak, allow it in the site settings of your browser and call again.',
  microphone_missing: 'No microphone was found: you can listen, but you are not heard. To speak, connect one and call again.',
  microphone_failed:
    'Your microphone could not be used: you can listen, but you are not heard. Another program may hold it.',
  mute_failed: 'Your microphone could not be switched. Please try again.',
  sound_blocked: 'Your browser keeps the sound off.',
};

const WAITING: ReadonlySet<Phase> = new Set<Phase>(['starting', 'calling', 'ringing', 'connecting', 'reconnecting']);

/** Minutes and seconds, with hours once there are some. */
export function clockTime(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const rest = `${two(minutes % 60)}:${two(seconds % 60)}`;
  return minutes < 60 ? rest : `${Math.floor(minutes / 60)}:${rest}`;
}

function control(name: string, label: string, ...drawing: Node[]): HTMLButtonElement {
  return element('button', { type: 'button', class: `control ${name}` },
    element('span', { class: 'disc' }, ...drawing), element('span', { class: 'label' }, label));
}

/** One panel in a shadow root of its own, at the end of the page. */
export class PanelView {
  readonly #host = element('div');
  readonly #root = this.#host.attachShadow({ mode: 'open' });
  readonly #title = element('h2', { id: 'title' });
  readonly #status = element('p', { id: 'status', class: 'status' });
  readonly #duration = element('p', { class: 'duration', role: 'timer', 'aria-label': 'Duration' });
  readonly #hint = element('p', { class: 'hint' });
  readonly #noticeText = element('p');
  readonly #noticeAction = element('button', { type: 'button', class: 'plain' });
  readonly #notice = element('div', { class: 'notice' }, this.#noticeText, this.#noticeAction);
  readonly #mute: HTMLButtonElement;
  readonly #hangUp: HTMLButtonElement;
  readonly #hangUpLabel: HTMLElement;
  readonly #shrink = element('button', { type: 'button', class: 'icon', 'aria-label': 'Make the panel small' }, icons.chevron());
  readonly #running: HTMLElement;
  readonly #detail = element('p', { id: 'detail' });
  readonly #total = element('p', { class: 'total' });
  readonly #again = element('button', { type: 'button', class: 'plain primary' }, 'Call again');
  readonly #close = element('button', { type: 'button', class: 'plain' }, 'Close');
  readonly #result: HTMLElement;
  readonly #panel: HTMLElement;
  readonly #polite = element('p', { class: 'unseen', role: 'status' });
  readonly #assertive = element('p', { class: 'unseen', role: 'alert' });
  #view: CallView | null = null;
  #spoken = '';

  constructor(private readonly who: string, private readonly actions: PanelActions, audio: HTMLAudioElement) {
    const slash = icons.slash();
    slash.classList.add('slash');
    this.#mute = control('mute', 'Mute', icons.microphone(), slash);
    const down = icons.handset();
    down.classList.add('mark-down');
    this.#hangUp = control('hangup', '', down);
    this.#hangUpLabel = this.#hangUp.lastElementChild as HTMLElement;
    this.#running = element('div', { class: 'main' }, this.#duration, this.#hint, this.#notice,
      element('div', { class: 'controls' }, this.#mute, this.#hangUp));
    this.#result = element('div', { class: 'main result' }, this.#detail, this.#total,
      element('div', { class: 'choices' }, this.#close, this.#again));
    const header = element('header', {}, element('div', { class: 'mark' }, icons.handset()),
      element('div', { class: 'who' }, this.#title, this.#status), this.#shrink);
    this.#panel = element('section',
      { class: 'panel', role: 'dialog', tabindex: '-1', 'aria-labelledby': 'title', 'aria-describedby': 'status' },
      header, this.#running, this.#result);
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLES);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#panel, this.#polite, this.#assertive, audio);
    this.#title.textContent = who || 'Your call';
    this.#listen();
  }

  /** Puts the panel into the page and the focus on it. */
  open(): void {
    document.body.append(this.#host);
    this.focus();
  }

  /** Takes the panel out of the page. */
  remove(): void {
    this.#host.remove();
  }

  /** Enlarges the panel and puts the focus on it, not on one of its buttons: a key still held down would press it. */
  focus(): void {
    this.#setSmall(false);
    this.#panel.focus({ preventScroll: true });
  }

  /** Whether the focus is in the panel. */
  get hasFocus(): boolean {
    return document.activeElement === this.#host;
  }

  /** Makes the panel small, as before the visitor goes on reading. */
  shrink(): void {
    this.#setSmall(true);
  }

  /** Shows how long the call has lasted; milliseconds. */
  tick(elapsed: number): void {
    const text = clockTime(elapsed);
    if (this.#duration.textContent !== text) this.#duration.textContent = text;
  }

  /** Shows the state of the call. */
  show(view: CallView, elapsed: number): void {
    this.#view = view;
    const { phase, notice, outcome } = view;
    this.#panel.classList.toggle('waiting', WAITING.has(phase));
    this.#panel.classList.toggle('live', phase === 'connected');
    const ended = phase === 'ended';
    this.#panel.classList.toggle('over', ended);
    if (ended) this.#setSmall(false);
    this.#shrink.hidden = view.answeredAt === null || ended;
    const focused = this.hasFocus;
    this.#running.hidden = ended;
    this.#result.hidden = !ended;
    if (outcome) return this.#showOutcome(view, elapsed, focused);
    const text = phase === 'ended' ? '' : STATUS[phase];
    this.#status.textContent = text;
    this.#showControls(view);
    this.#showNotice(notice);
    this.#speak(notice ? `${text} ${NOTICES[notice]}` : text);
  }

  #showControls({ phase, answeredAt, canMute, muted, notice }: CallView): void {
    this.#hint.hidden = phase !== 'starting' || notice !== null;
    this.#hint.textContent = 'Your browser may ask for your microphone.';
    this.#duration.hidden = answeredAt === null;
    // aria-disabled, as a disabled button would lose the focus between two presses.
    this.#mute.setAttribute('aria-disabled', String(!canMute));
    this.#mute.setAttribute('aria-pressed', String(muted));
    this.#mute.hidden = answeredAt === null;
    this.#hangUpLabel.textContent = answeredAt === null ? 'Cancel' : 'Hang up';
    this.#hangUp.setAttribute('aria-label', answeredAt === null ? 'Cancel the call' : 'Hang up');
  }

  #showNotice(notice: Notice | null): void {
    this.#notice.hidden = notice === null;
    if (notice === null) return;
    this.#noticeText.textContent = NOTICES[notice];
    const action = notice === 'sound_blocked' ? 'Turn the sound on' : notice === 'mute_failed' ? '' : 'Call again';
    this.#noticeAction.hidden = action === '';
    this.#noticeAction.textContent = action;
  }

  #showOutcome({ outcome, answeredAt }: CallView, elapsed: number, focused: boolean): void {
    if (!outcome) return;
    const { title, detail, failed, again } = outcomeText(outcome, this.who || 'The other side', navigator.onLine);
    this.#panel.classList.toggle('failed', failed);
    this.#status.textContent = title;
    this.#detail.textContent = detail;
    this.#total.hidden = answeredAt === null;
    this.#total.textContent = `Duration ${clockTime(elapsed)}`;
    this.#again.hidden = !again;
    this.#panel.setAttribute('aria-describedby', 'status detail');
    if (focused) this.#close.focus({ preventScroll: true });
    if (failed) this.#assertive.textContent = `${title}. ${detail}`;
    else this.#speak(`${title}. ${detail}`);
  }

  #speak(text: string): void {
    if (text === this.#spoken) return;
    this.#spoken = text;
    this.#polite.textContent = text;
  }

  #setSmall(small: boolean): void {
    this.#panel.classList.toggle('small', small);
    this.#shrink.setAttribute('aria-expanded', String(!small));
    this.#shrink.setAttribute('aria-label', small ? 'Make the panel large' : 'Make the panel small');
  }

  #listen(): void {
    const { actions } = this;
    this.#hangUp.addEventListener('click', () => actions.hangUp());
    this.#mute.addEventListener('click', () => actions.toggleMute());
    this.#close.addEventListener('click', () => actions.close());
    this.#again.addEventListener('click', () => actions.callAgain());
    this.#noticeAction.addEventListener('click', () => {
      if (this.#view?.notice === 'sound_blocked') actions.playSound();
      else actions.callAgain();
    });
    this.#shrink.addEventListener('click', () => this.#setSmall(!this.#panel.classList.contains('small')));
    this.#panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing || this.#view === null) return;
      event.preventDefault();
      event.stopPropagation();
      if (this.#view.phase === 'ended') actions.close();
      else if (this.#view.answeredAt === null) actions.hangUp();
      else actions.leave();
    });
  }
}
