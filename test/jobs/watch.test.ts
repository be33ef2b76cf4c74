import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { ServiceError } from "../../src/errors.ts";
import { lowestId, newId } from "../../src/ids.ts";
import type { JobChange, JobWatchOptions, WatchFilter } from "../../src/jobs/watch.ts";
import { limits } from "../../src/limits.ts";
import { Database } from "../../src/storage.ts";
import { jsonValueOf } from "../../src/validation.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { createTestDatabase, onlooker } from "../harness/postgres.ts";
import { seededRandom } from "../harness/random.ts";
import { elapsed, eventually, median } from "../harness/waiting.ts";

const { config, db: a, client, connect } = await testDatabase();
const b = await connect();

const passing: readonly Code[] = [Code.Unavailable, Code.ResourceExhausted];

const high = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** A watch that is read in the background. */
async function watching(db: Database, filter: WatchFilter = {}, options: JobWatchOptions = {}) {
  const controller = new AbortController();
  const { signal } = controller;
  const changes: JobChange[] = [];
  const times: number[] = [];
  let failure: unknown;
  const reading = withSignal({ signal }, async () => {
    for await (const change of db.jobs.watch(filter, options)) {
      changes.push(change);
      times.push(performance.now());
    }
  }).catch((error) => {
    failure = error;
  });
  await eventually(() => changes.length > 0 || failure !== undefined);
  return {
    changes,
    /** When each change came. */
    times,
    get failure() {
      return failure as ServiceError | undefined;
    },
    get jobs() {
      return changes.flatMap(({ job }) => job ?? []);
    },
    cursor: () => changes.at(-1)?.cursor ?? "",
    async stop() {
      controller.abort();
      await reading;
    },
  };
}

const states = (jobs: readonly { id: string; status: string }[], id: string) =>
  jobs.filter((job) => job.id === id).map(({ status }) => status);

/** Claims one job of a type and returns its lease. */
async function claimOne(db: Database, jobType: string, workerId: string) {
  const { leases } = await db.jobs.claim({ workerId, jobTypes: [jobType], waitMs: 3_000 });
  const [lease] = leases;
  if (!lease) throw new Error("nothing was claimed");
  return lease;
}

test("what either server changes is seen on the other, with the latest state", async () => {
  await a.workers.register({ workerId: "seen", capacity: 10 });
  const watch = await watching(b, { jobType: "seen" });
  expect(watch.changes[0]?.job).toBeUndefined();
  const { id } = await a.jobs.create({ jobType: "seen", payload: { a: 1 }, metadata: { m: 1 } });
  const took: number[] = [];
  const isSeen = async (condition: () => boolean) => took.push(await elapsed(() => eventually(condition)));
  await isSeen(() => states(watch.jobs, id).includes("pending"));
  const { epoch } = await claimOne(b, "seen", "seen");
  await isSeen(() => states(watch.jobs, id).includes("running"));
  await a.jobs.progress("seen", [{ jobId: id, epoch, progress: 0.5 }]);
  await isSeen(() => watch.jobs.some(({ progress }) => progress === 0.5));
  await a.jobs.complete("seen", [{ jobId: id, epoch, result: { ok: true } }]);
  await isSeen(() => states(watch.jobs, id).includes("completed"));
  expect([...new Set(states(watch.jobs, id))]).toEqual(["pending", "running", "completed"]);
  expect(watch.jobs.at(-1)).toMatchObject({ workerId: "seen", payload: null, result: null, metadata: null });
  await a.jobs.delete(id);
  await isSeen(() => watch.changes.some(({ deleted }) => deleted === id));
  // A poll or two of the other server.
  expect(median(took)).toBeLessThan(1_000);
  await watch.stop();
  expect(watch.failure).toMatchObject({ reason: "CANCELLED" });
});

test("the full view has payload, result and metadata", async () => {
  const watch = await watching(a, { jobType: "full" }, { full: true });
  await a.jobs.create({ jobType: "full", payload: { a: 1 }, metadata: { m: 1 } });
  await eventually(() => watch.jobs.length > 0);
  expect(watch.jobs[0]).toMatchObject({ payload: { a: 1 }, metadata: { m: 1 } });
  await watch.stop();
});

test("only the jobs asked for: by id, by type, by benchmark, by all of them", async () => {
  const benchmark = await a.benchmarks.create(sample);
  const id = newId();
  const all = await watching(a);
  const byId = await watching(a, { ids: [id, high] }, { after: all.cursor() });
  const byType = await watching(a, { jobType: "wanted" });
  const byBenchmark = await watching(a, { benchmarkId: benchmark.id });
  const byBoth = await watching(a, { jobType: "wanted", benchmarkId: benchmark.id });
  const other = await a.jobs.create({ jobType: "unwanted" });
  const typed = await a.jobs.create({ jobType: "wanted" });
  const owned = await a.jobs.create({ id, jobType: "unwanted", benchmarkId: benchmark.id });
  const both = await a.jobs.create({ jobType: "wanted", benchmarkId: benchmark.id });
  const seen = (watch: typeof all) => [...new Set(watch.jobs.map((job) => job.id))].sort();
  const wanted: [typeof all, string[]][] = [
    [all, [other.id, typed.id, owned.id, both.id]],
    [byId, [id]],
    [byType, [typed.id, both.id]],
    [byBenchmark, [id, both.id]],
    [byBoth, [both.id]],
  ];
  for (const [watch, ids] of wanted) await eventually(() => seen(watch).length >= ids.length);
  await sleep(2 * limits.watchPollMs);
  for (const [watch, ids] of wanted) expect(seen(watch)).toEqual(ids.sort());
  for (const [watch] of wanted) await watch.stop();
});

test("jobs asked for by id first come as they stand, unknown ones as deleted, and again after a break in between", async () => {
  const jobs = await a.jobs.createMany(Array.from({ length: 5 }, () => ({ jobType: "stand" })));
  const ids = [...jobs.map(({ id }) => id), lowestId];
  const watch = await watching(b, { ids });
  await eventually(() => watch.changes.length >= 7);
  const [armed, ...standing] = watch.changes.slice(0, 7);
  expect(armed?.job).toBeUndefined();
  expect(standing.map(({ job, deleted }) => job?.id ?? deleted)).toEqual(ids);
  expect(standing.at(-1)?.deleted).toBe(lowestId);
  await watch.stop();
  // The stream broke after the third: nobody knows which of the others the client has.
  const resumed = await watching(b, { ids }, { after: standing[2]?.cursor });
  await eventually(() => resumed.changes.length >= 7);
  await resumed.stop();
  const later = await watching(b, { ids }, { after: standing.at(-1)?.cursor });
  await a.jobs.cancel(ids[0] ?? "");
  await eventually(() => later.jobs.length > 0);
  expect(later.jobs.map(({ id, status }) => [id, status])).toEqual([[ids[0], "cancelled"]]);
  await later.stop();
});

test("a batch of many large jobs arrives whole and once, a bounded portion at a time", async () => {
  const watch = await watching(b, { jobType: "large" }, { full: true });
  const text = "x".repeat(60_000);
  const made: string[] = [];
  for (let batch = 0; batch < 3; batch++) {
    const jobs = Array.from({ length: 100 }, (_, n) => ({ jobType: "large", payload: { n, text } }));
    made.push(...(await a.jobs.createMany(jobs)).map(({ id }) => id));
  }
  await eventually(() => watch.jobs.length >= made.length);
  expect(watch.jobs.map(({ id }) => id)).toEqual(made);
  expect(watch.jobs.every(({ payload }) => payload && jsonValueOf(payload).text === text)).toBe(true);
  await watch.stop();
});

test("resuming from any message of a stream misses nothing that came after it", async () => {
  const watch = await watching(a, { jobType: "resume" });
  const many = await a.jobs.createMany(Array.from({ length: 20 }, () => ({ jobType: "resume" })));
  const one = await a.jobs.create({ jobType: "resume" });
  await a.jobs.cancelMany({ jobType: "resume" });
  await eventually(() => states(watch.jobs, one.id).includes("cancelled"));
  await sleep(2 * limits.watchPollMs);
  await watch.stop();
  for (const [index, { cursor }] of watch.changes.entries()) {
    const rest = new Set(watch.changes.slice(index + 1).flatMap(({ job }) => job?.id ?? []));
    const resumed = await watching(b, { jobType: "resume" }, { after: cursor });
    await eventually(() => [...rest].every((id) => resumed.jobs.some((job) => job.id === id)));
    expect(resumed.jobs.every(({ status }) => status === "cancelled")).toBe(true);
    await resumed.stop();
  }
  expect(many.length).toBe(20);
});

test("a transaction that stays open holds events up but loses none, its own included", async () => {
  const watch = await watching(a, { jobType: "held" });
  await client.query("begin");
  await client.query("select txid_current()");
  const before = await b.jobs.create({ jobType: "held" });
  // This one has the oldest transaction id and is committed last.
  await client.query(
    "insert into job_events (job_ids) select array_agg(id) from jobs where job_type = 'held'",
  );
  const after = await b.jobs.create({ jobType: "held" });
  await sleep(500);
  expect(watch.jobs).toEqual([]);
  const late = await watching(b, { jobType: "held" });
  await client.query("commit");
  await eventually(() => new Set(watch.jobs.map(({ id }) => id)).size === 2);
  expect(watch.jobs.map(({ id }) => id).sort()).toEqual([before.id, after.id].sort());
  await eventually(() => new Set(late.jobs.map(({ id }) => id)).size === 2);
  await Promise.all([watch.stop(), late.stop()]);
});

describe("while a transaction of another database stays open", () => {
  const mutable = limits as { -readonly [Name in keyof typeof limits]: number };
  const { watchStallMs } = limits;
  beforeAll(() => {
    mutable.watchStallMs = 200;
  });
  afterAll(() => {
    mutable.watchStallMs = watchStallMs;
  });

  test("watches of named jobs go on, and tell nothing twice", async () => {
    const jobs = await a.jobs.createMany(Array.from({ length: 3 }, () => ({ jobType: "neighbour" })));
    const [cancelled, deleted, kept] = jobs.map(({ id }) => id) as [string, string, string];
    const watch = await watching(b, { ids: [cancelled, deleted, kept] });
    await eventually(() => watch.jobs.length === 3);
    const all = await watching(b, { jobType: "neighbour" });
    const neighbour = await onlooker({ ...config, database: "postgres" });
    await neighbour.query("begin; select txid_current()");
    try {
      await a.jobs.cancel(cancelled);
      await eventually(() => states(watch.jobs, cancelled).includes("cancelled"));
      await a.jobs.delete(deleted);
      await eventually(() => watch.changes.some((change) => change.deleted === deleted));
      expect(all.changes).toHaveLength(1);
      // A client that resumes after what it was told in the meantime still gets all of it from the events.
      const resumed = await watching(a, { jobType: "neighbour" }, { after: watch.cursor() });
      await neighbour.query("rollback");
      await eventually(() => states(resumed.jobs, cancelled).includes("cancelled"));
      await resumed.stop();
    } finally {
      await neighbour.end();
    }
    await eventually(() => states(all.jobs, cancelled).includes("cancelled"));
    await a.jobs.cancel(kept);
    await eventually(() => states(watch.jobs, kept).includes("cancelled"));
    expect(states(watch.jobs, cancelled)).toEqual(["pending", "cancelled"]);
    expect(states(watch.jobs, kept)).toEqual(["pending", "cancelled"]);
    expect(watch.changes.filter((change) => change.deleted !== undefined)).toHaveLength(1);
    await Promise.all([watch.stop(), all.stop()]);
  });
});

test("a transaction that is rolled back shows nothing", async () => {
  const watch = await watching(a, { jobType: "undone" });
  const undone = a.transaction(async ({ jobs }) => {
    await jobs.create({ jobType: "undone" });
    throw new Error("no");
  });
  await expect(undone).rejects.toThrow("no");
  const { id } = await a.jobs.create({ jobType: "undone" });
  await eventually(() => watch.jobs.length > 0);
  await sleep(2 * limits.watchPollMs);
  expect(watch.jobs.map((job) => job.id)).toEqual([id]);
  await watch.stop();
});

test("a transaction of the library is told of once it is committed, at once", async () => {
  const watch = await watching(a, { jobType: "together" });
  const took: number[] = [];
  for (let n = 0; n < 5; n++) {
    const told = elapsed(() => eventually(() => watch.jobs.length > n));
    const job = await a.transaction(async ({ jobs }) => jobs.create({ jobType: "together" }));
    took.push(await told);
    expect(watch.jobs[n]?.id).toBe(job.id);
  }
  // Sooner than the next poll would.
  expect(median(took)).toBeLessThan(limits.watchPollMs / 2);
  await watch.stop();
});

test("cursors that are not ours are refused", async () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const bad = [
    "x",
    "AAAA",
    encode([1]),
    encode([-1, 2]),
    encode([1.5, 2]),
    encode([1, 2, 3]),
    encode({ xid: 1 }),
  ];
  for (const after of bad) {
    const watch = await watching(a, {}, { after });
    expect(watch.failure).toMatchObject({
      reason: "INVALID_CURSOR",
      violations: [{ field: "after_cursor" }],
    });
  }
  // Of another database, whose transactions are ahead of ours.
  const foreign = await watching(a, {}, { after: encode([1e12, 1]) });
  expect(foreign.failure).toMatchObject({ reason: "CURSOR_EXPIRED" });
  const wrong = await watching(a, { ids: ["x"] });
  expect(wrong.failure).toMatchObject({ violations: [{ field: "ids[0]" }] });
});

test("a cursor expires when changes after it are forgotten, and not before", async () => {
  const own = await createTestDatabase();
  const [db, other] = [await Database.connect(own), await onlooker(own)];
  const fresh = await watching(db);
  const create = async (count: number) => {
    for (let n = 0; n < count; n++) await db.jobs.create({ jobType: "old" });
  };
  const age = () => other.query("update job_events set created_at = created_at - interval '2 hours'");
  const count = async () => Number((await other.query("select count(*) from job_events")).rows[0].count);
  await create(5);
  await eventually(() => fresh.jobs.length >= 5);
  await fresh.stop();
  const [beginning, , third] = fresh.changes;
  const end = fresh.cursor();
  await age();
  await db.maintain();
  // Everything is old, yet a client that has seen it all has missed nothing.
  expect(await count()).toBe(1);
  for (const gone of [beginning, third]) {
    const watch = await watching(db, {}, { after: gone?.cursor });
    expect(watch.failure).toMatchObject({ code: 11, reason: "CURSOR_EXPIRED" });
  }
  const still = await watching(db, {}, { after: end });
  await create(2);
  await eventually(() => still.jobs.length >= 2);
  await still.stop();
  const again = await watching(db, {}, { after: end });
  await eventually(() => again.jobs.length >= 2);
  await again.stop();
  await age();
  await db.maintain();
  expect((await watching(db, {}, { after: end })).failure).toMatchObject({ reason: "CURSOR_EXPIRED" });
  await other.end();
  await db.close();
});

test("events behind a younger one are kept, those of an open transaction too", async () => {
  const own = await createTestDatabase();
  const [db, other] = [await Database.connect(own), await onlooker(own)];
  for (let n = 0; n < 4; n++) await db.jobs.create({ jobType: "order" });
  await other.query(`update job_events set created_at = now() - interval '2 hours'
    where id <> (select id from job_events order by xid, id offset 2 limit 1)`);
  await db.maintain();
  const left = async () =>
    (await other.query("select cardinality(job_ids) as ids from job_events order by xid, id")).rows.map(
      ({ ids }) => ids,
    );
  expect(await left()).toEqual([0, 1, 1]);
  const holder = await onlooker(own);
  await holder.query("begin");
  await holder.query("select txid_current()");
  await db.jobs.create({ jobType: "order" });
  await other.query("update job_events set created_at = now() - interval '2 hours'");
  await db.maintain();
  expect(await left()).toEqual([0, 1]);
  await Promise.all([db.maintain(), db.maintain(), holder.query("commit")]);
  await db.maintain();
  expect(await left()).toEqual([0]);
  await Promise.all([other.end(), holder.end()]);
  await db.close();
});

test("a quiet watch ends when its caller goes and when the database is closed, and leaves nothing running", async () => {
  const db = await Database.connect(config);
  const [one, two] = [await watching(db), await watching(db)];
  await one.stop();
  expect(one.failure).toMatchObject({ reason: "CANCELLED" });
  await db.close();
  await eventually(() => two.failure !== undefined);
  expect(two.failure).toMatchObject({ reason: "SHUTTING_DOWN" });
});

test("a slow reader goes on from the database when memory has moved on, without a gap", async () => {
  const controller = new AbortController();
  const slow = withSignal(controller, () => a.jobs.watch({ jobType: "slow" }));
  await slow.next();
  const quick = await watching(a, { jobType: "slow" });
  const made: string[] = [];
  const batches = Math.ceil((limits.watchWindowIds * 1.5) / 1_000);
  for (let batch = 0; batch < batches; batch++) {
    const jobs = Array.from({ length: 1_000 }, () => ({ jobType: "slow" }));
    made.push(...(await b.jobs.createMany(jobs)).map(({ id }) => id));
  }
  await eventually(() => quick.jobs.length >= made.length);
  const seen: string[] = [];
  while (seen.length < made.length) {
    const { value } = await slow.next();
    if (value.job) seen.push(value.job.id);
  }
  expect(seen).toEqual(made);
  await slow.return(undefined as never);
  await quick.stop();
});

test("while two servers change jobs at random, watchers with pauses and breaks see each job's final state", async () => {
  const random = seededRandom();
  for (const workerId of ["r0", "r1"])
    await a.workers.register({ workerId, capacity: 100, jobTypes: ["random"] });
  const controller = new AbortController();

  const planned = Array.from({ length: 150 }, () => newId());
  const watcher = async (seen: Map<string, string>, filter: WatchFilter) => {
    const { below, pick } = random.fork();
    const versions = new Map<string, number>();
    let after: string | undefined;
    let open = 0;
    for (;;) {
      try {
        for await (const { cursor, job, deleted } of pick([a, b]).jobs.watch(filter, { after })) {
          after = cursor;
          open++;
          if (job) {
            // Within a stream and over its breaks, no older state after a newer one.
            expect(job.version).toBeGreaterThanOrEqual(versions.get(job.id) ?? 0);
            versions.set(job.id, job.version);
            seen.set(job.id, job.status);
          }
          if (deleted !== undefined) seen.set(deleted, "deleted");
          if (below(40) === 0) await sleep(below(30));
          if (below(50) === 0) break;
        }
      } catch (error) {
        // As any client does: a busy machine may end a watch for a passing reason.
        if (!(error instanceof ServiceError) || !passing.includes(error.code)) throw error;
      }
      if (open > 100_000) throw new Error("it goes round in circles");
    }
  };
  const final = new Map<string, string>();
  const filters: WatchFilter[] = [
    { jobType: "random" },
    {},
    { jobType: "random" },
    { ids: planned.slice(0, 100) },
    { ids: planned.slice(50) },
    ...planned.slice(-5).map((id) => ({ ids: [id] })),
  ];
  const views = filters.map((filter) => ({ filter, seen: new Map<string, string>() }));
  const broken: unknown[] = [];
  const watchers = views.map(({ seen, filter }) =>
    withSignal(controller, () => watcher(seen, filter)).catch((error) => {
      if (error.reason !== "CANCELLED") broken.push(error);
    }),
  );
  await sleep(100);

  const creator = async () => {
    const { below, pick } = random.fork();
    for (const left = [...planned]; left.length > 0; ) {
      const jobs = left.splice(0, 1 + below(6)).map((id) => ({ id, jobType: "random", maxRetries: 0 }));
      for (const { id } of await pick([a, b]).jobs.createMany(jobs)) final.set(id, "pending");
      await sleep(below(10));
    }
  };
  const worker = async (workerId: string) => {
    const { below, pick } = random.fork();
    for (let idle = 0; final.size < planned.length || idle < 20; ) {
      const { jobs } = pick([a, b]);
      const { leases } = await jobs.claim({ workerId, maxJobs: 1 + below(5), waitMs: below(2) * 50 });
      idle = leases.length > 0 ? 0 : idle + 1;
      for (const { id, epoch } of leases) {
        const end = [{ jobId: id, epoch }];
        const dice = below(10);
        if (dice < 1) await jobs.release(workerId, end);
        else if (dice < 3) await jobs.fail(workerId, [{ jobId: id, epoch, error: "e" }]);
        else await jobs.complete(workerId, end);
      }
    }
  };
  const ignored = () => undefined;
  const canceller = async () => {
    const { below, pick } = random.fork();
    await eventually(() => final.size > 0);
    for (let n = 0; n < 40; n++) {
      const id = pick([...final.keys()]);
      await pick([a, b]).jobs.cancel(id).catch(ignored);
      if (n % 4 === 0) await pick([a, b]).jobs.delete(id).catch(ignored);
      await sleep(below(15));
    }
  };
  // Transactions that stay open for a while, so that commits are out of order.
  const holder = async () => {
    const { below, pick } = random.fork();
    for (let n = 0; n < 10; n++) {
      await client.query("begin");
      await client.query("select txid_current()");
      await sleep(below(80));
      await client.query(pick(["commit", "rollback"]));
    }
  };
  await Promise.all([creator(), worker("r0"), worker("r1"), canceller(), holder()]);
  const rows = await client.query("select id, status from jobs where job_type = 'random'");
  const status = new Map(rows.rows.map((row) => [String(row.id), String(row.status)]));
  for (const id of final.keys()) final.set(id, status.get(id) ?? "deleted");
  const missing = () =>
    views.map(
      ({ seen, filter: { ids = planned } }) => ids.filter((id) => seen.get(id) !== final.get(id)).length,
    );
  // Nothing changes any more: what has been missed by now would never come.
  const isOver = () => broken.length > 0 || missing().every((count) => count === 0);
  await eventually(isOver).catch(() => undefined);
  expect(broken).toEqual([]);
  expect(missing()).toEqual(views.map(() => 0));
  controller.abort();
  await Promise.all(watchers);
  expect(new Set(final.values())).toContain("completed");
});

test("a watch that has nothing to tell says so again and again, and moves its cursor past what others did", async () => {
  const silenceMs = 150;
  const watch = await watching(a, { jobType: "silent" }, { silenceMs });
  const began = Date.now();
  await a.jobs.create({ jobType: "elsewhere" });
  await eventually(() => watch.changes.length >= 4);
  expect(Date.now() - began).toBeGreaterThan(2.5 * silenceMs);
  expect(watch.changes.every(({ job, deleted }) => job === undefined && deleted === undefined)).toBe(true);
  expect(new Set(watch.changes.map(({ cursor }) => cursor)).size).toBeGreaterThan(1);
  const silent = watch.cursor();
  await watch.stop();
  const { id } = await a.jobs.create({ jobType: "silent" });
  const resumed = await watching(b, { jobType: "silent" }, { silenceMs, after: silent });
  await eventually(() => resumed.jobs.length > 0);
  expect(resumed.jobs.map((job) => job.id)).toEqual([id]);
  await resumed.stop();
});

test("a change puts the next message of silence off", async () => {
  const silenceMs = 400;
  const watch = await watching(a, { jobType: "spoken" }, { silenceMs });
  for (let n = 0; n < 5; n++) {
    await sleep(silenceMs / 2);
    await a.jobs.create({ jobType: "spoken" });
    await eventually(() => watch.jobs.length > n);
  }
  await eventually(() => watch.changes.at(-1)?.job === undefined);
  // The first only moves the cursor; the others of silence, however slow the machine is, follow a silence.
  for (const [index, { job }] of watch.changes.entries()) {
    const [before = 0, now = 0] = watch.times.slice(index - 1);
    if (index > 0 && job === undefined) expect(now - before).toBeGreaterThan(0.75 * silenceMs);
  }
  await watch.stop();
});
