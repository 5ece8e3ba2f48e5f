// The page's own life.

import type { Closables } from "../closables.js";
import type { Events } from "./settled.js";

// What is reported; src/web/lifecycle.rs has the same numbers.
const HIDDEN = 0;
const SHOWN = 1;
const WOKE = 2;

// Neither `unload` nor `beforeunload`: a listener for them keeps the page out of the back/forward cache.
const EVENTS = ["pagehide", "pageshow", "visibilitychange", "resume", "online"];

export function lifecycle(closables: Closables) {
  return {
    lifecycle(events: Events): object {
      const listener = { handleEvent: (event: Event) => report(event, events) };
      // Workers and servers have no page that could go away.
      if (typeof window !== "undefined") {
        // Some of them happen to the document and do not bubble; capturing, the window sees them all.
        for (const name of EVENTS) window.addEventListener(name, listener, true);
        closables.add(listener, () => {
          for (const name of EVENTS) window.removeEventListener(name, listener, true);
        });
      }
      return listener;
    },
  };
}

function report(event: Event, events: Events): void {
  const { type, persisted } = event as PageTransitionEvent;
  if (type === "pagehide") return events(HIDDEN, persisted ? 1 : 0);
  if (type === "pageshow") {
    // Not from the cache it is the first showing of the page.
    if (persisted) events(SHOWN, 0);
    return;
  }
  if (type !== "visibilitychange" || document.visibilityState === "visible") events(WOKE, 0);
}
