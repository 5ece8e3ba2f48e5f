/** Texts encrypted at rest: AES-256-GCM (NIST SP 800-38D), a random nonce for each. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * @param {Buffer} key 32 bytes
 * @param {string} owner whose it is: sealed for one, a text does not open for another
 * @param {string} text
 * @returns {string} base64url of nonce, tag and ciphertext
 */
export function seal(key, owner, text) {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner));
  const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url');
}

/**
 * @param {Buffer} key @param {string} owner @param {string} sealed
 * @returns {string | undefined} nothing for what was changed, belongs to another, or was sealed with another key
 */
export function unseal(key, owner, sealed) {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    // The tag does not fit; why it does not is nothing that a caller could act upon.
    return undefined;
  }
}
