/** Fits the shop's call buttons to the local space: a real shop writes token, destination and host into its page. */
import { readSpaceInfo } from '/space-info.js';

/** @typedef {import('../space-info.js').SpaceInfo} SpaceInfo */
/** @typedef {{ label: string, to: string, token: string }} Answer */

const LABELS = new Map([
  ['/public/echo', 'An echo: you hear yourself'],
  ['/public/tone', 'A steady tone'],
  ['/public/busy', 'Nobody: the line is busy'],
  ['/public/silent', 'Nobody: it rings until you give up'],
  ['/public/unreachable', 'Nobody: the line is out of order'],
]);

const picker = /** @type {HTMLSelectElement} */ (document.querySelector('#answers'));
const message = /** @type {HTMLElement} */ (document.querySelector('#bench-message'));
const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-signalwire-call]'));

/** What the space offers, and two things that it must refuse. @param {SpaceInfo} info @returns {Answer[]} */
function answersOf(info) {
  const answers = info.click_to_call.map(({ address, embed_token }) => ({
    label: LABELS.get(address) ?? address,
    to: address,
    token: embed_token,
  }));
  const [first] = answers;
  if (!first) return answers;
  return [
    ...answers,
    { label: 'Nobody: the token does not reach so far', to: '/public/nowhere', token: first.token },
    { label: 'Nobody: the token is refused', to: first.to, token: 'c2c_refused' },
  ];
}

/** @param {Answer} answer @param {string} host */
function fit(answer, host) {
  for (const button of buttons) {
    button.dataset.to = answer.to;
    button.dataset.token = answer.token;
    button.dataset.host = host;
    button.disabled = false;
  }
}

/** @param {SpaceInfo} info */
function offer(info) {
  // The scheme of this page also holds for the calls, so that https can be tried out too.
  const host = `${location.protocol}//${info.hosts.embeds}`;
  const answers = answersOf(info);
  picker.replaceChildren(...answers.map(({ label }, index) => new Option(label, String(index))));
  const choose = () => {
    const answer = answers[picker.selectedIndex];
    if (answer) fit(answer, host);
  };
  picker.addEventListener('change', choose);
  picker.disabled = false;
  choose();
}

try {
  offer(await readSpaceInfo());
} catch (error) {
  picker.replaceChildren(new Option('Nobody'));
  message.textContent = 'The space does not answer. Start it with npm start, then reload this page.';
  console.error(error);
}
