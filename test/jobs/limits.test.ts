import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { withOrigin } from "../../src/call-scope.ts";
import type { NewJob } from "../../src/jobs/input.ts";
import { limits } from "../../src/limits.ts";
import { unknownId } from "../harness/examples.ts";
import { within } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w", { capacity: 10_000 });
});

function create(count: number, job: Partial<NewJob>) {
  return q.db.jobs.createMany(Array.from({ length: count }, () => ({ jobType: "t", ...job })));
}

async function claim(maxJobs = 100, db = q.db) {
  return (await db.jobs.claim({ workerId: "w", maxJobs })).leases;
}

/** Eight callers at once, through two servers. */
async function claimAtOnce(maxJobs: number, rounds = 1) {
  const caller = async (index: number) => {
    let leases = 0;
    for (let round = 0; round < rounds; round++)
      leases += (await claim(maxJobs, index % 2 ? q.db : q.other)).length;
    return leases;
  };
  const counts = await Promise.all(Array.from({ length: 8 }, (_, index) => caller(index)));
  return counts.reduce((sum, count) => sum + count, 0);
}

describe("max_running", () => {
  test("holds for claims at the same time", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 5 });
    await create(100, { limitKey: "k" });
    expect(await claimAtOnce(3, 3)).toBe(5);
    expect(await q.db.jobs.listLimits()).toMatchObject({
      items: [{ limitKey: "k", maxRunning: 5, running: 5 }],
    });
  });

  test("holds over several lanes, and leaves the best of all of them", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 3 });
    await create(2, { limitKey: "k", jobType: "a", priority: 1 });
    await create(2, { limitKey: "k", jobType: "b", priority: 2 });
    await create(2, { limitKey: "k", jobType: "c", priority: 0 });
    await create(2, { limitKey: "free", priority: -1 });
    await create(1, { priority: -2 });
    const leases = await claim();
    expect(leases.map(({ priority }) => priority)).toEqual([2, 2, 1, -1, -1, -2]);
  });

  test("lets the next start when one has ended, exactly", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 4 });
    await create(60, { limitKey: "k" });
    let most = 0;
    let done = 0;
    const work = async (db: typeof q.db) => {
      while (done < 60) {
        const leases = await claim(2, db);
        const { rows } = await q.client.query("select count(*)::int as n from job_leases");
        most = Math.max(most, rows[0].n);
        if (leases.length === 0) continue;
        done += leases.length;
        await db.jobs.complete(
          "w",
          leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
        );
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => work(index % 2 ? q.db : q.other)));
    expect(most).toBeLessThanOrEqual(4);
    expect(done).toBe(60);
  });

  test("is changed while jobs run", async () => {
    await create(20, { limitKey: "k" });
    expect(await claim(6)).toHaveLength(6);
    expect(await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 4 })).toMatchObject({
      maxRunning: 4,
      running: 6,
    });
    expect(await claim()).toHaveLength(0);
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 8 });
    expect(await claim()).toHaveLength(2);
    await q.db.jobs.deleteLimit("k");
    expect(await claim()).toHaveLength(12);
  });
});

describe("per_minute", () => {
  test("holds for claims at the same time, and for starts that are over", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", perMinute: 7 });
    await create(100, { limitKey: "k" });
    expect(await claimAtOnce(3, 2)).toBe(7);
    const { rows } = await q.client.query("select job_id, epoch from job_leases");
    await q.db.jobs.complete(
      "w",
      rows.map(({ job_id, epoch }) => ({ jobId: job_id, epoch })),
    );
    expect(await claimAtOnce(3)).toBe(0);
    await q.client.query("update job_limit_starts set started_at = started_at - interval '61 s'");
    expect(await claimAtOnce(3)).toBe(7);
  });

  test("counts starts from before it was set, whatever has become of them", async () => {
    await create(20, { limitKey: "k" });
    await create(3, { limitKey: "other" });
    const ends = (await claim(8)).map(({ id, epoch }) => ({ jobId: id, epoch }));
    await q.db.jobs.complete("w", ends.slice(0, 2));
    await q.db.jobs.fail("w", [
      { ...(ends[2] ?? { jobId: "", epoch: 0 }), error: "429", retryAfterMs: 60_000 },
      { ...(ends[3] ?? { jobId: "", epoch: 0 }), error: "e", retryable: false },
    ]);
    await q.db.jobs.release("w", ends.slice(4, 6));
    await q.db.jobs.setLimit({ limitKey: "k", perMinute: 10 });
    expect((await claim()).filter(({ limitKey }) => limitKey === "k")).toHaveLength(2);
    // Neither by another limit nor by a new one does the count begin again.
    await q.db.jobs.setLimit({ limitKey: "k", perMinute: 11 });
    expect(await claim()).toHaveLength(1);
    await q.db.jobs.deleteLimit("k");
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 100 });
    expect(await claim(2)).toHaveLength(2);
    await q.db.jobs.setLimit({ limitKey: "k", perMinute: 14 });
    expect(await claim()).toHaveLength(1);
    await q.client.query("update job_limit_starts set started_at = started_at - interval '61 s'");
    expect((await claim()).length).toBeGreaterThan(0);
  });

  test("and max_running: the tighter one", async () => {
    await q.db.jobs.setLimit({ limitKey: "k", perMinute: 5, maxRunning: 3 });
    await create(20, { limitKey: "k" });
    const leases = await claim();
    expect(leases).toHaveLength(3);
    await q.db.jobs.complete(
      "w",
      leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
    );
    expect(await claim()).toHaveLength(2);
  });
});

test.each([{ maxRunning: 0 }, { perMinute: 0 }, { maxRunning: 0, perMinute: 0 }])(
  "%j: none starts",
  async (limit) => {
    await q.db.jobs.setLimit({ limitKey: "k", ...limit });
    await create(3, { limitKey: "k" });
    await create(1, {});
    expect((await claim()).map(({ limitKey }) => limitKey)).toEqual([null]);
    await q.db.jobs.setLimit({ limitKey: "k" });
    expect(await claim()).toHaveLength(3);
  },
);

test("a claim that waits is answered soon after a limit is raised or removed", async () => {
  await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 0 });
  await create(2, { limitKey: "k" });
  for (const change of [
    () => q.db.jobs.setLimit({ limitKey: "k", maxRunning: 1 }),
    () => q.db.jobs.deleteLimit("k"),
  ]) {
    const waiting = q.db.jobs.claim({ workerId: "w", waitMs: 5_000 });
    await change();
    const { leases } = await within(1_000, waiting, () => q.client.query("select"));
    expect(leases).toHaveLength(1);
  }
});

test("limits are listed by key, set as a whole, and removed once", async () => {
  for (const limitKey of ["c", "a", "b"]) await q.db.jobs.setLimit({ limitKey, maxRunning: 1, perMinute: 2 });
  await q.db.jobs.setLimit({ limitKey: "a", perMinute: 9 });
  const first = await q.db.jobs.listLimits({ limit: 2 });
  expect(first.items).toMatchObject([
    { limitKey: "a", maxRunning: null, perMinute: 9 },
    { limitKey: "b", maxRunning: 1, perMinute: 2 },
  ]);
  expect(await q.db.jobs.listLimits({ limit: 2, after: first.next })).toMatchObject({
    items: [{ limitKey: "c" }],
    next: undefined,
  });
  await q.db.jobs.deleteLimit("b");
  await expect(q.db.jobs.deleteLimit("b")).rejects.toMatchObject({ code: Code.NotFound });
  await expect(q.db.jobs.setLimit({ limitKey: "", maxRunning: 1 })).rejects.toMatchObject({
    violations: [{ field: "limit_key" }],
  });
  await expect(q.db.jobs.setLimit({ limitKey: "k", maxRunning: -1 })).rejects.toMatchObject({
    violations: [{ field: "max_running" }],
  });
});

describe("a pause", () => {
  beforeEach(async () => {
    await create(1, { jobType: "a" });
    await create(1, { jobType: "a", limitKey: "k" });
    await create(1, { jobType: "b", limitKey: "k" });
    await create(1, { jobType: "b" });
  });
  const kinds: [string, { jobType?: string; limitKey?: string }, string[]][] = [
    ["a type", { jobType: "a" }, ["b k", "b"]],
    ["a key", { limitKey: "k" }, ["a", "b"]],
    ["both", { jobType: "a", limitKey: "k" }, ["a", "b k", "b"]],
  ];
  const named = ({ jobType, limitKey }: { jobType: string; limitKey: string | null }) =>
    limitKey ? `${jobType} ${limitKey}` : jobType;

  test.each(kinds)(
    "of %s holds back exactly its jobs, on every server, until it ends",
    async (_, what, others) => {
      const lanes = await q.db.jobs.pause(what);
      expect(lanes.length).toBe(4 - others.length);
      expect(lanes.every(({ paused }) => paused)).toBe(true);
      await q.db.jobs.pause(what);
      expect((await claim(100, q.other)).map(named)).toEqual(others);
      const resumed = await q.db.jobs.resume(what);
      expect(resumed.every(({ paused }) => !paused)).toBe(true);
      expect(await claim()).toHaveLength(4 - others.length);
    },
  );

  test("covers what another leaves", async () => {
    await q.db.jobs.pause({ jobType: "a" });
    await q.db.jobs.pause({ limitKey: "k" });
    const lanes = await q.db.jobs.resume({ jobType: "a" });
    expect(lanes.map((lane) => [named(lane), lane.paused])).toEqual([
      ["a", false],
      ["a k", true],
    ]);
    expect((await claim()).map(named)).toEqual(["a", "b"]);
  });

  test("also of jobs created later; running ones go on", async () => {
    const running = await claim(1);
    await q.db.jobs.pause({ jobType: "a" });
    await create(3, { jobType: "a" });
    expect((await claim()).map(({ jobType }) => jobType)).toEqual(["b", "b"]);
    const ends = running.map(({ id, epoch }) => ({ jobId: id, epoch }));
    expect(await q.db.jobs.complete("w", ends)).toEqual([{ outcome: "ok" }]);
  });

  test("lasts as the last call says", async () => {
    const endOf = async () => (await q.db.jobs.listPauses()).items.map(({ endsAt }) => endsAt);
    await q.db.jobs.pause({ jobType: "a", durationMs: 3_600_000 });
    const [hour] = await endOf();
    const [{ now }] = await q.client.query("select clock_timestamp() as now").then(({ rows }) => rows);
    expect(Date.parse(hour ?? "") - now.getTime()).toBeGreaterThan(3_500_000);
    expect(Date.parse(hour ?? "") - now.getTime()).toBeLessThanOrEqual(3_600_000);
    await q.db.jobs.pause({ jobType: "a" });
    expect(await endOf()).toEqual([null]);
    await q.db.jobs.pause({ jobType: "a", durationMs: 1_000 });
    expect(await endOf()).toEqual([expect.any(String)]);
    await q.db.jobs.resume({ jobType: "a" });
    expect(await endOf()).toEqual([]);
    for (const durationMs of [0, 1.5, limits.delayMs + 1])
      await expect(q.db.jobs.pause({ jobType: "a", durationMs })).rejects.toMatchObject({
        code: Code.InvalidArgument,
        violations: [{ field: "duration_ms" }],
      });
  });

  test("of nothing is refused", async () => {
    await expect(q.db.jobs.pause({})).rejects.toMatchObject({ code: Code.InvalidArgument });
    await expect(q.db.jobs.resume({})).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});

describe("lanes", () => {
  const brief = async (...args: Parameters<typeof q.db.jobs.listLanes>) =>
    (await q.db.jobs.listLanes(...args)).items.map(({ id: _, oldestReadyAgeMs: __, ...lane }) => lane);
  const lane = {
    requiredTags: [],
    limitKey: null,
    ready: 0,
    running: 0,
    paused: false,
    atLimit: false,
    matchingWorkers: 1,
  };

  test("are none without jobs", async () => {
    expect(await q.db.jobs.listLanes()).toEqual({ items: [], next: undefined });
  });

  test("tell what is ready, what runs, and what holds the rest up", async () => {
    await q.db.jobs.setLimit({ limitKey: "ключ", maxRunning: 2 });
    await q.db.jobs.setLimit({ limitKey: "minute", perMinute: 1 });
    await q.worker("tagged", { tags: ["gpu", "big"], jobTypes: ["a"] });
    await q.worker("draining", { tags: ["gpu"], draining: true });
    await q.worker("silent", { tags: ["gpu"] });
    await q.client.query(
      "update workers set last_heartbeat = now() - interval '1 h' where worker_id = 'silent'",
    );
    await create(3, { jobType: "a", limitKey: "ключ" });
    await create(2, { jobType: "b", limitKey: "minute" });
    await claim();
    await create(2, { jobType: "a", requiredTags: ["gpu"] });
    await create(1, { jobType: "b", requiredTags: ["gpu"] });
    await create(1, { jobType: "b" });
    await create(1, { jobType: "b", runAt: "2999-01-01T00:00:00Z" });
    await q.db.jobs.pause({ jobType: "b" });
    const all = [
      { ...lane, jobType: "a", requiredTags: ["gpu"], ready: 2 },
      { ...lane, jobType: "a", limitKey: "ключ", ready: 1, running: 2, atLimit: true, matchingWorkers: 2 },
      { ...lane, jobType: "b", ready: 1, paused: true },
      { ...lane, jobType: "b", requiredTags: ["gpu"], ready: 1, paused: true, matchingWorkers: 0 },
      { ...lane, jobType: "b", limitKey: "minute", ready: 1, running: 1, paused: true, atLimit: true },
    ];
    expect(await brief()).toHaveLength(5);
    expect(await brief()).toEqual(expect.arrayContaining(all));
    expect(await brief({ jobType: "b", limitKey: "minute" })).toEqual(all.slice(4));
    expect(await brief({ limitKey: "none" })).toEqual([]);
    const paged = [];
    for (let after: JobLanePosition; ; ) {
      const { items, next } = await q.other.jobs.listLanes({}, { limit: 2, after });
      paged.push(...items.map(({ id }) => id));
      if (!next) break;
      after = next;
    }
    expect(paged).toEqual((await q.db.jobs.listLanes()).items.map(({ id }) => id));
  });

  test("tell how long the oldest has waited, whatever its priority", async () => {
    await create(3, { priority: 5 });
    const [oldest] = await create(1, { priority: 1 });
    await create(1, { priority: 1 });
    await q.client.query("update jobs set created_at = created_at - interval '1 h' where id = $1", [
      oldest?.id,
    ]);
    const [found] = (await q.db.jobs.listLanes()).items;
    expect(found?.oldestReadyAgeMs).toBeGreaterThanOrEqual(3_600_000);
    expect(found?.oldestReadyAgeMs).toBeLessThan(7_200_000);
  });

  test("of running jobs are there when they are gone from the queue", async () => {
    await create(1, { jobType: "long" });
    await claim();
    await q.client.query("delete from job_lanes");
    expect(await brief()).toEqual([{ ...lane, jobType: "long", running: 1 }]);
    expect((await q.db.jobs.listLanes()).items[0]?.oldestReadyAgeMs).toBeNull();
  });
});

test("pauses tell who made them, and when, once", async () => {
  const origin = { userId: unknownId, actor: "ada" };
  await withOrigin(origin, () => q.db.jobs.pause({ limitKey: "ключ" }));
  const [first] = (await q.db.jobs.listPauses()).items;
  expect(first).toEqual({
    jobType: "",
    limitKey: "ключ",
    createdBy: unknownId,
    createdAt: expect.any(String),
    endsAt: null,
  });
  await q.db.jobs.pause({ limitKey: "ключ" });
  await q.db.jobs.pause({ jobType: "t", limitKey: "ключ" });
  await q.db.jobs.pause({ jobType: "t" });
  const targets = [];
  for (let after: JobPausePosition; ; ) {
    const { items, next } = await q.db.jobs.listPauses({ limit: 1, after });
    targets.push(...items);
    if (!next) break;
    after = next;
  }
  expect(targets[0]).toEqual(first);
  expect(targets.map(({ jobType, limitKey }) => [jobType, limitKey])).toEqual([
    ["", "ключ"],
    ["t", ""],
    ["t", "ключ"],
  ]);
  await q.db.jobs.resume({ jobType: "t" });
  expect((await q.db.jobs.listPauses()).items).toHaveLength(2);
});

type JobLanePosition = Awaited<ReturnType<typeof q.db.jobs.listLanes>>["next"];
type JobPausePosition = Awaited<ReturnType<typeof q.db.jobs.listPauses>>["next"];
