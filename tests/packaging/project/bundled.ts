// The default entry through a bundler: nothing to configure, the engine is inside.

import { embeddableCall } from "signalwire-wasm";
import { callAndHangUp, targetOfPage } from "./call.js";

window.outcome = callAndHangUp(embeddableCall, targetOfPage());
