import { beforeEach, describe, expect, test } from "vitest";
import type { NewJob } from "../../src/jobs/input.ts";
import { seededRandom } from "../harness/random.ts";
import { eventually } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();

beforeEach(async () => {
  await q.reset();
  await q.worker("w", { capacity: 10_000 });
});

const create = (tokens: readonly number[], job: Partial<NewJob> = {}) =>
  q.db.jobs.createMany(tokens.map((each) => ({ jobType: "t", limitKey: "k", tokens: each, ...job })));

const claim = async (maxJobs = 100, db = q.db) => (await db.jobs.claim({ workerId: "w", maxJobs })).leases;

const tokensOf = async (maxJobs?: number) => (await claim(maxJobs)).map(({ tokens }) => tokens);

/** As if what counts now had begun so long before. */
const age = (seconds: number) =>
  q.client.query("update job_limit_starts set started_at = started_at - $1 * interval '1 s'", [seconds]);

describe("tokens_per_minute", () => {
  test("lets jobs start in their order as long as their estimates fit", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 1_000 });
    await create([400, 500, 200, 50]);
    const lanes = async () => (await q.db.jobs.listLanes({ limitKey: "k" })).items;
    expect(await lanes()).toMatchObject([{ ready: 4, atLimit: false }]);
    // The third does not fit, and the fourth does not pass it.
    expect(await tokensOf()).toEqual([400, 500]);
    expect(await lanes()).toMatchObject([{ ready: 2, atLimit: true }]);
    expect(await q.db.jobs.getLimit("k")).toMatchObject({ tokens: 900, started: 2, running: 2 });
    expect(await tokensOf()).toEqual([]);
    await age(61);
    expect(await tokensOf()).toEqual([200, 50]);
  });

  test("goes by priority over several lanes, and leaves others alone", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 100 });
    await create([60], { jobType: "a" });
    await create([70], { jobType: "b", priority: 1 });
    await create([30], { jobType: "c", priority: 2 });
    await create([9_000], { limitKey: "other", priority: -1 });
    await create([8_000], { limitKey: null, priority: -2 });
    expect(await tokensOf()).toEqual([30, 70, 9_000, 8_000]);
  });

  test("counts no tokens where no estimate is given, and lets none start at 0 that has one", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 100 });
    await create([0, 0, 0]);
    expect(await tokensOf()).toEqual([0, 0, 0]);
    await create([0, 1, 0]);
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 0 });
    expect(await tokensOf()).toEqual([0]);
  });

  test("holds with per_minute and max_running: the tightest of them", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 100, perMinute: 3, maxRunning: 2 });
    await create(Array(10).fill(10));
    const first = await claim();
    expect(first).toHaveLength(2);
    const ends = first.map(({ id, epoch }) => ({ jobId: id, epoch }));
    await q.db.jobs.complete("w", ends);
    expect(await claim()).toHaveLength(1);
    expect(await q.db.jobs.getLimit("k")).toMatchObject({ started: 3, tokens: 30 });
  });

  test("counts what started before the limit was set", async () => {
    await create([300, 300, 300, 300]);
    expect(await tokensOf(2)).toEqual([300, 300]);
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 1_000 });
    expect(await tokensOf()).toEqual([300]);
  });

  test("is never exceeded by claims of two servers at the same time", async () => {
    const random = seededRandom();
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 20_000 });
    await create(Array.from({ length: 200 }, () => Math.floor(random() * 900) + 100));
    const claims = Array.from({ length: 16 }, (_, n) => claim(3, n % 2 ? q.db : q.other));
    const more = Array.from({ length: 16 }, (_, n) => claim(5, n % 2 ? q.db : q.other));
    const started = (await Promise.all([...claims, ...more])).flat();
    const sum = started.reduce((all, { tokens }) => all + tokens, 0);
    expect(sum).toBeLessThanOrEqual(20_000);
    // What did not fit is the next one in line.
    const [next] = (await q.db.jobs.list({ status: "pending", orderBy: "priority" }, { limit: 1 })).items;
    expect(sum + (next?.tokens ?? 0)).toBeGreaterThan(20_000);
  });

  test("lets a job that is estimated above a limit lowered since start where nothing else counts", async () => {
    await create([5_000, 10, 10]);
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 100 });
    expect(await tokensOf()).toEqual([5_000]);
    expect(await q.db.jobs.getLimit("k")).toMatchObject({ tokens: 5_000 });
    expect(await tokensOf()).toEqual([]);
    await age(61);
    expect(await tokensOf()).toEqual([10, 10]);
  });
});

describe("what an attempt used", () => {
  const end = (lease: { id: string; epoch: number }, tokensUsed?: number) =>
    q.db.jobs.complete("w", [{ jobId: lease.id, epoch: lease.epoch, tokensUsed }]);
  const counted = async () => (await q.db.jobs.getLimit("k")).tokens;

  beforeEach(async () => {
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 1_000 });
  });

  test("beyond its estimate counts from its end on, for a minute", async () => {
    await create([100, 400, 100]);
    const [lease] = await claim(1);
    if (!lease) throw new Error("no lease");
    await age(50);
    await end(lease, 700);
    expect(await counted()).toBe(700);
    expect(await tokensOf()).toEqual([]);
    await age(11);
    // The start is over, and what it used beyond its estimate is not.
    expect(await counted()).toBe(600);
    expect(await tokensOf()).toEqual([400]);
  });

  test("below its estimate counts in its place for the rest of its minute", async () => {
    await create([800, 600, 300]);
    const [lease] = await claim(1);
    if (!lease) throw new Error("no lease");
    expect(await tokensOf()).toEqual([]);
    await end(lease, 100);
    expect(await counted()).toBe(100);
    expect(await tokensOf()).toEqual([600, 300]);
    await age(61);
    expect(await counted()).toBe(0);
  });

  test("is settled once, however often the end is sent", async () => {
    await create([100]);
    const [lease] = await claim();
    if (!lease) throw new Error("no lease");
    for (let time = 0; time < 3; time++) expect(await end(lease, 150)).toMatchObject([{ outcome: "ok" }]);
    expect(await counted()).toBe(150);
    const { attempts } = await q.db.jobs.getWithAttempts(lease.id);
    expect(attempts).toMatchObject([{ outcome: "completed", tokensUsed: 150 }]);
  });

  test("of a failed attempt is settled too, and its retry counts by its estimate", async () => {
    await create([100]);
    const [lease] = await claim();
    if (!lease) throw new Error("no lease");
    await q.db.jobs.fail("w", [
      { jobId: lease.id, epoch: lease.epoch, error: "e", retryAfterMs: 0, tokensUsed: 30 },
    ]);
    expect(await counted()).toBe(30);
    await q.maintain();
    expect(await tokensOf()).toEqual([100]);
    expect(await counted()).toBe(130);
  });

  test("is not settled where nobody tells it: at an end without it, a release, an expiry", async () => {
    await create([100, 100, 100]);
    const [first, second] = await claim();
    if (!first || !second) throw new Error("no leases");
    await end(first);
    await q.db.jobs.release("w", [{ jobId: second.id, epoch: second.epoch }]);
    await q.expire();
    await q.maintain();
    expect(await counted()).toBe(300);
    const { attempts } = await q.db.jobs.getWithAttempts(first.id);
    expect(attempts[0]?.tokensUsed).toBe(null);
  });

  test.each([
    ["raised", 50],
    ["raised", 1_000],
    ["lowered", 50],
    ["lowered", 1_000],
  ] as const)("counts as told where the limit was %s meanwhile (%i tokens)", async (how, tokens) => {
    await create([1_000]);
    const change = (tokensPerMinute: number) => q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute });
    if (how === "raised") await change(100);
    const [lease] = await claim();
    if (!lease) throw new Error("no lease");
    await change(how === "raised" ? 1_000 : 100);
    await end(lease, tokens);
    expect(await counted()).toBe(tokens);
  });

  test("comes with completions that claim the next job", async () => {
    await create([900, 500]);
    const [lease] = await claim(1);
    if (!lease) throw new Error("no lease");
    const along = await q.db.jobs.claimAlong({ workerId: "w", maxJobs: 1 });
    const items = [{ jobId: lease.id, epoch: lease.epoch, tokensUsed: 200 }];
    const { results } = await q.db.jobs.completeAndClaim("w", items, along);
    expect(results).toMatchObject([{ outcome: "ok" }]);
    expect(await counted()).toBe(200);
    expect(await tokensOf()).toEqual([500]);
  });

  test("of jobs whose key has no such limit, or none by now, is kept and settles nothing", async () => {
    await q.db.jobs.deleteLimit("k");
    await create([100, 100]);
    const [first, second] = await claim();
    if (!first || !second) throw new Error("no leases");
    await end(first, 5_000);
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 9 });
    await end(second, 5_000);
    await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 1_000 });
    expect(await counted()).toBe(200);
  });
});

test("a claim that waits gets the next job as soon as the minute lets it start", async () => {
  await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 100 });
  await create([100, 100]);
  expect(await tokensOf()).toEqual([100]);
  await age(59.2);
  const { moreAt } = await q.db.jobs.getLimit("k");
  const { leases } = await q.db.jobs.claim({ workerId: "w", waitMs: 20_000 });
  expect(leases).toHaveLength(1);
  expect(Date.parse(leases[0]?.startedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(moreAt ?? ""));
});

test("a job that is estimated to use more than a minute allows is refused", async () => {
  await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 100 });
  const message = 'tokens: 101 are more than the 100 a minute of limit key "k"';
  await expect(q.db.jobs.create({ jobType: "t", limitKey: "k", tokens: 101 })).rejects.toMatchObject({
    reason: "INVALID_ARGUMENT",
    message,
  });
  await expect(create([100, 101])).rejects.toThrow(`jobs[1]: ${message}`);
  const { id } = await q.db.jobs.create({ jobType: "t", tokens: 101 });
  await expect(q.db.jobs.update(id, { limitKey: "k" })).rejects.toThrow(message);
  expect(await q.db.jobs.update(id, { limitKey: "k", tokens: 99 })).toMatchObject({ tokens: 99 });
  for (const tokens of [-1, 1.5, 1_000_000_001])
    await expect(q.db.jobs.create({ jobType: "t", tokens })).rejects.toThrow("tokens");
  await expect(q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: -1 })).rejects.toThrow(
    "tokens_per_minute",
  );
});

test("completions that settle, claims and changes of the limit do not stand in each other's way", async () => {
  await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 1_000_000 });
  await create(Array(120).fill(10));
  let done = 0;
  const work = async (db: typeof q.db) => {
    while (done < 120) {
      const leases = await claim(2, db);
      done += leases.length;
      await Promise.all(
        leases.map(({ id, epoch }, n) =>
          db.jobs.complete("w", [{ jobId: id, epoch, tokensUsed: 5 + n * 10 }]),
        ),
      );
    }
  };
  const change = async () => {
    for (let n = 0; done < 120; n++) {
      await q.db.jobs.setLimit({ limitKey: "k", tokensPerMinute: 1_000_000 + n });
      if (n % 5 === 4) await q.db.jobs.deleteLimit("k");
    }
  };
  await Promise.all([...[q.db, q.other, q.db, q.other].map(work), change()]);
  await eventually(async () => expect(await q.db.jobs.getStats()).toMatchObject({ completed: 120 }));
});
