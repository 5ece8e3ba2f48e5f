/** Elements of the page: found and made. */

/** The element with an id that the page has. @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} className @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** A button that acts. @param {string} className @param {string} label @param {() => unknown} act */
export function actionButton(className, label, act) {
  const button = make('button', className, label);
  button.type = 'button';
  button.addEventListener('click', act);
  return button;
}

/** Changes a text only when it differs, so that a live region says it once. @param {Element} element @param {string} text */
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
