/** Buttons that put a text on the clipboard, and say so. */

const said = /** @type {HTMLElement} */ (document.querySelector('#said'));

/** @param {string} text */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Refused by the visitor or by policy: the text can still be selected by hand.
    return false;
  }
}

/** @param {HTMLButtonElement} button @param {() => string} text */
export function makeCopyButton(button, text) {
  const label = [...button.childNodes];
  button.addEventListener('click', async () => {
    const done = await copy(text());
    button.replaceChildren(done ? 'Copied' : 'Not allowed');
    said.textContent = done ? 'Copied.' : 'The browser did not allow copying. Select the text instead.';
    setTimeout(() => {
      button.replaceChildren(...label);
      said.textContent = '';
    }, 2000);
  });
}

/**
 * A new copy button for `text`; `what` completes its name for screen readers.
 *
 * @param {string} text @param {string} what @param {string} [label]
 */
export function copyButton(text, what, label = 'Copy') {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  const rest = document.createElement('span');
  rest.className = 'unseen';
  rest.textContent = ` ${what}`;
  button.append(label, rest);
  makeCopyButton(button, () => text);
  return button;
}
