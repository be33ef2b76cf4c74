import { expect, onTestFinished, test } from "vitest";
import type { Executor } from "../../src/database/executor.ts";
import type { JobEvent } from "../../src/jobs/events.ts";
import { JobFeed } from "../../src/jobs/feed.ts";

const event = (xid: number, ...jobIds: string[]): JobEvent => ({ xid, id: 1, jobIds });
const at = (xid: number) => ({ xid, id: 1 });

/** A feed of a database whose newest event is first `last`, and which then has `events` to read. */
function feedOf(last: JobEvent, events: JobEvent[]): JobFeed {
  const db = { maybeOne: async () => last, any: async () => events.splice(0) } as unknown as Executor;
  const feed = new JobFeed(db);
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
