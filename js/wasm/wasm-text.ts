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
  // It runs once and cold, where typed arrays and a loop without calls take two thirds of the time of character codes.
  const input = new TextEncoder().encode(text);
  const place = new Uint8Array(127);
  let characters = 0;
  for (let code = 32; code < 127; code++) {
    if (!AVOIDED.includes(String.fromCharCode(code))) place[code] = characters++;
  }
  let at = 0;
  const common = new Set<number>();
  while (common.size < SINGLES) common.add((place[input[at++] as number] as number) * 16 + (place[input[at++] as number] as number));
  const order = new Uint8Array(256);
  order.set([...common]);
  for (let byte = 0, index = SINGLES; byte < 256; byte++) if (!common.has(byte)) order[index++] = byte;

  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    let code = place[input[at++] as number] as number;
    if (code >= SINGLES) code = SINGLES + (code - SINGLES) * characters + (place[input[at++] as number] as number);
    bytes[index] = order[code] as number;
  }
  return bytes;
}
