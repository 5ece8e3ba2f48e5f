/** What the small script hands to the call panel. */
import type { Sdk } from './sdk.js';

/** Whom to call, and by whose leave. */
export interface CallTarget {
  /** Address of the destination, such as `/public/sales`. */
  readonly to: string;
  /** Embed token, C2C token or SAT. Never shown and never logged. */
  readonly token: string;
  /** Host that exchanges the token: a name, a name and port, or a URL. A SAT needs none. */
  readonly host: string;
  /** How the destination is called in the panel; empty when unknown. */
  readonly name: string;
}

/** One press of a call button. */
export interface CallRequest {
  /** The pressed button: focus returns to it, and it dispatches the `signalwire-call` events. */
  readonly button: HTMLElement;
  readonly target: CallTarget;
  /** Element made inside the visitor's gesture, for the sound of the other side. */
  readonly audio: HTMLAudioElement;
  /** Fetches the SDK, again after a failure. */
  loadSdk(): Promise<Sdk>;
}

/** The exports of the panel's chunk. */
export interface PanelModule {
  /** Opens the panel and calls; while a call is up it only brings the open panel to the visitor's attention. */
  openCall(request: CallRequest): void;
}
