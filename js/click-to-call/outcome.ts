/** How a call ended, in the visitor's words. */
import type { EndCode } from './sdk.js';

/** The SDK's reasons, and those that only the panel can tell. */
export type OutcomeCode =
  | EndCode
  /** There is nothing to hear without a microphone, and none could be used. */
  | 'microphone'
  /** The credential of the page was refused. */
  | 'token'
  /** The space did not answer, or answered with a failure of its own. */
  | 'unavailable'
  /** The SDK could not be fetched. */
  | 'not_loaded'
  /** The page gives no destination, token or host. */
  | 'incomplete'
  /** The browser has no WebRTC here, or the page is not a secure context. */
  | 'unsupported'
  /** Anything else. */
  | 'unknown';

/** What the panel knows when a call is over. */
export interface Outcome {
  readonly code: OutcomeCode;
  /** The visitor ended it. */
  readonly byVisitor: boolean;
  /** Both sides were once connected. */
  readonly answered: boolean;
}

/** Text of an outcome. */
export interface OutcomeText {
  readonly title: string;
  readonly detail: string;
  /** Whether it is a failure, to be announced at once. */
  readonly failed: boolean;
  /** Whether calling again can help without a change of the page. */
  readonly again: boolean;
}

const END_CODES: ReadonlySet<string> = new Set<EndCode>([
  'normal', 'busy', 'declined', 'unreachable', 'not_registered', 'forbidden', 'cancelled', 'no_answer', 'expired',
  'network', 'media',
]);

/** The SDK's error codes (docs/errors.md) in the terms of a visitor. A code that is not here says nothing by itself. */
const BY_CODE: Readonly<Record<string, OutcomeCode>> = {
  aborted: 'cancelled',
  authentication_timeout: 'unavailable',
  call_create_timeout: 'unavailable',
  call_forbidden: 'forbidden',
  call_unknown_destination: 'unreachable',
  connect_refused: 'unavailable',
  connect_timeout: 'unavailable',
  credentials_empty: 'token',
  credentials_expired: 'expired',
  credentials_expiry_unit: 'token',
  credentials_foreign: 'token',
  credentials_malformed: 'token',
  credentials_missing: 'token',
  credentials_no_source: 'token',
  credentials_rejected: 'token',
  dependency_missing: 'unsupported',
  destination_missing: 'incomplete',
  embed_service_failed: 'unavailable',
  embed_token_rejected: 'token',
  host_invalid: 'incomplete',
  media_access: 'microphone',
  media_connection_failed: 'media',
  media_denied: 'microphone',
  no_relay_candidate: 'media',
  request_failed: 'unavailable',
  request_timeout: 'unavailable',
  response_malformed: 'unavailable',
  rpc_timeout: 'unavailable',
  session_lost: 'unavailable',
  socket_failed: 'unavailable',
};

/** Finds out what a rejection of `embeddableCall` means; looks at the causes too, the outermost known one wins. */
export function classify(error: unknown): OutcomeCode {
  let current: unknown = error;
  // A cause may, in a broken chain, lead back to itself.
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth += 1) {
    const { code, cause } = current as { readonly code?: unknown; readonly cause?: unknown };
    if (typeof code === 'string') {
      if (END_CODES.has(code)) return code as EndCode;
      const known = BY_CODE[code];
      if (known !== undefined) return known;
    }
    current = cause;
  }
  return 'unknown';
}

/** Words for an outcome. `who` is the destination's name, ready for the start of a sentence. */
export function outcomeText({ code, byVisitor, answered }: Outcome, who: string, online: boolean): OutcomeText {
  const failure = (title: string, detail: string, again = true): OutcomeText => ({ title, detail, failed: true, again });
  const quiet = (title: string, detail: string): OutcomeText => ({ title, detail, failed: false, again: true });
  switch (code) {
    case 'normal':
      return quiet('Call ended', byVisitor ? 'You hung up.' : `${who} hung up.`);
    case 'cancelled':
      return quiet('Call cancelled', 'Nobody was disturbed.');
    case 'busy':
      return failure('The line is busy', `${who} is on another call. Please try again in a few minutes.`);
    case 'declined':
      return failure('Call declined', `${who} cannot take your call at the moment.`);
    case 'no_answer':
      return failure('No answer', `${who} did not pick up. Please try again later.`);
    case 'not_registered':
      return failure('Nobody is available', `${who} is not online right now. Please try again later.`);
    case 'unreachable':
      return failure('Unknown destination', 'The number behind this button is not in service. Please tell the site.', false);
    case 'forbidden':
      return failure('Call not permitted', 'This page is not permitted to call this number. Please tell the site.', false);
    case 'expired':
      return failure('Your session has expired', 'Reload the page, then call again.', false);
    case 'token':
      return failure('Call not authorised', 'The permission to call from this page was refused. Reload the page and try again.', false);
    case 'network':
    case 'unavailable':
      return disconnected(code, answered, online);
    case 'media':
      return answered
        ? failure('The sound was lost', 'The call is still possible: please call again.')
        : failure('No sound connection', 'Your network may block calls. Try another one, then call again.');
    case 'microphone':
      return failure('No microphone', 'Your microphone could not be used. Connect or allow one, then call again.');
    case 'not_loaded':
      return online
        ? failure('The call could not be started', 'A part of this page did not load. Please try again.')
        : disconnected('network', false, false);
    case 'incomplete':
      return failure('This button is not ready', 'It does not say whom to call. Please tell the site.', false);
    case 'unsupported':
      return failure('Your browser cannot call', 'It needs a current browser, a page served over https, and a page that allows WebAssembly.', false);
    case 'unknown':
      return failure('The call failed', 'Something unexpected went wrong. Please try again.');
  }
}

function disconnected(code: 'network' | 'unavailable', answered: boolean, online: boolean): OutcomeText {
  const text = (title: string, detail: string): OutcomeText => ({ title, detail, failed: true, again: true });
  if (!online) return text('You are offline', 'Check your internet connection, then call again.');
  if (answered) return text('Connection lost', 'The call broke off. Check your internet connection, then call again.');
  return code === 'network'
    ? text('No connection', 'Check your internet connection, then call again.')
    : text('The line does not respond', 'The call service cannot be reached at the moment. Please try again later.');
}
