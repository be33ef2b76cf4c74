import { expect, test, vi } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import type { Lease } from "../../src/jobs/claim/taking.ts";
import type { Database } from "../../src/storage.ts";
import { patienceMs } from "../harness/waiting.ts";
import { completeAndClaim, queue } from "./support.ts";

const q = queue();

const patient = { timeout: patienceMs };

const refOf = ({ id, epoch }: Lease) => ({ jobId: id, epoch });

async function createJobs(count: number, more: { jobType?: string; limitKey?: string } = {}) {
  await q.db.jobs.createMany(Array.from({ length: count }, () => ({ jobType: "t", ...more })));
}

/** A worker that holds its first jobs, which this server has just read all about. */
async function busyWorker(workerId: string, { capacity = 1, jobs = 2 } = {}) {
  await q.worker(workerId, { capacity });
  await createJobs(jobs);
  const { leases } = await q.db.jobs.claim({ workerId, maxJobs: capacity });
  return leases.map(refOf);
}

const countLeases = async () => (await q.client.query("select from job_leases")).rowCount;

test("the end of one job and the start of the next have one commit, and the freed slot is filled", async () => {
  await q.reset();
  const [first, second] = await busyWorker("w", { capacity: 2, jobs: 4 });
  const ends = [first, second].flatMap((ref) => ref ?? []).slice(0, 1);
  const { results, leases = [] } = await completeAndClaim(q.db, "w", ends, { workerId: "w", maxJobs: 5 });
  expect(results).toEqual([{ outcome: "ok" }]);
  expect(leases).toHaveLength(1);
  const { rows } = await q.client.query(
    `select distinct xid from (
      select xmin::text as xid from job_attempts union all select xmin::text from job_leases where job_id = $1
    ) written`,
    [leases[0]?.id],
  );
  expect(rows).toHaveLength(1);
  const [next] = (await q.db.jobs.listRunning(10)).filter(({ id }) => id === leases[0]?.id);
  const { expiresInMs: _1, deadlineInMs: _2, workerId: _3, ...job } = leases[0] ?? ({} as Lease);
  expect(next).toMatchObject(job);
});

test("an end that comes again, or too late, is answered as ever, and the worker still gets jobs", async () => {
  await q.reset();
  const [first] = await busyWorker("w", { jobs: 3 });
  if (!first) throw new Error("nothing was claimed");
  await q.db.jobs.complete("w", [first]);
  const again = await completeAndClaim(q.db, "w", [first], { workerId: "w" });
  expect(again.results).toEqual([{ outcome: "ok" }]);
  expect(again.leases).toHaveLength(1);
  const late = [{ ...first, epoch: first.epoch + 7 }];
  expect(await completeAndClaim(q.db, "w", late, { workerId: "w" })).toEqual({
    results: [{ outcome: "stale" }],
    leases: [],
  });
});

test.each([
  ["tags", "update workers set tags = '{other}'"],
  ["types", "update workers set job_types = '{other}'"],
  ["orders to drain", "update workers set draining = true, status = 'draining'"],
])("a worker whose %s another server has changed gets nothing by what was known of it", async (_, change) => {
  await q.reset();
  const ends = await busyWorker("w");
  await q.client.query(change);
  const { results, leases } = await completeAndClaim(q.db, "w", ends, { workerId: "w" });
  expect(results).toEqual([{ outcome: "ok" }]);
  expect(leases).toBeUndefined();
  expect(await countLeases()).toBe(0);
});

test("types that a claim asks for need not be the worker's own", async () => {
  await q.reset();
  const ends = await busyWorker("w");
  await createJobs(1, { jobType: "u" });
  const claim = { workerId: "w", jobTypes: ["u"] };
  const { leases } = await completeAndClaim(q.db, "w", ends, claim);
  expect(leases?.map(({ jobType }) => jobType)).toEqual(["u"]);
});

test("where jobs with a limit wait, an ordinary claim counts what runs", async () => {
  await q.reset();
  const ends = await busyWorker("w", { jobs: 2 });
  await createJobs(2, { limitKey: "k" });
  await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 0 });
  const { results, leases } = await completeAndClaim(q.db, "w", ends, { workerId: "w" });
  expect([results, leases]).toEqual([[{ outcome: "ok" }], undefined]);
  expect(await countLeases()).toBe(0);
  await q.db.jobs.deleteLimit("k");
  const { leases: plain } = await q.db.jobs.claim({ workerId: "w" });
  const claim = { workerId: "w", maxJobs: 5 };
  const next = await completeAndClaim(q.db, "w", plain.map(refOf), claim);
  expect(next.leases?.map(({ limitKey }) => limitKey)).toEqual(["k"]);
});

test("one request id brings leases once, however often and wherever it comes", async () => {
  await q.reset();
  for (let round = 0; round < 5; round++) {
    const ends = await busyWorker(`w${round}`, { jobs: 10 });
    const claim = { workerId: `w${round}`, requestId: "r" };
    const calls = [q.db, q.other, q.db, q.other].map((db: Database) =>
      completeAndClaim(db, `w${round}`, ends, claim),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ results }) => results[0]?.outcome)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(answers.flatMap(({ leases = [] }) => leases)).toHaveLength(1);
    const { leases } = await q.db.jobs.claim(claim);
    expect(leases).toHaveLength(1);
  }
});

test("what was leased for a caller that has gone goes back", async () => {
  await q.reset();
  const ends = await busyWorker("w");
  const holder = await q.client.connect();
  await holder.query("begin");
  await holder.query("select from worker_slots for update");
  const controller = new AbortController();
  const call = withSignal({ signal: controller.signal }, () =>
    completeAndClaim(q.db, "w", ends, { workerId: "w" }),
  );
  call.catch(() => undefined);
  await vi.waitUntil(async () => {
    const { rowCount } = await q.client.query(
      "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    return rowCount === 1;
  }, patient);
  controller.abort();
  await expect(call).rejects.toThrow();
  await holder.query("commit");
  holder.release();
  // One job is pending before the statement goes on, too.
  await vi.waitUntil(async () => (await q.db.jobs.countByStatus("completed")) === 1, patient);
  await vi.waitUntil(async () => (await q.db.jobs.countByStatus("pending")) === 1, patient);
  expect(await countLeases()).toBe(0);
});

test("workers that come at once through two servers all find jobs", async () => {
  await q.reset();
  const workers = Array.from({ length: 30 }, (_, index) => `w${index}`);
  await createJobs(workers.length * 6);
  for (const workerId of workers) await q.worker(workerId, { capacity: 1 });
  let turns = 0;
  const work = async (workerId: string, db: Database) => {
    let { leases } = await db.jobs.claim({ workerId });
    while (leases.length > 0) {
      turns++;
      const claim = { workerId };
      const answer = await completeAndClaim(db, workerId, leases.map(refOf), claim);
      leases = answer.leases ?? (await db.jobs.claim(claim)).leases;
    }
  };
  await Promise.all(workers.map((workerId, index) => work(workerId, index % 2 ? q.db : q.other)));
  expect(turns).toBe(workers.length * 6);
  expect(await q.db.jobs.countByStatus("completed")).toBe(workers.length * 6);
});
