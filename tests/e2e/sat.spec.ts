// The form of a SAT, read by a library that shares no line with the space.
import { randomBytes } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader } from 'jose';
import { expect, test } from './harness/test.js';

test('a SAT is a JWE that says where it belongs and nothing else', async ({ space }) => {
  const tokens = [await space.subscriberSat('ada@example.test')];
  const response = await fetch(`http://127.0.0.1:${space.port}/api/fabric/embeds/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: space.embedToken('/public/echo') }),
  });
  tokens.push(((await response.json()) as { token: string }).token);
  for (const token of tokens) {
    expect(token.split('.')).toHaveLength(5);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'dir', enc: 'A256GCM', typ: 'SAT', ch: space.info.hosts.websocket });
    await expect(compactDecrypt(token, randomBytes(32))).rejects.toMatchObject({ code: 'ERR_JWE_DECRYPTION_FAILED' });
  }
});
