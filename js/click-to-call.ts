/**
 * The drop-in call button, as one small classic script.
 *
 * ```html
 * <script src="/sdk/click-to-call.js" defer data-host="embeds.signalwire.com"></script>
 * <button data-signalwire-call data-token="…" data-to="/public/sales" data-name="Sales">Call us</button>
 * ```
 *
 * Every element with `data-signalwire-call` becomes a call button, also those added later. What a button leaves out is
 * taken from the script element; with `data-to` on the script element and no button in the page, a floating button
 * appears. `data-token` is an embed token (or a C2C token), the only credential meant for a public page; where the
 * page is not public it may be a SAT, and then needs no host.
 *
 * Until a visitor shows the intent to call (points at the button, focuses or touches it) this script is all that is
 * loaded; then the panel and the SDK are fetched side by side.
 *
 * The button dispatches `signalwire-call` (bubbling, `detail: { phase, code? }`) on each change of the call.
 */
import type { CallTarget, PanelModule } from './click-to-call/contract.js';
import type { Sdk } from './click-to-call/sdk.js';
import { floatingButton, showLoadFailure } from './click-to-call/launcher.js';

const MARK = 'data-signalwire-call';

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null;
const base = script?.src || document.baseURI;
const defaults: DOMStringMap = script?.dataset ?? {};

/**
 * One module, fetched once. A failed fetch of a module is remembered by the browser for the life of the page, so each
 * further attempt asks under an address of its own.
 */
class LazyModule<T> {
  #attempts = 0;
  #loading: Promise<T> | null = null;

  constructor(private readonly url: string) {}

  load(): Promise<T> {
    if (this.#loading === null) {
      const url = this.#attempts === 0 ? this.url : `${this.url}?attempt=${this.#attempts}`;
      this.#attempts += 1;
      const loading = import(url) as Promise<T>;
      this.#loading = loading;
      loading.catch(() => {
        this.#loading = null;
      });
    }
    return this.#loading;
  }
}

const panel = new LazyModule<PanelModule>(new URL('click-to-call-panel.mjs', base).href);
const sdk = new LazyModule<Sdk>(new URL(defaults['sdk'] ?? 'signalwire.bundle.mjs', base).href);

function warmUp(): void {
  void panel.load();
  // A file that cannot be loaded is told of when it is needed, by the click.
  sdk.load().then(
    ({ warmUp: start }) => start(),
    () => undefined,
  );
}

function buttonOf(event: Event): HTMLElement | null {
  for (const node of event.composedPath()) {
    if (node instanceof HTMLElement && node.hasAttribute(MARK)) return node;
  }
  return null;
}

function targetOf(button: HTMLElement): CallTarget {
  const own = button.dataset;
  return {
    to: own['to'] ?? defaults['to'] ?? '',
    token: own['token'] ?? defaults['token'] ?? '',
    host: own['host'] ?? defaults['host'] ?? '',
    name: own['name'] ?? defaults['name'] ?? '',
  };
}

async function call(button: HTMLElement): Promise<void> {
  // Created inside the visitor's gesture: an element that starts to play later may otherwise stay silent.
  const audio = document.createElement('audio');
  audio.autoplay = true;
  button.setAttribute('aria-busy', 'true');
  try {
    const { openCall } = await panel.load();
    openCall({ button, target: targetOf(button), audio, loadSdk: () => sdk.load() });
  } catch {
    showLoadFailure();
  } finally {
    button.removeAttribute('aria-busy');
  }
}

function onIntent(event: Event): void {
  if (buttonOf(event)) warmUp();
}

function onClick(event: Event): void {
  const button = buttonOf(event);
  if (!button || button.matches(':disabled, [aria-disabled="true"], [aria-busy="true"]')) return;
  event.preventDefault();
  warmUp();
  void call(button);
}

for (const intent of ['pointerover', 'focusin', 'touchstart']) {
  document.addEventListener(intent, onIntent, { capture: true, passive: true });
}
document.addEventListener('click', onClick);

function start(): void {
  if (defaults['to'] !== undefined && document.querySelector(`[${MARK}]`) === null) {
    document.body.append(floatingButton(MARK, defaults['label'] ?? 'Call us'));
  }
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
