// No bundler: `signalwire.js` stands in a script element before this one and gives the global `SignalWire`.

import type * as Package from "signalwire-wasm";
import { callAndHangUp, targetOfPage } from "./call.js";

declare const SignalWire: typeof Package;

window.outcome = callAndHangUp(SignalWire.embeddableCall, targetOfPage());
