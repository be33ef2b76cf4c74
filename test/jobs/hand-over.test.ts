import { Code } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { newId } from "../../src/ids.ts";
import { exampleJob } from "../../src/jobs/create.ts";
import type { ClaimInput, NewJob } from "../../src/jobs/input.ts";
import { eventually } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();

// The lane of most jobs is there: the first job of a lane makes it.
beforeEach(async () => {
  await q.db.jobs.createMany([{ jobType: "t" }, { jobType: "u" }]);
  await q.reset();
});

const claims: Promise<unknown>[] = [];

afterEach(async () => {
  for (const workerId of ["w", "v", "picky"]) q.db.queue.claimer.dismiss(workerId);
  await Promise.allSettled(claims.splice(0));
});

const samples = ["t", "other"].flatMap((jobType) =>
  Array.from({ length: 50 }, () => ({ ...exampleJob, jobType })),
);

/** How many jobs claims that wait would be offered. */
const offered = () => q.db.queue.claimer.wanted(samples).length;

/** Lets a worker wait for jobs. It is known by then that there is nothing for it. */
async function park(claim: Partial<ClaimInput> = {}) {
  const before = offered();
  const claimed = q.db.jobs.claim({ workerId: "w", waitMs: 30_000, ...claim });
  claimed.catch(() => undefined);
  claims.push(claimed);
  await eventually(() => offered() > before);
  return { claimed };
}

/** Keeps claims from being made that wait, so that what happens is up to who creates a job. */
function muteClaims() {
  const wake = vi.spyOn(q.db.queue.claimer, "wake").mockImplementation(() => undefined);
  onTestFinished(() => wake.mockRestore());
}

/** Keeps leases from being written until the function it answers is called. */
async function holdLeases() {
  const holder = await q.client.connect();
  await holder.query("begin; lock table job_leases in exclusive mode");
  return {
    isMet: () =>
      eventually(async () => {
        const { rowCount } = await q.client.query(
          "select from pg_locks where not granted and relation = 'job_leases'::regclass",
        );
        return rowCount === 1;
      }),
    release: async () => {
      await holder.query("commit");
      holder.release();
    },
  };
}

const create = (job: Partial<NewJob> = {}, db = q.db) => db.jobs.create({ jobType: "t", ...job });

const count = async (table: string) => (await q.client.query(`select from ${table}`)).rowCount;

test("a job starts with the commit that creates it, and is in no line", async () => {
  await q.worker("w");
  const { claimed } = await park({ leaseMs: 5_000 });
  const benchmark = await q.db.benchmarks.create({ name: newId(), provider: "p", model: "m", dataset: "d" });
  const created = await create({
    payload: { a: [1, "x"] },
    metadata: { b: null },
    priority: 3,
    timeoutSeconds: 60,
    benchmarkId: benchmark.id,
  });
  expect(created).toMatchObject({ status: "running", workerId: "w", epoch: 1, version: 2 });
  expect(await q.db.jobs.get(created.id)).toEqual(created);
  const { leases } = await claimed;
  expect(leases).toEqual([{ ...created, expiresInMs: 5_000, deadlineInMs: 60_000 }]);
  const { rows } = await q.client.query(
    `select j.xmin = l.xmin as is_one, l.expires_at - l.claimed_at = '5 s' as expires,
      l.deadline_at - l.claimed_at = '60 s' as ends, l.claimed_at = j.started_at as starts
    from jobs j join job_leases l on l.job_id = j.id`,
  );
  expect(rows).toEqual([{ is_one: true, expires: true, ends: true, starts: true }]);
  const { items } = await q.db.audit.list({ entityType: "job", entityId: created.id });
  expect(items.map(({ action }) => action)).toEqual(["create"]);
  const events = await q.client.query("select job_ids from job_events");
  expect(events.rows).toEqual([{ job_ids: [created.id] }]);
  await q.db.jobs.complete("w", [{ jobId: created.id, epoch: 1, result: 1 }]);
  expect(await q.db.jobs.attempts(created.id)).toMatchObject([
    { epoch: 1, attempt: 1, outcome: "completed" },
  ]);
});

describe("request ids", () => {
  test("of a creation: a repeat finds the job that has started", async () => {
    await q.worker("w");
    const { claimed } = await park();
    const request = { requestId: "r" };
    const first = await q.db.jobs.create({ jobType: "t" }, request);
    expect(first.status).toBe("running");
    expect((await claimed).leases).toHaveLength(1);
    expect(await q.other.jobs.create({ jobType: "t" }, request)).toEqual(first);
    const { claimed: second } = await park({ maxJobs: 2 });
    const many = { requestId: "s" };
    const batch = await q.db.jobs.createMany([{ jobType: "t" }, { jobType: "t" }], many);
    expect(batch.map(({ status }) => status)).toEqual(["running", "running"]);
    const again = await q.db.jobs.createMany([{ jobType: "t" }, { jobType: "t" }], many);
    expect(again.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
    expect((await second).leases).toHaveLength(2);
    expect(await count("jobs")).toBe(3);
  });

  test("of a claim: what it was given answers its repeat, and it is given nothing twice", async () => {
    await q.worker("w");
    const { claimed } = await park({ requestId: "r" });
    const first = await create();
    expect((await claimed).leases.map(({ id }) => id)).toEqual([first.id]);
    const repeat = { workerId: "w", requestId: "r" };
    for (const db of [q.db, q.other])
      expect((await db.jobs.claim(repeat)).leases.map(({ id }) => id)).toEqual([first.id]);

    const { claimed: elsewhere } = await park({ requestId: "s" });
    muteClaims();
    await q.other.jobs.create({ jobType: "t" });
    expect((await q.other.jobs.claim({ workerId: "w", requestId: "s" })).leases).toHaveLength(1);
    expect((await create()).status).toBe("pending");
    expect((await elsewhere).leases).toHaveLength(1);
    await eventually(async () => (await count("job_leases")) === 2);
  });
});

describe("a job is created ready, as ever", () => {
  beforeEach(async () => {
    await q.worker("w", { capacity: 2, jobTypes: ["t", "u"] });
  });

  test.each([
    ["with a better one in line", 5],
    ["with an older one in line", 1],
  ])("%s", async (_, priority) => {
    const { claimed } = await park();
    muteClaims();
    await q.other.jobs.create({ jobType: "u", priority });
    const worse = await create({ priority: 1 });
    expect(worse.status).toBe("pending");
    expect((await claimed).leases.map((lease) => lease.priority)).toEqual([priority]);
    expect((await q.db.jobs.get(worse.id)).status).toBe("pending");
  });

  test("with a better one in line that a limit holds back", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 0 });
    const { claimed } = await park();
    muteClaims();
    await create({ limitKey: "k", priority: 1 });
    const { id, status } = await create();
    expect(status).toBe("pending");
    expect((await claimed).leases.map((lease) => lease.id)).toEqual([id]);
  });

  test("but with worse ones in line, or such as the worker does not get, it is given away", async () => {
    const { claimed } = await park();
    muteClaims();
    await q.db.jobs.pause({ jobType: "u" });
    await q.other.jobs.createMany([
      { jobType: "t", priority: 1 },
      { jobType: "u", priority: 9 },
      { jobType: "t", requiredTags: ["gpu"], priority: 9 },
    ]);
    await q.db.queue.lanes.refresh();
    expect((await create({ priority: 2 })).status).toBe("running");
    expect((await claimed).leases.map(({ priority }) => priority)).toEqual([2]);
  });

  test.each<[string, Partial<NewJob>]>([
    ["of another type", { jobType: "other" }],
    ["for other tags", { requiredTags: ["gpu"] }],
    ["with a limit key", { limitKey: "k" }],
    ["with a unique key", { uniqueKey: "k" }],
    ["for later", { delayMs: 60_000 }],
    ["for a time that is over", { runAt: "2020-01-01T00:00:00Z" }],
    ["of a new lane", { jobType: "u", requiredTags: [] }],
  ])("%s", async (_, job) => {
    await q.client.query("delete from job_lanes where job_type = 'u'");
    await park();
    muteClaims();
    expect(await create(job)).toMatchObject({ status: "pending", workerId: null, version: 1 });
  });

  test.each([
    ["of a type that is paused", "insert into job_pauses (job_type) values ('t')"],
    ["for a worker that is to drain", "update worker_slots set capacity = 0"],
    ["for a worker that is busy", "update worker_slots set capacity = 1, used = 1"],
    ["for a worker that is gone", "delete from workers"],
  ])("%s", async (what, change) => {
    await park();
    muteClaims();
    await q.client.query(change);
    // Once it was tried in vain, the claim is offered no more.
    await eventually(async () => {
      expect(await create()).toMatchObject({ status: "pending", workerId: null, version: 1 });
      return offered() === 0;
    });
    expect(await count("job_leases")).toBe(0);
    if (what.includes("busy")) await q.client.query("update worker_slots set used = 0");
  });

  test("while another has the worker's slots, without a wait for them", async () => {
    await park();
    muteClaims();
    const holder = await q.client.connect();
    await holder.query("begin");
    await holder.query("select from worker_slots for update");
    expect((await create()).status).toBe("pending");
    await holder.query("commit");
    holder.release();
  });

  test("by a server where no claim waits, and the other finds it", async () => {
    const { claimed } = await park();
    const created = await create({}, q.other);
    expect(created.status).toBe("pending");
    expect((await claimed).leases.map(({ id }) => id)).toEqual([created.id]);
  });

  test("within a transaction, whose end only its owner knows", async () => {
    const { claimed } = await park();
    const created = await q.db.transaction(async ({ jobs }) => [
      ...(await jobs.createMany([{ jobType: "t" }])),
      await jobs.create({ jobType: "t" }),
    ]);
    expect(created.map(({ status }) => status)).toEqual(["pending", "pending"]);
    expect((await claimed).leases).toHaveLength(1);
  });
});

test("the best jobs of a batch start, for those that have waited longest, within their slots", async () => {
  await q.worker("w", { capacity: 3 });
  await q.worker("v", { capacity: 9 });
  await q.worker("picky", { jobTypes: ["other"] });
  const { claimed: none } = await park({ workerId: "picky" });
  const parked = [await park({ maxJobs: 2 }), await park({ maxJobs: 2 }), await park({ workerId: "v" })];
  muteClaims();
  const priorities = [1, 5, 2, 9, 3, 9, 4];
  const created = await q.db.jobs.createMany(priorities.map((priority) => ({ jobType: "t", priority })));
  const statuses = created.map(({ status, priority }) => (status === "running" ? priority : 0));
  // The second claim of the full worker gets one only, so that one which could have started waits.
  expect(statuses).toEqual([0, 5, 0, 9, 3, 9, 0]);
  const answers = await Promise.all(parked.map(({ claimed }) => claimed));
  expect(answers.map(({ leases }) => leases.map(({ priority }) => priority))).toEqual([[9, 9], [5], [3]]);
  expect(answers.flatMap(({ leases }) => leases.map(({ workerId }) => workerId))).toEqual([
    "w",
    "w",
    "w",
    "v",
  ]);
  q.db.queue.claimer.dismiss("picky");
  expect((await none).leases).toEqual([]);
});

test("many that are created at once are each given to one of many that wait", async () => {
  const workers = Array.from({ length: 20 }, (_, index) => `w${index}`);
  for (const workerId of workers) await q.worker(workerId, { capacity: 1 });
  const waiting = workers.map((workerId) => q.db.jobs.claim({ workerId, waitMs: 30_000 }));
  await eventually(() => offered() === 20);
  const created = await Promise.all(workers.map(() => create()));
  expect(new Set(created.map(({ workerId }) => workerId))).toEqual(new Set(workers));
  const answers = await Promise.all(waiting);
  const ids = answers.flatMap(({ leases }) => leases.map(({ id }) => id));
  expect(ids.sort()).toEqual(created.map(({ id }) => id).sort());
});

describe("in the middle", () => {
  beforeEach(async () => {
    await q.worker("w", { capacity: 2 });
  });

  test("a claim whose caller goes gives its job back", async () => {
    const controller = new AbortController();
    const { claimed } = await withSignal({ signal: controller.signal }, () => park());
    const leases = await holdLeases();
    const created = create();
    await leases.isMet();
    controller.abort();
    await expect(claimed).rejects.toThrow();
    await leases.release();
    const { id } = await created;
    await eventually(async () => (await q.db.jobs.get(id)).status === "pending");
    expect(await count("job_leases")).toBe(0);
    const { leases: next } = await q.db.jobs.claim({ workerId: "w" });
    expect(next).toMatchObject([{ id, epoch: 2, retryCount: 0 }]);
  });

  test("a claim whose time ends gets its job", async () => {
    const { claimed } = await park({ waitMs: 1_000 });
    const leases = await holdLeases();
    const created = create();
    await leases.isMet();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await leases.release();
    expect((await claimed).leases.map(({ id }) => id)).toEqual([(await created).id]);
  });

  test("a server that ends leaves a lease that runs out", async () => {
    await park();
    const settle = vi.spyOn(q.db.queue.claimer, "settle").mockImplementation(() => undefined);
    const { id } = await create();
    const [offers = []] = settle.mock.lastCall ?? [];
    settle.mockRestore();
    await q.expire();
    await q.maintain();
    await q.makeDue();
    await q.maintain();
    const { leases } = await q.other.jobs.claim({ workerId: "w" });
    expect(leases).toMatchObject([{ id, epoch: 2, retryCount: 1 }]);
    q.db.queue.claimer.settle(offers, false);
  });

  test.each([
    ["one", (id: string) => create({ id })],
    ["a batch", (id: string) => q.db.jobs.createMany([{ jobType: "t" }, { jobType: "t", id }])],
    [
      "a batch with one that is refused",
      (id: string) => q.db.jobs.createMany([{ jobType: "t" }, { jobType: "other", uniqueKey: id }]),
    ],
    ["one with a request id", (id: string) => q.db.jobs.create({ jobType: "t", id }, { requestId: "r" })],
  ])("a creation that fails (%s) leaves the claim waiting, for the next", async (_, fail) => {
    const taken = newId();
    await create({ jobType: "other", id: taken, uniqueKey: taken });
    const { claimed } = await park({ jobTypes: ["t"] });
    await expect(fail(taken)).rejects.toMatchObject({ code: Code.AlreadyExists });
    expect(await count("job_leases")).toBe(0);
    await eventually(() => offered() > 0);
    const { id, status } = await create();
    expect(status).toBe("running");
    expect((await claimed).leases.map((lease) => lease.id)).toEqual([id]);
  });
});
