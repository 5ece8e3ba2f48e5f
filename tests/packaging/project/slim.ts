// The slim entry through a bundler: the application hosts the engine's file and says where.

import { embeddableCall, loadEngine } from "signalwire-wasm/slim";
import { callAndHangUp, targetOfPage } from "./call.js";

window.outcome = loadEngine(new URL("/sdk/signalwire.wasm", location.origin)).then(() => callAndHangUp(embeddableCall, targetOfPage()));
