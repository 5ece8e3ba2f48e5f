// The wasm as text inside a script: printable ASCII, one character for each of the 87 commonest bytes, a lead and
// a character for the others. Byte boundaries stay character boundaries, so gzip and brotli find what they find in
// the bare file (hex and base64 hide it), and no minifier or charset can change it. Written by js/tools/wasm-text.mjs.

/** Characters that would end or open something in a string, a template or a script element. */
const AVOIDED = "\"'`$<\\";

/** Bytes of one character; the two characters after them in the alphabet are the leads. */
const SINGLES = 87;

/**
 * Decodes the text to the bytes of the wasm.
 *
 * The text begins with the 87 commonest bytes, two characters each; the other bytes follow them in ascending order,
 * and a byte is written as its place in that list.
 *
 * @param text what the encoder wrote
 * @param length the number of bytes it was made of
 */
export function decodeWasmText(text: string, length: number): Uint8Array<ArrayBuffer> {
  const place = new Uint8Array(127);
  let characters = 0;
  for (let code = 32; code < 127; code++) {
    if (!AVOIDED.includes(String.fromCharCode(code))) place[code] = characters++;
  }
  let at = 0;
  const next = (): number => place[text.charCodeAt(at++)] ?? 0;
  const common = new Set<number>();
  while (common.size < SINGLES) common.add(next() * 16 + next());
  const order = [...common];
  for (let byte = 0; byte < 256; byte++) if (!common.has(byte)) order.push(byte);
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    let code = next();
    if (code >= SINGLES) code = SINGLES + (code - SINGLES) * characters + next();
    bytes[index] = order[code] ?? 0;
  }
  return bytes;
}
