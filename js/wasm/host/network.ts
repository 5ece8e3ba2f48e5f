// Sockets and HTTP requests.

import type { Closables } from "../closables.js";
import { type Events, failed, type Settled } from "./settled.js";

// What a socket reports; src/web/socket.rs has the same numbers.
const OPENED = 0;
const PARSED = 1;
const MALFORMED = 2;
const CLOSED = 3;

export function network(closables: Closables) {
  return {
    socket(url: string, events: Events): WebSocket | undefined {
      let socket: WebSocket;
      try {
        socket = new WebSocket(url);
      } catch {
        // A malformed address, or one that the page's security policy refuses, is a socket that could not be opened.
        events(CLOSED, 0);
        return undefined;
      }
      socket.onopen = () => events(OPENED, 0);
      socket.onmessage = ({ data }) => parsed(data, events);
      socket.onclose = () => events(CLOSED, 0);
      closables.add(socket, () => {
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close();
      });
      return socket;
    },

    /** Closes with a code, which says that another socket goes on with the session. */
    leave(socket: WebSocket, code: number): void {
      socket.close(code);
    },

    send(socket: WebSocket, text: string): void {
      // `send` throws while a socket is still opening, and the engine waits for the opening.
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },

    request(url: string, body: string | undefined, bearer: string | undefined, timeout: number, settled: Settled): object {
      const abort = new AbortController();
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        abort.abort();
      }, timeout);
      closables.add(abort, () => abort.abort());
      exchange(url, body, bearer, abort.signal)
        .then(
          ({ response, value }) => () => settled(response.status, retryAfter(response), response.statusText, value, date(response)),
          (thrown: unknown) => () => (late ? settled(0, 1, "", undefined) : failed(settled)(thrown)),
        )
        .then((report) => {
          clearTimeout(timer);
          closables.close(abort);
          report();
        });
      return abort;
    },
  };
}

function parsed(data: unknown, events: Events): void {
  let value: unknown;
  try {
    if (typeof data !== "string") return events(MALFORMED, 0);
    value = JSON.parse(data);
  } catch (error) {
    return events(MALFORMED, 0, error);
  }
  events(PARSED, 0, value);
}

async function exchange(url: string, body: string | undefined, bearer: string | undefined, signal: AbortSignal) {
  const headers: Record<string, string> = {};
  if (bearer !== undefined) headers["Authorization"] = `Bearer ${bearer}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(url, { method, headers, signal, cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer", ...(body !== undefined && { body }) });
  // The time limit covers the body; a body that is not JSON is a body without the expected shape.
  const text = await response.text();
  return { response, value: response.ok ? jsonOr(text) : (response.headers.get("DPoP-Nonce") ?? undefined) };
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds plus one; 0 where the server names none, or names a date. */
function retryAfter(response: Response): number {
  const header = response.headers.get("Retry-After");
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) + 1 : 0;
}

/** Seconds since 1970; nothing where the server shows the page no date. */
function date(response: Response): number | undefined {
  return Date.parse(response.headers.get("Date") ?? "") / 1000 || undefined;
}
