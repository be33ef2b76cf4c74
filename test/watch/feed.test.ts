import { expect, onTestFinished, test } from "vitest";
import type { Executor } from "../../src/database/statement/executor.ts";
import { type ChangeEvent, jobEvents } from "../../src/watch/events.ts";
import { ChangeFeed } from "../../src/watch/feed.ts";

const event = (xid: number, ...ids: string[]): ChangeEvent => ({ xid, id: 1, ids });
const at = (xid: number) => ({ xid, id: 1 });

/** A feed of a database whose newest event is first `last`, and which then has `events` to read. */
function feedOf(
  last: ChangeEvent,
  events: ChangeEvent[],
  options: { messagesPerSecond?: number } = {},
): ChangeFeed {
  const db = {
    maybeOne: async () => last,
    any: async () => events.splice(0),
    one: async () => ({ ms: 0 }),
  } as unknown as Executor;
  const feed = new ChangeFeed(db, jobEvents, options);
  onTestFinished(feed.join());
  return feed;
}

test("a watcher that stands before the first event in memory reads on from where it stands", async () => {
  const feed = feedOf(event(5, "mine"), [event(6, "other")]);
  // Event 5 was made after its last read and before the first poll: skipping to 6 would lose it.
  expect(await feed.wait(at(1), new Set(["mine"]), 5_000, undefined)).toEqual(at(1));
});

test("a watcher of one job sleeps through the events of others, and reads on behind them", async () => {
  const feed = feedOf(event(5, "mine"), [event(6, "other")]);
  expect(await feed.wait(at(5), new Set(["mine"]), 300, undefined)).toMatchObject(at(6));
  expect(await feed.read(at(6), undefined)).toEqual([]);
});

test("a watcher of all jobs is woken by any event and gets it from memory", async () => {
  const feed = feedOf(event(5, "a"), [event(6, "b"), event(7, "c")]);
  expect(await feed.wait(at(5), undefined, 5_000, undefined)).toEqual(at(5));
  expect(await feed.read(at(5), undefined)).toEqual([event(6, "b"), event(7, "c")]);
  expect(await feed.read(at(6), undefined)).toEqual([event(7, "c")]);
});

test("watchers that together send too much are held back, those who send little for a moment only", async () => {
  const feed = feedOf(event(5), [], { messagesPerSecond: 100 });
  const waited = async (messages: number) => {
    const startedAt = performance.now();
    await feed.rest(messages, undefined);
    return performance.now() - startedAt;
  };
  // Two seconds' worth, where one may be sent at once.
  const [much, little] = await Promise.all([waited(200), waited(1)]);
  expect(much).toBeGreaterThan(900);
  expect(little).toBeGreaterThan(150);
  expect(little).toBeLessThan(much);
  await expect(feed.rest(1_000, AbortSignal.timeout(50))).rejects.toMatchObject({ reason: "CANCELLED" });
  const stopped = feed.rest(1_000, undefined);
  feed.stop(new Error("over"));
  await expect(stopped).rejects.toThrow("over");
});

test("without a limit nobody is held back", async () => {
  const feed = feedOf(event(5), []);
  for (let n = 0; n < 100; n++) await feed.rest(1_000_000, undefined);
});
