import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { currentSignal } from "../src/call-scope.ts";
import { runWithin, Waiter, waitFor } from "../src/wait.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const gone = { code: 1, reason: "CANCELLED" };

describe("a wait ends once and leaves nothing behind", () => {
  const ends: [
    name: string,
    end: (waiter: Waiter<string>, caller: AbortController) => void,
    outcome: unknown,
  ][] = [
    ["by its result", (waiter) => waiter.resolve("result"), "result"],
    ["by a failure", (waiter) => waiter.reject("failure"), "failure"],
    ["by the abort", (_, caller) => caller.abort(), expect.objectContaining(gone)],
    ["by the time", () => void vi.advanceTimersByTime(1_000), "late"],
  ];
  test.each(ends)("%s", async (_, end, outcome) => {
    const caller = new AbortController();
    const kept = new Set<Waiter<string>>();
    const waiter: Waiter<string> = new Waiter({
      onTimeout: () => waiter.resolve("late"),
      onEnd: () => kept.delete(waiter),
    });
    kept.add(waiter);
    const done = waiter.wait(caller.signal, 1_000).catch((error: unknown) => error);
    vi.advanceTimersByTime(999);
    expect(kept.size).toBe(1);
    end(waiter, caller);
    expect(kept.size).toBe(0);
    expect(getEventListeners(caller.signal, "abort")).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    waiter.resolve("too late");
    expect(await done).toEqual(outcome);
  });

  test("at once where the signal has aborted before", async () => {
    const waiter: Waiter<string> = new Waiter({ onAbort: () => waiter.resolve("aborted") });
    expect(await waiter.wait(AbortSignal.abort(), 1_000)).toBe("aborted");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a promise is waited for", () => {
  test("until it settles", async () => {
    const { signal } = new AbortController();
    expect(await waitFor(Promise.resolve(1), { signal, timeoutMs: 1_000 })).toBe(1);
    await expect(waitFor(Promise.reject(new Error("no")), { signal })).rejects.toThrow("no");
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("no longer than the signal allows, and a failure after that is nobody's", async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const caller = new AbortController();
    const waited = waitFor(promise, { signal: caller.signal });
    caller.abort();
    await expect(waited).rejects.toMatchObject(gone);
    reject(new Error("late"));
  });
});

test("work that never answers is left after its time, with its queries cancelled", async () => {
  vi.useRealTimers();
  let signal: AbortSignal | undefined;
  const hangs = () => {
    signal = currentSignal();
    return new Promise<never>(() => undefined);
  };
  await expect(runWithin(20, hangs, { late: () => "late" })).rejects.toBe("late");
  expect(signal?.aborted).toBe(true);
});
