import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withOrigin, withSignal } from "../../src/call-scope.ts";
import type { DatabaseConfig } from "../../src/config.ts";
import { Gate } from "../../src/database/connection/gate.ts";
import type { Database } from "../../src/storage.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { seededRandom } from "../harness/random.ts";
import { eventually } from "../harness/waiting.ts";
import { run, smallPool } from "./support.ts";

const overloaded = { code: Code.ResourceExhausted, reason: "OVERLOADED", retryAfterMs: 1_000 };

describe("a gate", () => {
  test("admits in order, never more than it has places, whatever the work ends with", async () => {
    const random = seededRandom();
    const gate = new Gate(2, { maxWaiting: 100, maxWaitMs: 60_000 });
    const order: number[] = [];
    let inside = 0;
    const calls = Array.from({ length: 50 }, (_, index) =>
      gate
        .pass(async () => {
          order.push(index);
          expect(++inside).toBeLessThanOrEqual(2);
          await sleep(random() * 2);
          inside--;
          if (index % 3 === 0) throw new Error("work failed");
        })
        .catch((error) => expect(error.message).toBe("work failed")),
    );
    await Promise.all(calls);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(gate.waiting).toBe(0);
  });

  test("refuses the one too many at once, without running it", async () => {
    const gate = new Gate(1, { maxWaiting: 1, maxWaitMs: 5_000 });
    const first = Promise.withResolvers<void>();
    const calls = [gate.pass(() => first.promise), gate.pass(async () => {})];
    let ran = false;
    await expect(
      gate.pass(async () => {
        ran = true;
      }),
    ).rejects.toMatchObject(overloaded);
    expect(ran).toBe(false);
    first.resolve();
    await Promise.all(calls);
  });

  test("lets those that gave up go, and nobody loses a place by it", async () => {
    const gate = new Gate(1, { maxWaiting: 10, maxWaitMs: 30 });
    const first = Promise.withResolvers<void>();
    const holding = gate.pass(() => first.promise);
    const abort = new AbortController();
    const aborted = expect(gate.pass(async () => {}, abort.signal)).rejects.toMatchObject({
      code: Code.Canceled,
    });
    const late = expect(gate.pass(async () => {})).rejects.toMatchObject(overloaded);
    expect(gate.waiting).toBe(2);
    abort.abort();
    expect(gate.waiting).toBe(1);
    await Promise.all([aborted, late]);
    expect(gate.waiting).toBe(0);
    await expect(gate.pass(async () => {}, AbortSignal.abort())).rejects.toMatchObject({
      code: Code.Canceled,
    });
    first.resolve();
    await holding;
    expect(await Promise.all([gate.pass(async () => 1), gate.pass(async () => 2)])).toEqual([1, 2]);
  });
});

test("a gate keeps places for work that goes first, and serves it before the others", async () => {
  const gate = new Gate(3, { maxWaiting: 100, maxWaitMs: 60_000, kept: 1 });
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const enter = (name: string, goesFirst: boolean) =>
    gate.pass(
      async () => {
        order.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
      },
      undefined,
      goesFirst,
    );
  const others = ["a", "b", "c", "d"].map((name) => enter(name, false));
  expect(order).toEqual(["a", "b"]);
  const first = ["1", "2"].map((name) => enter(name, true));
  expect(order).toEqual(["a", "b", "1"]);
  expect(gate.waiting).toBe(3);
  const end = async (index: number) => {
    ends[index]?.();
    await new Promise(setImmediate);
  };
  // The place of "a" goes to the one that goes first, and only then are there places for the others.
  await end(0);
  expect(order).toEqual(["a", "b", "1", "2"]);
  await end(1);
  expect(order).toEqual(["a", "b", "1", "2"]);
  await end(2);
  expect(order).toEqual(["a", "b", "1", "2", "c"]);
  await end(3);
  expect(order).toEqual(["a", "b", "1", "2", "c", "d"]);
  await end(4);
  await end(5);
  await Promise.all([...others, ...first]);
  expect(gate.waiting).toBe(0);
});

describe("a pool", () => {
  let config: DatabaseConfig;
  let db: Database;
  beforeAll(async () => {
    config = await createTestDatabase();
    db = await smallPool(config, { waitQueueLimit: 2, waitTimeoutSeconds: 0.1 });
  });
  afterAll(() => db.close());

  test("bounds both the queue and the wait for a connection", async () => {
    const holding = run(db.executor, "select pg_sleep(1)");
    const waiting = [1, 2].map(() => run(db.executor, "select 1").catch((error: unknown) => error));
    await expect(run(db.executor, "select 1")).rejects.toMatchObject({
      ...overloaded,
      message: expect.stringMatching(/2 calls already wait/),
    });
    for (const outcome of await Promise.all(waiting)) {
      expect(outcome).toMatchObject({ ...overloaded, message: expect.stringMatching(/within 100 ms/) });
    }
    await holding;
    expect(await run(db.executor, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  test("an aborted call leaves the queue at once", async () => {
    const holding = run(db.executor, "select pg_sleep(0.5)");
    const abort = new AbortController();
    const waiting = withSignal(abort, () => run(db.executor, "select 1"));
    await eventually(() => db.poolStats().waiting === 1);
    abort.abort();
    await expect(waiting).rejects.toMatchObject({ code: Code.Canceled });
    expect(db.poolStats()).toEqual({ size: 1, used: 1, idle: 0, waiting: 0 });
    await holding;
  });

  test("keeps connections for what is not one call's own", async () => {
    const larger = await smallPool(config, { poolSize: 4, waitTimeoutSeconds: 60 });
    const abort = new AbortController();
    const sleeping = Array.from({ length: 20 }, (_, index) =>
      withOrigin({ requestId: `${index}` }, () =>
        withSignal(abort, () => run(larger.executor, "select pg_sleep(600)")),
      ).catch((error: unknown) => error),
    );
    try {
      await eventually(() => larger.poolStats().used === 3);
      expect(larger.poolStats()).toMatchObject({ size: 4, waiting: 17 });
      expect(await run(larger.executor, "select 1 as one")).toEqual([{ one: 1 }]);
    } finally {
      abort.abort();
      for (const outcome of await Promise.all(sleeping))
        expect(outcome).toMatchObject({ reason: "CANCELLED" });
      await larger.close();
    }
  });
});
