import { setTimeout as sleep } from "node:timers/promises";
import type { Page, Request } from "playwright-core";

/** A call that a page makes, some milliseconds after it was first looked at. */
interface Call {
  at: number;
  url: string;
  headers: Record<string, string>;
  body: Buffer | null;
  isStream: boolean;
}

/** Takes down the calls that an open page makes by itself. */
export async function recordCalls(page: Page, seconds: number): Promise<Call[]> {
  const startedAt = performance.now();
  const calls: Call[] = [];
  const taken = (request: Request) => {
    if (request.method() !== "POST") return;
    const { "content-length": _, ...headers } = request.headers();
    const at = performance.now() - startedAt;
    // A page asks by `application/proto` for what is answered once.
    const isStream = headers["content-type"]?.startsWith("application/connect+") ?? false;
    calls.push({ at, url: request.url(), headers, body: request.postDataBuffer(), isStream });
  };
  page.on("request", taken);
  // Again, so that the streams that it follows are among them.
  await page.reload();
  await sleep(1_000 * seconds);
  page.off("request", taken);
  return calls;
}

/**
 * Makes the calls of so many pages at the times at which they were made, again and again until it is aborted;
 * each page begins at another time.
 * @param everyMs how long they were recorded
 * @returns how many were answered
 */
export async function replay(
  calls: readonly Call[],
  { pages, everyMs, signal, key }: { pages: number; everyMs: number; signal: AbortSignal; key: string },
): Promise<number> {
  let answered = 0;
  const make = async ({ url, headers, body }: Call) => {
    const all = { ...headers, authorization: `Bearer ${key}` };
    const answer = await fetch(url, {
      method: "POST",
      headers: all,
      body: body && new Uint8Array(body),
      signal,
    });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    for await (const _ of answer.body ?? []);
    answered++;
  };
  const page = async (number: number) => {
    for (const call of calls.filter(({ isStream }) => isStream)) void make(call).catch(refuse(signal));
    // What a page asks at first it does not ask again.
    const repeated = calls.filter(({ isStream, at }) => !isStream && at > 1_500);
    const offset = (number * everyMs) / pages;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const inOrder = repeated.map((call) => ({ call, at: (call.at + offset) % everyMs }));
      for (const { call, at } of inOrder.toSorted((a, b) => a.at - b.at)) {
        const wait = at - (performance.now() - startedAt);
        if (wait > 0) await sleep(wait, undefined, { signal }).catch(refuse(signal));
        if (signal.aborted) return;
        void make(call).catch(refuse(signal));
      }
      const rest = everyMs - (performance.now() - startedAt);
      if (rest > 0) await sleep(rest, undefined, { signal }).catch(refuse(signal));
    }
  };
  await Promise.all(Array.from({ length: pages }, (_, number) => page(number)));
  return answered;
}

/** Lets only what the end breaks off pass. */
const refuse = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) throw error;
};
