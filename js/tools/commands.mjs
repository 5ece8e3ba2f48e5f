// Child processes of the build: their output goes to the terminal, and a failure names the command.

import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A command that ended with anything but success; its own output has already told why. */
export class CommandFailed extends Error {
  /** @param {string} command @param {string} reason */
  constructor(command, reason) {
    super(`${command}: ${reason}`);
    this.name = "CommandFailed";
  }
}

/**
 * Runs a command in the repository's root with the terminal as its output.
 *
 * @param {string} command
 * @param {readonly string[]} [args]
 * @param {{ env?: Record<string, string>, cwd?: string }} [options] `env` is added to this process's.
 */
export function run(command, args = [], options = {}) {
  const child = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (child.error) throw new CommandFailed(command, child.error.message);
  if (child.status !== 0) throw new CommandFailed([command, ...args].join(" "), ending(child));
}

/**
 * Runs a command and returns what it writes to its standard output.
 *
 * @param {string} command
 * @param {readonly string[]} [args]
 * @returns {string}
 */
export function capture(command, args = []) {
  const child = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.error) throw new CommandFailed(command, child.error.message);
  if (child.status !== 0) throw new CommandFailed([command, ...args].join(" "), ending(child));
  return child.stdout;
}

/**
 * Whether a command can be started and succeeds.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
export function succeeds(command, args) {
  const child = spawnSync(command, args, { cwd: root, stdio: "ignore" });
  return child.error === undefined && child.status === 0;
}

/**
 * Runs a command until it ends, handing it this process's signals; resolves to its exit code.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
export function serve(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    /** @type {NodeJS.Signals[]} */
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    const forward = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    for (const signal of signals) process.on(signal, forward);
    child.once("error", (error) => reject(new CommandFailed(command, error.message)));
    child.once("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? (signal === "SIGINT" ? 130 : 1));
    });
  });
}

/** Runs the body of a command-line tool: an error becomes one line and exit code 1.
 *
 * @param {() => void | Promise<void>} body
 */
export async function main(body) {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof CommandFailed || error instanceof Advice ? error.message : error);
    process.exitCode = 1;
  }
}

/** Something the person at the terminal has to do first; the message is the line to type. */
export class Advice extends Error {}

/** @param {{ status: number | null, signal: NodeJS.Signals | null }} child */
function ending(child) {
  return child.signal ? `ended by ${child.signal}` : `exit code ${child.status}`;
}
