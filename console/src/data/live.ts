import { Code, ConnectError } from "@connectrpc/connect";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";

// What the page does by itself over time: it asks again, or follows one stream. Both rest while the tab is
// hidden (a browser opens six connections to a service, over all tabs) and while the reader has paused them.

let paused = false;
const listeners = new Set<() => void>();

export function setPaused(value: boolean): void {
  paused = value;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  document.addEventListener("visibilitychange", listener);
  return () => {
    listeners.delete(listener);
    document.removeEventListener("visibilitychange", listener);
  };
}

export function usePaused(): boolean {
  return useSyncExternalStore(subscribe, () => paused);
}

/** Whether the page may ask by itself now. */
function useLive(): boolean {
  return useSyncExternalStore(subscribe, () => !paused && document.visibilityState === "visible");
}

/** The `refetchInterval` of a query: so many milliseconds, or never while the page rests. */
export function useInterval(ms: number): number | false {
  return useLive() ? ms : false;
}

type StreamState = "connecting" | "live" | "resting" | "broken";

interface Feed<Event> {
  /** Opens the stream after this cursor; undefined: from now. */
  open: (cursor: string | undefined, signal: AbortSignal) => AsyncIterable<Event>;
  cursorOf: (event: Event) => string;
  onEvent: (event: Event) => void;
  /** The service no longer has what came after the cursor: read everything anew. */
  onGap: () => void;
}

/**
 * Follows a stream while the page is live, and goes on after a break where it was.
 * @param key of what is followed; the stream begins anew when it changes. Null: nothing is followed.
 */
export function useStream<Event>(key: string | null, feed: Feed<Event>): StreamState {
  const live = useLive();
  const [state, setState] = useState<StreamState>("connecting");
  const latest = useRef(feed);
  latest.current = feed;
  const cursor = useRef<{ key: string; at: string | undefined }>({ key: "", at: undefined });
  useEffect(() => {
    if (key === null || !live) {
      setState("resting");
      return;
    }
    if (cursor.current.key !== key) cursor.current = { key, at: undefined };
    const stop = new AbortController();
    void follow(cursor.current, () => latest.current, stop.signal, setState);
    return () => stop.abort();
  }, [key, live]);
  return state;
}

async function follow<Event>(
  cursor: { at: string | undefined },
  feed: () => Feed<Event>,
  signal: AbortSignal,
  onState: (state: StreamState) => void,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    onState(failures === 0 ? "connecting" : "broken");
    try {
      for await (const event of feed().open(cursor.at, signal)) {
        if (signal.aborted) return;
        failures = 0;
        onState("live");
        cursor.at = feed().cursorOf(event) || cursor.at;
        feed().onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (ConnectError.from(error).code === Code.OutOfRange) {
        cursor.at = undefined;
        feed().onGap();
      }
    }
    await pause(Math.min(500 * 2 ** failures, 15_000), signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
