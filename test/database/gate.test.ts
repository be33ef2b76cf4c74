import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
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
});
