/** What can be seen before anything else is loaded: the floating button, and the word that loading failed. */

const STYLE = `
:host { all: initial; position: fixed; z-index: 2147483000; right: max(20px, env(safe-area-inset-right));
  bottom: max(20px, env(safe-area-inset-bottom)); font: 600 16px/1.3 system-ui, sans-serif; }
button, div { font: inherit; border-radius: 28px; padding: 0 24px; min-height: 56px; border: 1px solid transparent;
  color: #fff; background: var(--signalwire-accent, #0b57d0); box-shadow: 0 4px 16px rgb(0 0 0 / .25); }
button { cursor: pointer; }
button[aria-expanded] { visibility: hidden; }
button:hover { filter: brightness(1.1); }
button:focus-visible { outline: 3px solid #fff; outline-offset: -6px; }
div { max-width: 320px; padding: 16px 24px; box-sizing: border-box; background: #8c1d18; }
div:empty { display: none; }`;

function attachSheet(host: HTMLElement): ShadowRoot {
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  return root;
}

/** The button of a page that has none; carries `mark` so that it is found like any other. */
export function floatingButton(mark: string, label: string): HTMLElement {
  const host = document.createElement('div');
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute(mark, '');
  button.textContent = label;
  attachSheet(host).append(button);
  return host;
}

/** Tells the visitor that the panel itself could not be fetched; goes away after ten seconds. */
export function showLoadFailure(): void {
  const host = document.createElement('div');
  const message = document.createElement('div');
  message.setAttribute('role', 'alert');
  attachSheet(host).append(message);
  document.body.append(host);
  // Filled after it is in the page: a screen reader announces changes, not what was there from the start.
  requestAnimationFrame(() => {
    message.textContent = 'The call could not be started. Check your internet connection and press the button again.';
  });
  setTimeout(() => host.remove(), 10_000);
}
