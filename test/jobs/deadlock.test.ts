import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { expect, onTestFinished, test } from "vitest";
import { ServiceError } from "../../src/errors.ts";
import { Database } from "../../src/storage.ts";
import { seededRandom } from "../harness/random.ts";
import { patienceMs } from "../harness/waiting.ts";
import { completeAndClaim, queue } from "./support.ts";

const q = queue();

// LTB_DEADLOCK_SECONDS=120 looks longer.
const seconds = Number(process.env.LTB_DEADLOCK_SECONDS ?? 8);
const callers = 16;

async function deadlocks(): Promise<number> {
  // Backends report what they counted when they are idle for a moment.
  await sleep(1_200);
  const { rows } = await q.client.query<{ deadlocks: string }>(
    "select deadlocks from pg_stat_database where datname = current_database()",
  );
  return Number(rows[0]?.deadlocks);
}

/** What a caller may be told because another was faster. */
const expected = [Code.NotFound, Code.FailedPrecondition];

test(
  "changes of the same jobs from many callers never deadlock, nor fail",
  async () => {
    const { below: random } = seededRandom();
    const workers = ["w0", "w1", "w2", "w3"];
    const calm = await Database.connect({ ...q.config, poolSize: 4 });
    onTestFinished(() => calm.close());
    const idle = ["i0", "i1", "i2", "i3"];
    for (const workerId of [...workers, ...idle]) await q.worker(workerId, { capacity: 40, tags: ["gpu"] });
    for (const limitKey of ["k0", "k1"]) await q.db.jobs.setLimit({ limitKey, maxRunning: 30 });
    const ids: string[] = [];
    const held = new Map<string, { jobId: string; epoch: number }[]>(
      workers.map((workerId) => [workerId, []]),
    );
    const calls: Record<string, number> = {};
    const errors: unknown[] = [];
    let given = 0;

    const some = () => {
      const start = random(Math.max(ids.length - 40, 1));
      return ids.slice(start, start + 40);
    };
    const actions: Record<string, (db: Database, workerId: string) => Promise<unknown>> = {
      create: async (db) => {
        const jobs = Array.from({ length: 1 + random(20) }, () => ({
          priority: random(3),
          requiredTags: random(2) ? ["gpu"] : [],
          ...(random(2)
            ? { jobType: "plain" }
            : { jobType: `t${random(3)}`, limitKey: random(3) ? undefined : `k${random(2)}` }),
          uniqueKey: random(4) ? undefined : `u${random(30)}`,
          maxRetries: 3,
        }));
        const made = random(2)
          ? await db.jobs.createMany(jobs)
          : await Promise.all(jobs.map((job) => db.jobs.create(job)));
        ids.push(...made.map(({ id }) => id));
        ids.splice(0, ids.length - 400);
      },
      claim: async (db, workerId) => {
        const { leases } = await db.jobs.claim({ workerId, maxJobs: 1 + random(15) });
        held.get(workerId)?.push(...leases.map(({ id, epoch }) => ({ jobId: id, epoch })));
      },
      // What is created while claims wait is given to them, by a server where nothing else wakes them.
      give: async () => {
        const workerId = idle[random(idle.length)] ?? "";
        const jobs = Array.from({ length: 1 + random(3) }, () => ({ jobType: "given" }));
        const claim = { workerId, maxJobs: 9, jobTypes: ["given"], waitMs: 1_000 };
        const waiting = calm.jobs.claim(claim);
        await sleep(random(100));
        const made = random(2)
          ? await calm.jobs.createMany(jobs)
          : await Promise.all(jobs.map((job) => calm.jobs.create(job)));
        given += made.filter(({ status }) => status === "running").length;
        ids.push(...made.map(({ id }) => id));
        const ends = (await waiting).leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
        if (ends.length > 0) await q.db.jobs.complete(workerId, ends);
      },
      complete: (db, workerId) => ended(workerId, (ends) => db.jobs.complete(workerId, ends)),
      completeAndClaim: (db, workerId) =>
        ended(workerId, async (ends) => {
          // Only lanes without a limit are claimed from in the same statement.
          const claim = { workerId, maxJobs: 1 + random(5), jobTypes: ["plain"] };
          const { leases = [] } = await completeAndClaim(db, workerId, ends, claim);
          held.get(workerId)?.push(...leases.map(({ id, epoch }) => ({ jobId: id, epoch })));
        }),
      fail: (db, workerId) =>
        ended(workerId, (ends) =>
          db.jobs.fail(
            workerId,
            ends.map((end) => ({ ...end, error: "e", retryAfterMs: 0 })),
          ),
        ),
      release: (db, workerId) => ended(workerId, (ends) => db.jobs.release(workerId, ends)),
      progress: (db, workerId) => ended(workerId, (ends) => db.jobs.progress(workerId, ends), true),
      heartbeat: (db, workerId) => db.workers.heartbeat({ workerId, leases: held.get(workerId) ?? [] }),
      cancel: (db) =>
        Promise.all(
          some()
            .slice(0, 5)
            .map((id) => db.jobs.cancel(id).catch(ignore)),
        ),
      retry: (db) =>
        Promise.all(
          some()
            .slice(0, 5)
            .map((id) => db.jobs.retry(id).catch(ignore)),
        ),
      delete: (db) =>
        Promise.all(
          some()
            .slice(0, 5)
            .map((id) => db.jobs.delete(id).catch(ignore)),
        ),
      cancelMany: (db) => db.jobs.cancelMany({ jobType: `t${random(3)}` }),
      retryMany: (db) => db.jobs.retryMany({ limitKey: `k${random(2)}` }),
      retryType: (db) => db.jobs.retryMany({ jobType: `t${random(3)}` }),
      cleanup: (db) =>
        db.jobs.cleanupOldJobs(0, [(["completed", "failed", "cancelled"] as const)[random(3)] ?? "failed"]),
      expire: async () => {
        await q.client.query(
          `update job_leases set expires_at = clock_timestamp()
        where ctid = any (array(select ctid from job_leases limit 5 for update skip locked))`,
        );
      },
      maintain: (db) => db.maintain(),
    };

    function ended(
      workerId: string,
      report: (ends: { jobId: string; epoch: number }[]) => Promise<unknown>,
      keep = false,
    ) {
      const own = held.get(workerId) ?? [];
      const ends = keep ? own.slice(-10) : own.splice(random(own.length), 1 + random(12));
      return ends.length > 0 ? report(ends) : Promise.resolve();
    }

    function ignore(error: unknown): void {
      const isExpected =
        error instanceof ServiceError &&
        (expected.includes(error.code) || error.reason === "UNIQUE_KEY_TAKEN");
      if (!isExpected) errors.push(error);
    }

    const names = Object.keys(actions);
    const until = performance.now() + seconds * 1_000;
    // On a busy machine it takes longer until all of it has happened often enough.
    const isEnough = () => given > 0 && Math.min(...names.map((name) => calls[name] ?? 0)) > 10;
    const call = async (index: number) => {
      const db = index % 2 ? q.db : q.other;
      while (performance.now() < until || (!isEnough() && performance.now() < until + patienceMs)) {
        const name = names[random(names.length)] ?? "claim";
        calls[name] = (calls[name] ?? 0) + 1;
        await actions[name]?.(db, workers[random(workers.length)] ?? "w0").catch(ignore);
      }
    };
    const before = await deadlocks();
    await Promise.all(Array.from({ length: callers }, (_, index) => call(index)));
    const found = (await deadlocks()) - before;
    console.log(`${found} deadlocks in ${JSON.stringify(calls)}, ${given} given at once`);
    expect(errors).toEqual([]);
    expect(found).toBe(0);
    expect(isEnough(), "all was called, and jobs were given to those that waited").toBe(true);
  },
  seconds * 1_000 + 5 * patienceMs,
);
