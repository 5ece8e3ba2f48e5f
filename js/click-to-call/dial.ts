/** Dials with whichever credential the page was given. */
import type { CallTarget } from './contract.js';
import type { Call, Sdk } from './sdk.js';

/**
 * A SAT leads to its space by itself; every other token is exchanged at the host for one (auth.md REQ-24a). Rejects as
 * `embeddableCall()` does; nothing stays open after the call.
 */
export async function dial(sdk: Sdk, { to, token, host }: CallTarget, signal: AbortSignal): Promise<Call> {
  if (!isSat(token)) return sdk.embeddableCall({ to, embedToken: token, host, signal });
  const client = new sdk.SignalWire(new sdk.StaticCredentialProvider({ token }), { skipRegister: true });
  try {
    const call = await client.dial(to, { signal });
    call.status$.subscribe({ complete: () => client.destroy() });
    return call;
  } catch (error) {
    client.destroy();
    throw error;
  }
}

/** Whether a token begins with a JOSE header: a JSON object in base64url (RFC 7515 §4). */
export function isSat(token: string): boolean {
  const [first = ''] = token.split('.');
  try {
    const header: unknown = JSON.parse(atob(first.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof header === 'object' && header !== null && !Array.isArray(header);
  } catch {
    // No base64, or no JSON: then it is a token of another form.
    return false;
  }
}
