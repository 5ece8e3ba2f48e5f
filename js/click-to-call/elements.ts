/** Builds elements without markup strings, so that a page may forbid them (Trusted Types, strict CSP). */

type Attributes = Readonly<Record<string, string>>;

/** An HTML element with attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A 24-unit line icon from path data; hidden from screen readers, as it always stands beside a label. */
export function icon(...paths: string[]): SVGSVGElement {
  const svg = 'http://www.w3.org/2000/svg';
  const made = document.createElementNS(svg, 'svg');
  made.setAttribute('viewBox', '0 0 24 24');
  made.setAttribute('aria-hidden', 'true');
  for (const data of paths) {
    const path = document.createElementNS(svg, 'path');
    path.setAttribute('d', data);
    made.append(path);
  }
  return made;
}

const HANDSET =
  'M6.6 3.5h2.2c.5 0 .9.3 1 .8l.7 3c.1.4 0 .8-.4 1L8.3 9.6a12 12 0 0 0 6.1 6.1l1.3-1.8c.2-.4.6-.5 1-.4l3 .7c.5.1.8.5.8 1v2.2c0 1.2-1 2.1-2.2 2A16.6 16.6 0 0 1 4.6 5.7c-.1-1.2.8-2.2 2-2.2Z';

/** The icons of the panel. */
export const icons = {
  handset: (): SVGSVGElement => icon(HANDSET),
  microphone: (): SVGSVGElement =>
    icon('M12 3.5a2.75 2.75 0 0 0-2.75 2.75v5a2.75 2.75 0 0 0 5.5 0v-5A2.75 2.75 0 0 0 12 3.5Z', 'M5.75 11a6.25 6.25 0 0 0 12.5 0', 'M12 17.25v3.25'),
  slash: (): SVGSVGElement => icon('M4.5 4.5l15 15'),
  chevron: (): SVGSVGElement => icon('M6 9.5l6 6 6-6'),
  cross: (): SVGSVGElement => icon('M6 6l12 12M18 6L6 18'),
};
