import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ServiceError } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import type { Database } from "../../src/storage.ts";
import { lanes } from "./history/client.ts";
import { ModelQueue, type ModelWorker } from "./history/model.ts";
import { queue } from "./support.ts";

const q = queue();
const runs = Number(process.env.LTB_SCHEDULES ?? 30);

const workers: readonly ModelWorker[] = [
  { workerId: "w0", capacity: 3, tags: [] },
  { workerId: "w1", capacity: 5, tags: ["gpu"] },
  { workerId: "w2", capacity: 9, tags: ["big", "gpu"] },
];

/** The queue and its model side by side, with the leases that were ever granted. */
interface World {
  model: ModelQueue;
  db: Database;
  ids: string[];
  leases: { id: string; epoch: number; workerId: string }[];
}

type Step = (world: World) => Promise<void>;

const at = <T>(list: readonly T[], pick: number): T | undefined => list[pick % list.length];

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record({
        lane: fc.nat(3),
        priority: fc.integer({ min: -1, max: 1 }),
        key: fc.option(fc.nat(1)),
        later: fc.boolean(),
        isToStart: fc.boolean(),
        fairKey: fc.option(fc.constantFrom("x", "y"), { nil: undefined, freq: 1 }),
        fairWeight: fc.constantFrom(1, 1, 2, 0.3),
      })
      .map(
        ({ lane, priority, key, later, isToStart, ...fair }): Step =>
          async ({ model, db, ids }) => {
            const { jobType = "a", requiredTags = [], limitKey } = lanes[lane] ?? {};
            const uniqueKey = key === null ? undefined : `${key}`;
            const often = { maxRetries: 1, maxSnoozes: 1 };
            const job = {
              id: newId(),
              jobType,
              requiredTags,
              limitKey,
              priority,
              uniqueKey,
              ...often,
              ...fair,
            };
            const runAt = later ? "2999-01-01T00:00:00Z" : undefined;
            const startWithinMs = isToStart ? 3_600_000 : undefined;
            const expected = model.create({ ...job, isToStart }, later);
            if (expected === "created") ids.push(job.id);
            expect(await outcome(db.jobs.create({ ...job, runAt, startWithinMs }))).toBe(
              expected === "created" ? "ok" : "taken",
            );
          },
      ),
  },
  {
    weight: 8,
    arbitrary: fc
      .record({ worker: fc.nat(2), max: fc.integer({ min: 1, max: 6 }), types: fc.subarray(["a", "b"]) })
      .map(
        ({ worker, max, types }): Step =>
          async ({ model, db, leases }) => {
            const given = at(workers, worker);
            if (!given) return;
            const expected = model.claim(given, max, types);
            const { workerId } = given;
            const claim = await db.jobs.claim({ workerId, maxJobs: max, jobTypes: types });
            expect(claim.leases.map(({ id, epoch }) => ({ id, epoch }))).toEqual(expected);
            leases.push(...expected.map((lease) => ({ ...lease, workerId })));
          },
      ),
  },
  {
    weight: 8,
    arbitrary: fc
      .record({
        pick: fc.nat(99),
        how: fc.constantFrom(
          "completed" as const,
          "failed" as const,
          "released" as const,
          "snoozed" as const,
        ),
        retryable: fc.boolean(),
        worker: fc.option(fc.nat(2)),
      })
      .map(
        ({ pick, how, retryable, worker }): Step =>
          async ({ model, db, leases }) => {
            const lease = at(leases, pick);
            if (!lease) return;
            const { id, epoch } = lease;
            const workerId = (worker === null ? undefined : at(workers, worker)?.workerId) ?? lease.workerId;
            const expected = model.end(workerId, id, epoch, how, retryable);
            const end = { jobId: id, epoch };
            const send = {
              completed: () => db.jobs.complete(workerId, [end]),
              failed: () => db.jobs.fail(workerId, [{ ...end, error: "e", retryable, retryAfterMs: 60_000 }]),
              released: () => db.jobs.release(workerId, [end]),
              snoozed: () => db.jobs.release(workerId, [{ ...end, delayMs: 60_000 }]),
            };
            expect(await send[how]()).toMatchObject([{ outcome: expected }]);
          },
      ),
  },
  {
    weight: 6,
    arbitrary: fc
      .record({
        pick: fc.nat(99),
        how: fc.constantFrom("cancel" as const, "retry" as const, "delete" as const),
      })
      .map(
        ({ pick, how }): Step =>
          async ({ model, db, ids }) => {
            const id = at(ids, pick);
            if (id !== undefined) expect(await outcome(db.jobs[how](id))).toBe(model[how](id));
          },
      ),
  },
  {
    weight: 3,
    arbitrary: fc.nat(99).map(
      (pick): Step =>
        async ({ model, db, ids }) => {
          const id = at(ids, pick);
          if (id === undefined) return;
          model.expire(id);
          await q.expire([id]);
          await q.maintain(db);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constant<Step>(async ({ model, db }) => {
      model.makeDue();
      await q.makeDue();
      await q.maintain(db);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>(async ({ model, db }) => {
      model.passStartTimes();
      await q.passStartTimes();
      await q.maintain(db);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.option(fc.nat(2)).map(
      (most): Step =>
        async ({ model, db }) => {
          if (most === null) model.maxRunning.delete("k");
          else model.maxRunning.set("k", most);
          if (most === null) await db.jobs.deleteLimit("k").catch(() => undefined);
          else await db.jobs.setLimit({ limitKey: "k", maxRunning: most });
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.boolean().map(
      (isPaused): Step =>
        async ({ model, db }) => {
          if (isPaused) model.paused.add("a");
          else model.paused.delete("a");
          await (isPaused ? db.jobs.pause({ jobType: "a" }) : db.jobs.resume({ jobType: "a" }));
        },
    ),
  },
);

async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.reason === "UNIQUE_KEY_TAKEN") return "taken";
    if (error.code === Code.NotFound) return "not_found";
    if (error.code === Code.FailedPrecondition) return "forbidden";
    throw error;
  }
}

test(
  `${runs} random runs of one caller at a time give exactly what the model gives`,
  async () => {
    const plan = fc.array(fc.tuple(step, fc.boolean()), { minLength: 20, maxLength: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(plan, async (steps) => {
        await q.reset();
        for (const { workerId, ...options } of workers) await q.worker(workerId, options);
        const world = { model: new ModelQueue(), ids: [], leases: [] };
        for (const [take, here] of steps) await take({ ...world, db: here ? q.db : q.other });
        expect(await q.db.jobs.getStats()).toMatchObject(world.model.counts());
      }),
      { numRuns: runs },
    );
  },
  runs * 10_000 + 20_000,
);
