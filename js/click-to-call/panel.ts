/** The call panel: a chunk of its own, fetched when a visitor shows the intent to call. */
import type { CallRequest } from './contract.js';
import type { CallView, FlowPorts } from './flow.js';
import { CallFlow } from './flow.js';
import { PanelView } from './view.js';

let current: CallPanel | null = null;

/** Opens the panel and calls; while a call is up it only brings the open panel to the visitor's attention. */
export function openCall(request: CallRequest): void {
  if (current !== null && !current.over) {
    current.attend();
    return;
  }
  current?.close();
  current = new CallPanel(request);
}

class CallPanel {
  readonly #view: PanelView;
  #flow: CallFlow;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly request: CallRequest) {
    this.#view = new PanelView(request.target.name, {
      hangUp: () => this.#flow.hangUp(),
      toggleMute: () => void this.#flow.toggleMute(),
      playSound: () => void this.#playSound(),
      callAgain: () => this.#callAgain(),
      close: () => this.close(),
      leave: () => this.#leave(),
    }, request.audio);
    request.button.setAttribute('aria-expanded', 'true');
    this.#view.open();
    this.#flow = this.#dial();
  }

  get over(): boolean {
    return this.#flow.view.phase === 'ended';
  }

  attend(): void {
    this.#view.focus();
  }

  close(): void {
    const { button } = this.request;
    const returnFocus = this.#view.hasFocus;
    clearInterval(this.#ticking);
    this.#view.remove();
    button.removeAttribute('aria-expanded');
    if (returnFocus) button.focus();
    if (current === this) current = null;
  }

  #leave(): void {
    this.#view.shrink();
    this.request.button.focus();
  }

  #dial(): CallFlow {
    const { request } = this;
    const ports: FlowPorts = {
      loadSdk: () => request.loadSdk(),
      now: () => performance.now(),
      supported: () => typeof RTCPeerConnection === 'function' && window.isSecureContext,
      // The flow of an earlier call in this panel may still be winding up.
      show: (view) => flow === this.#flow && this.#show(view),
      play: (stream) => flow === this.#flow && this.#play(stream),
      report,
    };
    const flow = new CallFlow(request.target, ports);
    this.#flow = flow;
    void flow.start();
    return flow;
  }

  #callAgain(): void {
    this.#flow.hangUp();
    this.#view.focus();
    this.#dial();
  }

  #show(view: CallView): void {
    this.#view.show(view, this.#elapsed(view));
    if (view.phase === 'ended') this.#silence();
    else if (view.answeredAt !== null) {
      this.#ticking ??= setInterval(() => this.#view.tick(this.#elapsed(this.#flow.view)), 250);
      this.#view.tick(this.#elapsed(view));
    }
    this.#announce(view);
  }

  #elapsed({ answeredAt }: CallView): number {
    return answeredAt === null ? 0 : performance.now() - answeredAt;
  }

  #silence(): void {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
    this.request.audio.srcObject = null;
  }

  #play(stream: MediaStream): void {
    const { audio } = this.request;
    if (audio.srcObject !== stream) audio.srcObject = stream;
    void this.#playSound();
  }

  async #playSound(): Promise<void> {
    const flow = this.#flow;
    try {
      await this.request.audio.play();
      flow.soundBlocked(false);
    } catch (error) {
      // Any other failure, such as a stream that is replaced while it starts, resolves itself.
      if (error instanceof DOMException && error.name === 'NotAllowedError') flow.soundBlocked(true);
    }
  }

  #announce({ phase, outcome }: CallView): void {
    const detail = outcome ? { phase, code: outcome.code } : { phase };
    this.request.button.dispatchEvent(new CustomEvent('signalwire-call', { bubbles: true, composed: true, detail }));
  }
}

/** For the developer of the page; the errors of the SDK carry no secret. */
function report(error: unknown): void {
  const { name, code, message, advice } = error as Readonly<Record<'name' | 'code' | 'message' | 'advice', unknown>>;
  const words = [name, code, message, advice].filter((word) => typeof word === 'string' && word !== '');
  console.warn(`click-to-call: ${words.join(' | ')}`, error);
}
