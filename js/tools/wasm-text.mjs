// Writes wasm as the ASCII text that js/wasm/wasm-text.ts reads; the form is described there.

const AVOIDED = "\"'`$<\\";
const SINGLES = 87;

const alphabet = Array.from({ length: 127 - 32 }, (_, index) => String.fromCharCode(32 + index)).filter(
  (character) => !AVOIDED.includes(character),
);

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function encodeWasmText(bytes) {
  const counts = new Array(256).fill(0);
  for (const byte of bytes) counts[byte] += 1;
  const byCount = counts.map((_, byte) => byte).sort((a, b) => counts[b] - counts[a] || a - b);
  // Ascending among themselves: neighbours in value stay neighbours in the alphabet, which the compressors' contexts like.
  const common = byCount.slice(0, SINGLES).sort((a, b) => a - b);
  const rare = byCount.slice(SINGLES).sort((a, b) => a - b);
  /** @type {string[]} */
  const codes = new Array(256);
  common.forEach((byte, index) => {
    codes[byte] = character(index);
  });
  rare.forEach((byte, index) => {
    codes[byte] = character(SINGLES + Math.floor(index / alphabet.length)) + character(index % alphabet.length);
  });
  const header = common.map((byte) => character(byte >> 4) + character(byte & 15)).join("");
  return header + Array.from(bytes, (byte) => codes[byte]).join("");
}

/** @param {number} index */
function character(index) {
  const found = alphabet[index];
  if (found === undefined) throw new RangeError(`the alphabet has no character ${index}`);
  return found;
}
