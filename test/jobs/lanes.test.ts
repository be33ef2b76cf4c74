import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { tidyLanes } from "../../src/jobs/limits/lanes.ts";
import { limits } from "../../src/limits.ts";
import { eventually } from "../harness/waiting.ts";
import { queue } from "./support.ts";

// Shorter than the minute that each transaction is given, which is what a test can wait for.
vi.mock("../../src/limits.ts", async (original) => {
  const { limits, ...others } = await original<typeof import("../../src/limits.ts")>();
  return { ...others, limits: { ...limits, laneIdleMs: 1_000 } };
});

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.client.query("delete from job_lanes");
  await q.worker("w");
});

const lanes = async (where = "true") =>
  (await q.client.query(`select job_type from job_lanes where ${where} order by 1`)).rows.map(
    ({ job_type }) => job_type,
  );
const loseLanes = () => q.client.query("delete from job_lanes");
const claimed = async (workerId = "w") => (await q.db.jobs.claim({ workerId, maxJobs: 100 })).leases;

describe("a lane that the database has lost, as by a restore under a running server,", () => {
  test("is made again by the next job, with those that waited in it", async () => {
    const first = await q.db.jobs.create({ jobType: "alpha", limitKey: "k", requiredTags: [] });
    await loseLanes();
    await q.other.jobs.create({ jobType: "beta" });
    const second = await q.db.jobs.create({ jobType: "alpha", limitKey: "k" });
    const ids = (await claimed()).filter(({ jobType }) => jobType === "alpha").map(({ id }) => id);
    expect(ids).toEqual([first.id, second.id]);
    const { rows } = await q.client.query(
      "select job_type, limit_key, count(*)::int from jobs group by 1, 2",
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { job_type: "alpha", limit_key: "k", count: 2 },
        { job_type: "beta", limit_key: null, count: 1 },
      ]),
    );
  });

  test("is made again by a batch, and within a transaction", async () => {
    await q.db.jobs.create({ jobType: "a" });
    await loseLanes();
    await q.db.jobs.createMany(["a", "b", "a"].map((jobType) => ({ jobType })));
    await loseLanes();
    await q.db.transaction(({ jobs }) => jobs.create({ jobType: "a" }));
    await q.db.jobs.create({ jobType: "b" });
    expect(await lanes()).toEqual(["a", "b"]);
    await q.db.queue.lanes.refresh();
    expect(await claimed()).toHaveLength(6);
  });

  const tags = ["gpu", "it's"];
  const ref = ({ id, epoch }: { id: string; epoch: number }) => ({ jobId: id, epoch });
  const returns = {
    "a release": async () => {
      const [lease] = await claimed("tagged");
      await loseLanes();
      await q.db.jobs.release("tagged", lease ? [ref(lease)] : []);
    },
    "a retry": async () => {
      const [lease] = await claimed("tagged");
      await q.db.jobs.fail("tagged", lease ? [{ ...ref(lease), error: "e", retryAfterMs: 0 }] : []);
      await loseLanes();
      await q.maintain();
    },
    "a retry by hand": async () => {
      const [lease] = await claimed("tagged");
      await q.db.jobs.cancel(lease?.id ?? "");
      await loseLanes();
      await q.db.jobs.retry(lease?.id ?? "");
    },
  };
  test.each(Object.entries(returns))("is made again by %s", async (_, run) => {
    await q.worker("tagged", { tags });
    const { id } = await q.db.jobs.create({ jobType: "t", requiredTags: tags, limitKey: "k" });
    const before = (await q.client.query("select * from job_lanes")).rows;
    await run();
    const after = (await q.client.query("select * from job_lanes")).rows;
    expect(after).toEqual(before.map((lane) => ({ ...lane, number: expect.any(String) })));
    await eventually(async () => {
      const { leases } = await q.other.jobs.claim({ workerId: "tagged", waitMs: 1_000 });
      return leases[0]?.id === id;
    });
  });
});

describe("lanes in which no job waits", () => {
  const age = () =>
    q.client.query("update job_lanes set retired_at = retired_at - $1 * interval '1 ms'", [
      limits.laneIdleMs + 60_000,
    ]);

  test("go with what their keys had, and begin anew", async () => {
    await q.db.jobs.create({ jobType: "fair", fairKey: "a", fairWeight: 0.01 });
    await q.db.jobs.claim({ workerId: "w" });
    await tidyLanes(q.db.executor);
    await age();
    await tidyLanes(q.db.executor);
    expect((await q.client.query("select from job_fair_turns")).rowCount).toBe(0);
    await q.db.jobs.create({ jobType: "fair" });
    expect((await q.client.query("select turn from job_ready")).rows).toEqual([{ turn: "0" }]);
    await q.db.jobs.create({ jobType: "fair", fairKey: "a" });
    expect((await q.client.query("select turn from job_ready order by turn")).rows[1]).toEqual({ turn: "1" });
  });

  test("are retired, and go once nobody has used them for long", async () => {
    for (const jobType of ["idle", "back", "waiting"]) await q.db.jobs.create({ jobType });
    await q.db.jobs.claim({ workerId: "w", jobTypes: ["idle", "back"], maxJobs: 2 });
    await tidyLanes(q.db.executor);
    expect(await lanes("retired_at is not null")).toEqual(["back", "idle"]);
    await tidyLanes(q.db.executor);
    expect(await lanes()).toEqual(["back", "idle", "waiting"]);
    await q.other.jobs.create({ jobType: "back" });
    expect(await lanes("retired_at is not null")).toEqual(["idle"]);
    await age();
    await tidyLanes(q.db.executor);
    expect(await lanes()).toEqual(["back", "waiting"]);
    // A server that still knows it makes it again.
    await q.db.jobs.create({ jobType: "idle" });
    expect((await claimed()).map(({ jobType }) => jobType).sort()).toEqual(["back", "idle", "waiting"]);
  });

  test("stay while a transaction is open from before they were retired", async () => {
    await q.db.jobs.create({ jobType: "t" });
    await claimed();
    await tidyLanes(q.db.executor);
    const old = await q.client.connect();
    onTestFinished(() => old.release(true));
    await old.query("begin");
    const { rows } = await old.query("select pg_backend_pid() as pid");
    // By little, so that no other transaction keeps it: each is given a minute.
    await q.client.query(
      `update job_lanes set retired_at = xact_start - interval '1 minute' + interval '1 ms'
      from pg_stat_activity where pid = $1`,
      [rows[0].pid],
    );
    await q.client.query("select pg_sleep(0.1)");
    await tidyLanes(q.other.executor);
    expect(await lanes()).toEqual(["t"]);
    await old.query("commit");
    await eventually(async () => {
      await tidyLanes(q.other.executor);
      return (await lanes()).length === 0;
    });
  });

  test("stay while a job is coming in", async () => {
    await q.db.jobs.create({ jobType: "t" });
    await claimed();
    await tidyLanes(q.db.executor);
    await age();
    const [created, tidied] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const creating = q.db.transaction(async ({ jobs }) => {
      await jobs.create({ jobType: "t" });
      created.resolve();
      await tidied.promise;
    });
    await created.promise;
    await tidyLanes(q.other.executor);
    expect(await lanes()).toEqual(["t"]);
    tidied.resolve();
    await creating;
    expect(await lanes("retired_at is null")).toEqual(["t"]);
    expect(await claimed()).toHaveLength(1);
  });
});

describe("beyond so many lanes", () => {
  const fill = () =>
    q.client.query(
      `insert into job_lanes (id, job_type, limit_key)
      select md5(n::text)::uuid, 'other', 'customer ' || n from generate_series(1, $1) n`,
      [limits.lanes - 2],
    );
  const refused = { code: Code.ResourceExhausted, reason: "TOO_MANY_LANES" };
  const batch = (names: string[]) =>
    q.db.jobs.createMany(names.map((limitKey) => ({ jobType: "t", limitKey })));

  test("a job that needs another is refused, and those in lanes that are there are not", async () => {
    await q.db.jobs.create({ jobType: "t" });
    await fill();
    await expect(batch(["a", "b"])).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining("jobs[0]"),
    });
    await batch(["a", "a"]);
    const [one, two] = await Promise.allSettled([
      q.db.jobs.create({ jobType: "t", limitKey: "b", uniqueKey: "u" }),
      q.db.jobs.create({ jobType: "t", limitKey: "a" }),
    ]);
    expect([one.status, two.status]).toEqual(["rejected", "fulfilled"]);
    expect(one).toMatchObject({ reason: refused });
    // A job that comes back is never refused.
    const [lease] = await claimed();
    await q.client.query("delete from job_lanes where job_type = 't' and limit_key is null");
    await q.client.query(
      "insert into job_lanes (id, job_type) values ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'x')",
    );
    await q.db.jobs.release("w", lease ? [{ jobId: lease.id, epoch: 1 }] : []);
    expect(await lanes("job_type = 't'")).toHaveLength(2);
  });

  test("retired ones make room once they go", async () => {
    await fill();
    await batch(["a", "b"]);
    await expect(batch(["c"])).rejects.toMatchObject(refused);
    await tidyLanes(q.db.executor);
    await expect(batch(["c"])).rejects.toMatchObject(refused);
    await q.client.query("update job_lanes set retired_at = retired_at - interval '1 day'");
    await tidyLanes(q.db.executor);
    await batch(["c"]);
    expect(await claimed()).toHaveLength(3);
  });
});
