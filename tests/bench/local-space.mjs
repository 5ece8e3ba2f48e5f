// A local space as a child process: its own ports, and gone when it is told or when this process ends.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { root } from "../../js/tools/commands.mjs";

/** How long a space may take to say that it is ready, in milliseconds. */
const START_LIMIT_MS = 20_000;

/**
 * @typedef {object} Info what `GET /.space/info` says, as far as it is used here
 * @property {string} base `http://localhost:PORT`
 * @property {string} undelayed `http://localhost:PORT2`
 * @property {{ fabric: string, websocket: string }} hosts names with port
 * @property {{ embed_token: string, address: string }[]} click_to_call
 */

/** @typedef {{ id: string, rtp_received?: number }} LiveCall */

/** A running space. */
export class LocalSpace {
  /** @type {import("node:child_process").ChildProcess} */
  #child;

  /** @param {import("node:child_process").ChildProcess} child @param {Info} info */
  constructor(child, info) {
    this.#child = child;
    this.info = info;
  }

  /** `localhost:PORT`, where plain and TLS are both spoken. */
  get host() {
    return new URL(this.info.base).host;
  }

  /** @param {string} address @returns {string} the embed token whose guests may dial it */
  embedToken(address) {
    const found = this.info.click_to_call.find((one) => one.address === address);
    if (!found) throw new Error(`the space has no click-to-call resource for ${address}`);
    return found.embed_token;
  }

  /**
   * One request to the front desk, on the port without delay.
   *
   * @param {"GET" | "POST"} method
   * @param {string} desk what follows `/.space/`
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  async desk(method, desk, body) {
    // Node resolves no name below .localhost, and localhost to whichever family comes first.
    const url = new URL(`/.space/${desk}`, this.info.undelayed.replace("localhost", "127.0.0.1"));
    const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${url.pathname}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  /** Ends the space; resolves when it is gone. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.end();
    await gone;
  }
}

/**
 * @param {string} binary
 * @param {{ sdk: string, www?: string }} folders
 * @returns {Promise<LocalSpace>}
 */
export async function startSpace(binary, { sdk, www = "www" }) {
  const args = ["--port", "0", "--undelayed-port", "0", "--loopback-media", "--log", "error", "--exit-with-stdin"];
  const child = spawn(binary, [...args, "--sdk", sdk, "--www", www], { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  /** @type {Promise<Info>} */
  const ready = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the space ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("READY ")) resolve(JSON.parse(line.slice("READY ".length)));
    });
    setTimeout(() => reject(new Error("the space did not become ready")), START_LIMIT_MS).unref();
  });
  try {
    return new LocalSpace(child, await ready);
  } catch (error) {
    child.kill();
    throw error;
  }
}
