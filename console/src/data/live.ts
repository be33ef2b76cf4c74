import { Code, ConnectError } from "@connectrpc/connect";
import { useEffect, useRef, useSyncExternalStore } from "react";

// What the page does by itself over time: it asks again, or follows one stream. Both rest while the tab is
// hidden (a browser opens six connections to a service, over all tabs) and while the reader has paused them.

/** Since when the reader has paused the page, in milliseconds since 1970. */
let pausedSince: number | undefined;
const listeners = new Set<() => void>();

export function setPaused(value: boolean): void {
  pausedSince = value ? Date.now() : undefined;
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

/** Since when the page has been paused, in milliseconds since 1970; undefined: it is not. */
export function usePausedSince(): number | undefined {
  return useSyncExternalStore(subscribe, () => pausedSince);
}

/** Whether the page may ask by itself now. */
function useLive(): boolean {
  return useSyncExternalStore(
    subscribe,
    () => pausedSince === undefined && document.visibilityState === "visible",
  );
}

/** The `refetchInterval` of a query: so many milliseconds, or never while the page rests. */
export function useInterval(ms: number): number | false {
  return useLive() ? ms : false;
}

/** A poll is slowed down so many times at most. */
const slowest = 3;

/** What is known of a query that is asked again and again. */
export interface Polled {
  state: { data?: unknown; dataUpdatedAt: number; error: unknown };
}

export type SlowingInterval = (query: Polled) => number | false;

/** Since when what a query was answered has been the same. */
const sameSince = new WeakMap<Polled, { data: unknown; at: number }>();

/**
 * The `refetchInterval` of a query whose answer may stay the same for long: so many milliseconds after a
 * change, later half of the time for which nothing has changed, up to three times as many.
 */
export function useSlowingInterval(ms: number): SlowingInterval {
  const interval = useInterval(ms);
  return (query) => {
    if (interval === false) return false;
    const { data, dataUpdatedAt } = query.state;
    const known = sameSince.get(query);
    const since = known && known.data === data ? known : { data, at: dataUpdatedAt };
    sameSince.set(query, since);
    return Math.min(Math.max((dataUpdatedAt - since.at) / 2, interval), slowest * interval);
  };
}

interface Asked {
  dataUpdatedAt: number;
  refetch: (options: { cancelRefetch: boolean }) => Promise<unknown>;
}

/**
 * Asks a query anew once something else has changed that tells of it, and no sooner than so many milliseconds
 * after its last answer.
 */
export function useAskedOnChange(sign: unknown, { dataUpdatedAt, refetch }: Asked, ms: number): void {
  const known = useRef(sign);
  const answeredAt = useRef(dataUpdatedAt);
  answeredAt.current = dataUpdatedAt;
  useEffect(() => {
    if (known.current === undefined) known.current = sign;
    if (known.current === sign) return;
    const again = () => {
      known.current = sign;
      void refetch({ cancelRefetch: false });
    };
    const timer = setTimeout(again, Math.max(0, answeredAt.current + ms - Date.now()));
    return () => clearTimeout(timer);
  }, [sign, refetch, ms]);
}

/** A stream that the page follows. */
export interface Followed {
  /** When the service was last heard on it, or it was opened, in milliseconds since 1970. */
  heardAt: number;
  /** It broke, and is not back yet. */
  isBroken: boolean;
}

/** The streams that the page follows now. */
export const followed: Set<Followed> = new Set();

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
export function useStream<Event>(key: string | null, feed: Feed<Event>): void {
  const live = useLive();
  const latest = useRef(feed);
  latest.current = feed;
  const cursor = useRef<{ key: string; at: string | undefined }>({ key: "", at: undefined });
  useEffect(() => {
    if (key === null || !live) return;
    if (cursor.current.key !== key) cursor.current = { key, at: undefined };
    const stop = new AbortController();
    const stream: Followed = { heardAt: Date.now(), isBroken: false };
    followed.add(stream);
    void follow(cursor.current, () => latest.current, stop.signal, stream);
    return () => {
      followed.delete(stream);
      stop.abort();
    };
  }, [key, live]);
}

async function follow<Event>(
  cursor: { at: string | undefined },
  feed: () => Feed<Event>,
  signal: AbortSignal,
  stream: Followed,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      for await (const event of feed().open(cursor.at, signal)) {
        if (signal.aborted) return;
        failures = 0;
        stream.heardAt = Date.now();
        stream.isBroken = false;
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
    stream.isBroken = true;
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
