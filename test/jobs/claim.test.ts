import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { claimJobs } from "../../src/jobs/claim/claim.ts";
import type { Lease } from "../../src/jobs/claim/taking.ts";
import type { NewJob } from "../../src/jobs/input.ts";
import { limits } from "../../src/limits.ts";
import { jsonValueOf } from "../../src/validation.ts";
import { eventually, within } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(() => q.reset());

const names = (leases: readonly Lease[]) => leases.map(({ payload }) => jsonValueOf(payload).name);

/** Claims that were just sent are waiting by then. */
const parked = () => sleep(100);

const look = () => q.client.query("select");

/** Creates jobs named by their position, or by `name`. */
async function create(jobs: (Partial<NewJob> & { name?: string })[], db = q.db) {
  return db.jobs.createMany(
    jobs.map(({ name, ...job }, index) => ({ jobType: "t", ...job, payload: { name: name ?? `${index}` } })),
  );
}

test("a lease carries the job, its epoch and how long both may take", async () => {
  await q.worker("w");
  const [job] = await create([{ timeoutSeconds: 60, metadata: { a: 1 } }]);
  const { leases, drain } = await q.db.jobs.claim({ workerId: "w", leaseMs: 5_000 });
  expect(drain).toBe(false);
  expect(leases).toEqual([
    {
      ...job,
      status: "running",
      workerId: "w",
      epoch: 1,
      version: 2,
      startedAt: expect.any(String),
      updatedAt: expect.any(String),
      expiresInMs: 5_000,
      deadlineInMs: 60_000,
    },
  ]);
  expect(await q.db.jobs.get(leases[0]?.id ?? "")).toMatchObject({
    status: "running",
    workerId: "w",
    epoch: 1,
  });
});

test("no registered worker, no job", async () => {
  await create([{}]);
  await expect(q.db.jobs.claim({ workerId: "nobody" })).rejects.toMatchObject({
    code: Code.NotFound,
    metadata: { entity: "worker", id: "nobody" },
  });
});

describe("order", () => {
  test("is priority first, then age, over all lanes", async () => {
    await q.worker("w", { tags: ["gpu"] });
    await create([
      { priority: 1, name: "5" },
      { priority: 1, name: "6", requiredTags: ["gpu"] },
      { priority: 9, name: "1", jobType: "u" },
      { priority: 2, name: "3", limitKey: "k" },
      { priority: 9, name: "2" },
      { priority: 2, name: "4", requiredTags: ["gpu"] },
      { priority: -1, name: "7" },
      { priority: -2_147_483_648, name: "9" },
      { priority: -1, name: "8", jobType: "u" },
    ]);
    const first = await q.db.jobs.claim({ workerId: "w", maxJobs: 4 });
    const second = await q.db.jobs.claim({ workerId: "w", maxJobs: 100 });
    expect([...names(first.leases), ...names(second.leases)]).toEqual([..."123456789"]);
  });

  test("a job that comes back keeps its place", async () => {
    await q.worker("w");
    await create([{}, {}, {}]);
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 2 });
    const ends = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
    await q.db.jobs.release("w", ends.slice(0, 1));
    await q.db.jobs.fail(
      "w",
      ends.slice(1).map((end) => ({ ...end, error: "e", retryAfterMs: 0 })),
    );
    await q.maintain();
    expect(names((await q.db.jobs.claim({ workerId: "w", maxJobs: 9 })).leases)).toEqual(["0", "1", "2"]);
  });

  test("holds for lanes that another server has just made", async () => {
    await q.worker("w");
    await create([{ priority: 1, name: "low", jobType: "made here" }]);
    await q.other.jobs.claim({ workerId: "w", jobTypes: ["nothing"] });
    await create([{ priority: 2, name: "high", jobType: "made there" }]);
    expect(names((await q.other.jobs.claim({ workerId: "w", maxJobs: 2 })).leases)).toEqual(["high", "low"]);
  });
});

describe("what a worker is given", () => {
  test("needs none but its tags", async () => {
    await q.worker("none");
    await q.worker("gpu", { tags: ["gpu"] });
    await q.worker("both", { tags: ["eu", "gpu"] });
    await create([{ requiredTags: ["gpu", "eu"] }, { requiredTags: ["gpu"] }, {}, { requiredTags: ["us"] }]);
    const claim = async (workerId: string) => {
      const { leases } = await q.db.jobs.claim({ workerId, maxJobs: 9 });
      await q.db.jobs.release(workerId, leases.map(({ id, epoch }) => ({ jobId: id, epoch })).concat(none));
      return names(leases);
    };
    const none: { jobId: string; epoch: number }[] = [];
    expect(await claim("none")).toEqual(["2"]);
    expect(await claim("gpu")).toEqual(["1", "2"]);
    expect(await claim("both")).toEqual(["0", "1", "2"]);
  });

  test("is of its types, or of those of the claim", async () => {
    await q.worker("any");
    await q.worker("typed", { jobTypes: ["a", "b"] });
    await create([{ jobType: "a" }, { jobType: "b" }, { jobType: "c" }, { jobType: "a" }, { jobType: "c" }]);
    const claim = async (workerId: string, jobTypes: string[] = []) =>
      names((await q.db.jobs.claim({ workerId, jobTypes, maxJobs: 1 })).leases);
    expect(await claim("typed")).toEqual(["0"]);
    expect(await claim("typed", ["b"])).toEqual(["1"]);
    expect(await claim("typed", ["c"])).toEqual(["2"]);
    expect(await claim("typed", ["d"])).toEqual([]);
    expect(await claim("any", ["c", "d"])).toEqual(["4"]);
    expect(await claim("any")).toEqual(["3"]);
  });

  test("is due", async () => {
    await q.worker("w");
    await create([{ runAt: "2998-01-01T00:00:00Z" }, { runAt: "2999-01-01T00:00:00Z" }]);
    await q.maintain();
    expect(names((await q.db.jobs.claim({ workerId: "w", maxJobs: 9 })).leases)).toEqual([]);
    await q.makeDue("2998-12-31T00:00:00Z");
    await q.maintain();
    expect(names((await q.db.jobs.claim({ workerId: "w", maxJobs: 9 })).leases)).toEqual(["0"]);
    expect(await q.db.jobs.getStats()).toMatchObject({ pending: 0, scheduled: 1, running: 1, total: 2 });
  });

  test("is nothing while it drains", async () => {
    await q.worker("w", { draining: true });
    await create([{}]);
    expect(await q.db.jobs.claim({ workerId: "w", waitMs: 5_000 })).toEqual({ leases: [], drain: true });
  });
});

describe("capacity", () => {
  test("is never exceeded, whatever races", async () => {
    await q.worker("w", { capacity: 7 });
    await q.worker("v", { capacity: 3 });
    await create(Array.from({ length: 60 }, (_, i) => ({ jobType: `${i % 3}` })));
    const claims = Array.from({ length: 40 }, (_, i) =>
      (i % 2 ? q.db : q.other).jobs.claim({
        workerId: i % 4 < 2 ? "w" : "v",
        maxJobs: 1 + (i % 5),
        jobTypes: [`${i % 3}`],
      }),
    );
    const leases = (await Promise.all(claims)).flatMap((claim) => claim.leases);
    expect(leases.filter(({ workerId }) => workerId === "w")).toHaveLength(7);
    expect(leases.filter(({ workerId }) => workerId === "v")).toHaveLength(3);
    expect(new Set(leases.map(({ id }) => id)).size).toBe(10);
  });

  test("holds while jobs end and begin", async () => {
    await q.worker("w", { capacity: 4 });
    await create(Array.from({ length: 120 }, () => ({})));
    let most = 0;
    let done = 0;
    const work = async (db: typeof q.db) => {
      while (done < 120) {
        const { leases } = await db.jobs.claim({ workerId: "w", maxJobs: 3 });
        const { rows } = await q.client.query(
          "select count(*)::int as n from job_leases where worker_id = 'w'",
        );
        most = Math.max(most, rows[0].n);
        if (leases.length === 0) continue;
        const ended = await db.jobs.complete(
          "w",
          leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
        );
        done += ended.filter(({ outcome }) => outcome === "ok").length;
      }
    };
    await Promise.all([work(q.db), work(q.other), work(q.db), work(q.other)]);
    expect(most).toBeLessThanOrEqual(4);
    expect(done).toBe(120);
  });

  test("is read again by a claim that had to wait for it", async () => {
    await q.worker("w", { capacity: 7 });
    await create(Array.from({ length: 40 }, (_, i) => ({ jobType: i % 2 ? "odd" : "even" })));
    const client = await q.client.connect();
    await client.query("begin");
    await client.query("select 1 from worker_slots for update");
    // Both have seen free slots, and jobs that the other does not want, by the time they may go on.
    const claim = { workerId: "w", maxJobs: 5 };
    const claims = [
      q.db.jobs.claim({ ...claim, jobTypes: ["odd"] }),
      q.other.jobs.claim({ ...claim, jobTypes: ["even"] }),
    ];
    await parked();
    await client.query("commit");
    client.release();
    expect((await Promise.all(claims)).map(({ leases }) => leases.length).sort()).toEqual([2, 5]);
  });

  test("that was lowered below what is in use gives nothing", async () => {
    await q.worker("w", { capacity: 5 });
    await create(Array.from({ length: 9 }, () => ({})));
    await q.db.jobs.claim({ workerId: "w", maxJobs: 4 });
    await q.client.query("update worker_slots set capacity = 2");
    expect((await q.db.jobs.claim({ workerId: "w", maxJobs: 4 })).leases).toEqual([]);
  });
});

describe("claims that wait", () => {
  test("get a job as soon as there is one", async () => {
    await q.worker("w");
    const claim = q.db.jobs.claim({ workerId: "w", waitMs: 10_000 });
    await parked();
    await create([{}]);
    // Sooner than at the next look of its own at the queue.
    expect(names((await within(limits.claimPollMs / 2, claim, look)).leases)).toEqual(["0"]);
  });

  test("find one that another server made within a second or so", async () => {
    await q.worker("w");
    const claim = q.other.jobs.claim({ workerId: "w", waitMs: 10_000 });
    await parked();
    await create([{ jobType: "new there" }]);
    expect((await within(1.5 * limits.claimPollMs, claim, look)).leases).toHaveLength(1);
  });

  test("get a slot that a completion frees", async () => {
    await q.worker("w", { capacity: 1 });
    await create([{}, {}]);
    const [held] = (await q.db.jobs.claim({ workerId: "w" })).leases;
    const claim = q.db.jobs.claim({ workerId: "w", waitMs: 10_000 });
    await parked();
    await q.db.jobs.complete("w", [{ jobId: held?.id ?? "", epoch: 1 }]);
    expect(names((await claim).leases)).toEqual(["1"]);
  });

  test("end with nothing when their time is up", async () => {
    await q.worker("w");
    const began = performance.now();
    const claim = q.db.jobs.claim({ workerId: "w", waitMs: 200 });
    expect(await within(700, claim, look)).toEqual({ leases: [], drain: false });
    expect(performance.now() - began).toBeGreaterThan(190);
  });

  test("many of them on an empty queue, none waits longer than it asked to", async () => {
    await q.worker("w", { capacity: 10_000 });
    for (const waitMs of [0, 150]) {
      const claims = Array.from({ length: 300 }, () => q.db.jobs.claim({ workerId: "w", waitMs }));
      await within(waitMs + 800, Promise.all(claims), look);
    }
  });

  test("of busy workers do not keep a job from a free one", async () => {
    await create(Array.from({ length: 30 }, () => ({})));
    for (let i = 0; i < 30; i++) await q.worker(`busy ${i}`, { capacity: 1 });
    await q.worker("free");
    const busy = Array.from({ length: 30 }, (_, i) => `busy ${i}`);
    await Promise.all(busy.map((workerId) => q.db.jobs.claim({ workerId })));
    const controller = new AbortController();
    const waiting = busy.map((workerId) =>
      withSignal({ signal: controller.signal }, () => q.db.jobs.claim({ workerId, waitMs: 20_000 })).catch(
        () => undefined,
      ),
    );
    await parked();
    const free = q.db.jobs.claim({ workerId: "free", waitMs: 5_000 });
    await parked();
    await create([{ name: "for the free one" }]);
    expect(names((await free).leases)).toEqual(["for the free one"]);
    controller.abort();
    await Promise.all(waiting);
  });

  test("return their jobs at once when their caller has gone", async () => {
    await q.worker("w");
    await q.worker("v");
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    const claims = controllers.map(({ signal }) =>
      withSignal({ signal }, () => q.db.jobs.claim({ workerId: "w", waitMs: 10_000 })).catch(
        (error) => error.code,
      ),
    );
    await parked();
    const made = create(Array.from({ length: 10 }, () => ({})));
    for (const controller of controllers) controller.abort();
    await made;
    const answers = await Promise.all(claims);
    const granted = answers.flatMap((answer) => (typeof answer === "object" ? answer.leases : []));
    await eventually(async () => (await q.db.jobs.getStats()).running === granted.length);
    const { leases } = await q.db.jobs.claim({ workerId: "v", maxJobs: 20 });
    expect(leases).toHaveLength(10 - granted.length);
    expect(leases.every(({ retryCount }) => retryCount === 0)).toBe(true);
  });

  test("several of one worker share its slots", async () => {
    await q.worker("w", { capacity: 5 });
    const claims = [3, 3, 3].map((maxJobs) => q.db.jobs.claim({ workerId: "w", maxJobs, waitMs: 2_000 }));
    await parked();
    await create(Array.from({ length: 9 }, () => ({})));
    const answers = await Promise.all(claims);
    expect(answers.map(({ leases }) => leases.length).sort()).toEqual([0, 2, 3]);
  });
});

describe("the bytes of an answer", () => {
  // PostgreSQL keeps such a text in a hundredth of its length.
  const large = { text: "x".repeat(900_000) };
  const attempts = async () => (await q.client.query("select outcome from job_attempts")).rows;

  test("end a claim before it takes more than they hold, and no lease is given back", async () => {
    await q.worker("w");
    for (let n = 0; n < 10; n++) await q.db.jobs.create({ jobType: "t", payload: large });
    const taken: number[] = [];
    for (let left = 10; left > 0; left -= taken.at(-1) ?? 0)
      taken.push((await q.db.jobs.claim({ workerId: "w", maxJobs: 1_000 })).leases.length);
    expect(taken).toEqual([3, 3, 3, 1]);
    expect(await attempts()).toEqual([]);
  });

  test("are those of one statement, whoever shares it", async () => {
    await q.worker("w");
    await q.worker("v");
    for (let n = 0; n < 8; n++) await q.db.jobs.create({ jobType: "t", payload: large, metadata: large });
    const demand = { maxJobs: 1_000, leaseMs: 30_000, requestId: undefined };
    const demands = ["w", "v"].map((workerId) => ({ workerId, ...demand }));
    await q.db.queue.lanes.refresh();
    const lanes = q.db.queue.lanes.matching({ jobTypes: [], tags: [] });
    const { leases, isFull } = await claimJobs(q.db.executor, lanes, demands);
    expect(leases).toHaveLength(1);
    expect(isFull).toBe(true);
    const claims = ["w", "v"].map((workerId) => q.db.jobs.claim({ workerId, maxJobs: 3 }));
    expect((await Promise.all(claims)).map((claim) => claim.leases.length)).toEqual([1, 1]);
    expect(await attempts()).toEqual([]);
  });

  test("count the error of the last attempt", async () => {
    await q.worker("w");
    const jobs = await create(Array.from({ length: 60 }, () => ({})));
    await q.db.jobs.claim({ workerId: "w", maxJobs: 100 });
    const ends = jobs.map(({ id }) => ({ jobId: id, epoch: 1, error: "e".repeat(65_000), retryAfterMs: 0 }));
    await q.db.jobs.fail("w", ends);
    await q.maintain();
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 100 });
    expect(leases).toHaveLength(Math.floor(limits.pageBytes / (65_000 + 1_080)));
    await q.db.jobs.release(
      "w",
      leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
    );
    expect((await q.db.jobs.claim({ workerId: "w", maxJobs: 100 })).leases).toHaveLength(leases.length);
  });

  test("let a single job of any size pass, and thousands of small ones", async () => {
    await q.worker("w", { capacity: 10_000 });
    await q.db.jobs.create({ jobType: "t", payload: { text: "x".repeat(1_040_000) }, priority: 1 });
    for (let n = 0; n < 5; n++) await create(Array.from({ length: 1_000 }, () => ({})));
    expect((await q.db.jobs.claim({ workerId: "w" })).leases).toHaveLength(1);
    const claims = Array.from({ length: 5 }, () => q.db.jobs.claim({ workerId: "w", maxJobs: 1_000 }));
    const taken = (await Promise.all(claims)).map(({ leases }) => leases.length);
    expect(Math.min(...taken)).toBeGreaterThan(0);
    const rest = await q.db.jobs.claim({ workerId: "w", maxJobs: 1_000 });
    expect(taken.reduce((sum, n) => sum + n, rest.leases.length)).toBeGreaterThanOrEqual(3_000);
    expect(await attempts()).toEqual([]);
  });
});

describe("a request id", () => {
  test("brings the same leases again, as far as they are held", async () => {
    await q.worker("w");
    await create([{}, { timeoutSeconds: 0 }, {}]);
    const claim = { workerId: "w", maxJobs: 2, requestId: "r", leaseMs: 20_000 };
    const first = await q.db.jobs.claim(claim);
    const again = await q.other.jobs.claim(claim);
    const steady = ({ expiresInMs: _, deadlineInMs: __, ...lease }: Lease) => lease;
    expect(again.leases.map(steady)).toEqual(first.leases.map(steady));
    for (const { expiresInMs } of again.leases) expect(expiresInMs).toBeGreaterThan(15_000);
    expect(again.leases.map(({ deadlineInMs }) => deadlineInMs)).toEqual([expect.any(Number), null]);
    expect(again.leases[0]?.deadlineInMs).toBeGreaterThan(290_000);

    await q.db.jobs.complete("w", [{ jobId: first.leases[0]?.id ?? "", epoch: 1 }]);
    expect(names((await q.db.jobs.claim(claim)).leases)).toEqual(["1"]);
    expect(names((await q.db.jobs.claim({ ...claim, requestId: "s" })).leases)).toEqual(["2"]);
  });

  test("of a claim that brought nothing may claim again", async () => {
    await q.worker("w");
    const claim = { workerId: "w", requestId: "r" };
    expect((await q.db.jobs.claim(claim)).leases).toEqual([]);
    await create([{}]);
    expect((await q.db.jobs.claim(claim)).leases).toHaveLength(1);
  });

  test("is the worker's own", async () => {
    await q.worker("w");
    await q.worker("v");
    await create([{}, {}]);
    await q.db.jobs.claim({ workerId: "w", requestId: "r" });
    expect(names((await q.db.jobs.claim({ workerId: "v", requestId: "r" })).leases)).toEqual(["1"]);
  });

  test("that comes just before the first is answered takes no jobs of its own", async () => {
    await q.worker("w");
    await create([{}, {}]);
    const claim = { workerId: "w", requestId: "r" };
    const first = Promise.withResolvers<unknown>();
    const { maybeOne } = q.db.executor;
    let asked = 0;
    const spy = vi.spyOn(q.db.executor, "maybeOne").mockImplementation(async (query) => {
      const answer = await maybeOne(query);
      // What was seen of the first is that it has not been answered yet.
      if (query.sql.includes("method = 'ClaimJobs'") && ++asked === 2) await first.promise;
      return answer;
    });
    onTestFinished(() => spy.mockRestore());
    const holder = await q.client.connect();
    await holder.query("begin; select from worker_slots for update");
    const [one, other] = [q.db.jobs.claim(claim), q.db.jobs.claim(claim)];
    await parked();
    await holder.query("commit");
    holder.release();
    first.resolve(await one);
    expect((await other).leases.map(({ id }) => id)).toEqual((await one).leases.map(({ id }) => id));
    const { rows } = await q.client.query("select id from jobs where epoch > 0");
    expect(rows).toHaveLength(1);
  });

  test("sent several times at once is one claim, and what a second one took goes back in its place", async () => {
    await q.worker("w");
    await create(Array.from({ length: 8 }, () => ({})));
    const claim = { workerId: "w", requestId: "r", maxJobs: 3 };
    const both = [q.db, q.other, q.db, q.other];
    const answers = await Promise.all(both.map((db) => db.jobs.claim(claim)));
    for (const { leases } of answers) expect(names(leases)).toEqual(names(answers[0]?.leases ?? []));
    expect((await q.db.jobs.claim(claim)).leases).toHaveLength(3);
    await eventually(async () => (await q.db.jobs.getStats()).running === 3);
    const rest = await q.db.jobs.claim({ workerId: "w", maxJobs: 8 });
    expect(names([...(answers[0]?.leases ?? []), ...rest.leases]).sort()).toEqual([..."01234567"]);
    expect(rest.leases.every(({ retryCount }) => retryCount === 0)).toBe(true);
  });

  test("finds what a claim was given that waits on a dead connection, here and on another server", async () => {
    await q.worker("w");
    const claim = { workerId: "w", requestId: "r", waitMs: 20_000 };
    const dead = q.db.jobs.claim(claim);
    await parked();
    const again = [q.db, q.other].map((db) => db.jobs.claim(claim));
    await parked();
    await create([{}]);
    const given = names((await dead).leases);
    expect(given).toEqual(["0"]);
    const repeats = await within(2 * limits.claimPollMs, Promise.all(again), look);
    for (const { leases } of repeats) expect(names(leases)).toEqual(given);
  });

  test("of a claim whose caller has gone does not end the wait of the others", async () => {
    await q.worker("w");
    const claim = { workerId: "w", requestId: "r", waitMs: 20_000 };
    const controller = new AbortController();
    const gone = withSignal({ signal: controller.signal }, () => q.db.jobs.claim(claim));
    await parked();
    const here = q.db.jobs.claim(claim);
    await parked();
    controller.abort();
    await expect(gone).rejects.toMatchObject({ code: Code.Canceled });
    await create([{}]);
    expect(names((await here).leases)).toEqual(["0"]);
  });

  test("of a claim with less time does not shorten the wait of the one that repeats it", async () => {
    await q.worker("w");
    const claim = { workerId: "w", requestId: "r" };
    const short = q.db.jobs.claim({ ...claim, waitMs: 200 });
    const long = q.db.jobs.claim({ ...claim, waitMs: 20_000 });
    expect((await short).leases).toEqual([]);
    await create([{}]);
    expect(names((await long).leases)).toEqual(["0"]);
  });
});

test("a claim that cannot be meant is refused", async () => {
  await q.worker("w");
  const wrong: [object, string][] = [
    [{ maxJobs: 0 }, "max_jobs"],
    [{ maxJobs: 1_001 }, "max_jobs"],
    [{ leaseMs: 999 }, "lease_ms"],
    [{ leaseMs: 3_600_001 }, "lease_ms"],
    [{ waitMs: 30_001 }, "wait_ms"],
    [{ requestId: "" }, "request_id"],
    [{ jobTypes: [""] }, "job_types[0]"],
  ];
  for (const [claim, field] of wrong) {
    await expect(q.db.jobs.claim({ workerId: "w", ...claim })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field }],
    });
  }
});
