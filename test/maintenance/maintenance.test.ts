import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { startMaintenance } from "../../src/maintenance.ts";
import { run, running } from "../database/support.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { silentLog } from "../harness/log.ts";
import { seededRandom } from "../harness/random.ts";

const { db, client } = await testDatabase();

const deltas = async () =>
  Number((await client.query("select count(*) from benchmark_count_deltas")).rows[0].count);
const counts = async (id: string) => {
  const { completedIterations, failedIterations } = await db.benchmarks.get(id);
  return [completedIterations, failedIterations];
};

function evaluations(benchmarkId: string, completed: number, failed: number) {
  const input = "i";
  return [
    ...Array.from({ length: completed }, () => ({ benchmarkId, input, output: "o" })),
    ...Array.from({ length: failed }, () => ({ benchmarkId, input, error: "e" })),
  ];
}

test("folding changes no count, and leaves nothing to fold", async () => {
  const { id } = await db.benchmarks.create(sample);
  for (let i = 1; i <= 5; i++) await db.evaluations.createMany(evaluations(id, i, 1));
  const before = await db.benchmarks.get(id);
  expect(before).toMatchObject({ completedIterations: 15, failedIterations: 5 });
  await db.maintain();
  expect(await deltas()).toBe(0);
  expect(await db.benchmarks.get(id)).toEqual(before);
});

test("no count is lost while eight writers insert, one deletes and re-scores, and two maintainers fold", async () => {
  const random = seededRandom();
  for (let round = 0; round < 6; round++) {
    const { id } = await db.benchmarks.create(sample);
    let completed = 0;
    let failed = 0;
    let writing = true;
    const writer = async () => {
      const { below } = random.fork();
      for (let batch = 0; batch < 12; batch++) {
        const [some, others] = [1 + below(5), below(3)];
        await db.evaluations.createMany(evaluations(id, some, others));
        completed += some;
        failed += others;
      }
    };
    const editor = async () => {
      for (let i = 0; i < 8; i++) {
        const evaluation = await db.evaluations.create({ benchmarkId: id, input: "i", output: "o" });
        await db.evaluations.update(evaluation.id, { error: "wrong after all" });
        if (i % 2 === 0) await db.evaluations.delete(evaluation.id, id);
        else failed++;
      }
    };
    const maintainer = async () => {
      while (writing) await db.maintain();
    };
    const maintainers = [maintainer(), maintainer()];
    await Promise.all([...Array.from({ length: 8 }, writer), editor()]);
    writing = false;
    await Promise.all(maintainers);
    expect(await counts(id)).toEqual([completed, failed]);
    await db.maintain();
    expect(await counts(id)).toEqual([completed, failed]);
    expect(await deltas()).toBe(0);
  }
});

test("a count that is set in between counts from there, whatever is folded meanwhile", async () => {
  const { below } = seededRandom();
  for (let round = 0; round < 30; round++) {
    const { id } = await db.benchmarks.create(sample);
    let writing = true;
    const maintainer = async () => {
      while (writing) await db.maintain();
    };
    const maintainers = [maintainer(), maintainer()];
    const write = (batches: number) =>
      Promise.all(Array.from({ length: batches }, () => db.evaluations.createMany(evaluations(id, 1, 1))));
    await write(below(9));
    // Nobody inserts while it is set, so the exact count is known: what was before is replaced, what comes
    // after is added.
    await db.benchmarks.update(id, { completedIterations: 1_000 });
    const { failedIterations } = await db.benchmarks.get(id);
    const later = below(9);
    await write(later);
    writing = false;
    await Promise.all(maintainers);
    expect(await counts(id)).toEqual([1_000 + later, failedIterations + later]);
  }
});

test("setting a count while eight writers insert counts each batch either before or after it, never in part", async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await db.benchmarks.create(sample);
    const batches = Array.from({ length: 8 }, () => db.evaluations.createMany(evaluations(id, 100, 10)));
    const setting = db.benchmarks.update(id, { completedIterations: 0 });
    const folding = [db.maintain(), db.maintain()];
    await Promise.all([...batches, setting, ...folding]);
    await db.maintain();
    const [completed = -1, failed] = await counts(id);
    expect(completed % 100).toBe(0);
    expect(completed).toBeLessThanOrEqual(800);
    expect(failed).toBe(80);
  }
});

test("a benchmark that another holds does not keep the others from being folded", async () => {
  const [held, free] = [await db.benchmarks.create(sample), await db.benchmarks.create(sample)];
  await db.evaluations.createMany([...evaluations(held.id, 2, 0), ...evaluations(free.id, 3, 0)]);
  await client.query("begin");
  await client.query("select from benchmarks where id = $1 for update", [held.id]);
  await db.maintain();
  const left = await client.query("select distinct benchmark_id from benchmark_count_deltas");
  expect(left.rows).toEqual([{ benchmark_id: held.id }]);
  await client.query("rollback");
  expect(await counts(held.id)).toEqual([2, 0]);
  expect(await counts(free.id)).toEqual([3, 0]);
});

test("counts at the edge of what they can hold neither fail to be read nor stop the folding of others", async () => {
  const { id } = await db.benchmarks.create(sample);
  const other = await db.benchmarks.create(sample);
  await db.benchmarks.update(id, { completedIterations: 2_147_483_647 });
  await db.evaluations.createMany([...evaluations(id, 2, 1), ...evaluations(other.id, 1, 0)]);
  expect(await counts(id)).toEqual([2_147_483_647, 1]);
  await db.maintain();
  expect(await deltas()).toBe(0);
  expect(await counts(id)).toEqual([2_147_483_647, 1]);
  expect((await db.benchmarks.list({}, { limit: 2 })).items.map(({ id }) => id)).toEqual([other.id, id]);
});

test("deleting more than was counted by hand reads as zero, and later evaluations count", async () => {
  const { id } = await db.benchmarks.create(sample);
  const results = await db.evaluations.createMany(evaluations(id, 3, 0));
  await db.benchmarks.update(id, { completedIterations: 1 });
  for (const result of results) if ("id" in result) await db.evaluations.delete(result.id, id);
  expect(await counts(id)).toEqual([0, 0]);
  await db.maintain();
  expect(await counts(id)).toEqual([0, 0]);
});

test("each task runs at once and at its own interval, and stopping waits for the rounds under way", async () => {
  const gate = Promise.withResolvers<void>();
  const [quick, slow] = [vi.fn(async () => undefined), vi.fn(() => gate.promise)];
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const maintenance = startMaintenance(
    [
      { name: "quick", everyMs: 100, run: quick },
      { name: "slow", everyMs: 1_000, run: slow },
    ],
    silentLog,
  );
  await sleep(0);
  for (let tenth = 0; tenth < 35; tenth++) {
    vi.advanceTimersByTime(100);
    await sleep(0);
  }
  vi.useRealTimers();
  expect(quick).toHaveBeenCalledTimes(36);
  // Those that it delayed do not follow it.
  expect(slow).toHaveBeenCalledOnce();
  let isStopped = false;
  const stopped = maintenance.stop().then(() => {
    isStopped = true;
  });
  await sleep(20);
  expect(isStopped).toBe(false);
  gate.resolve();
  await stopped;
});

test("a task that fails is reported once an outage and hinders no other", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  let isAway = true;
  const run = async () => {
    if (isAway) throw new Error("away");
  };
  const log = { ...silentLog, info: vi.fn(), warn: vi.fn() };
  const other = vi.fn(async () => undefined);
  const tasks = [
    { name: "it", everyMs: 100, run },
    { name: "other", everyMs: 100, run: other },
  ];
  const maintenance = startMaintenance(tasks, log);
  await sleep(0);
  const pass = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      vi.advanceTimersByTime(100);
      await sleep(0);
    }
  };
  await pass(10);
  expect(log.warn).toHaveBeenCalledExactlyOnceWith({ err: new Error("away") }, "maintenance of it failed");
  isAway = false;
  await pass(10);
  expect(log.info).toHaveBeenCalledExactlyOnceWith({}, "maintenance of it works again");
  isAway = true;
  await pass(10);
  vi.useRealTimers();
  expect(log.warn).toHaveBeenCalledTimes(2);
  expect(other).toHaveBeenCalledTimes(31);
  await maintenance.stop();
});

test("a query that takes minutes is cancelled when the server stops, without a warning", async () => {
  const task = { name: "slow", everyMs: 60_000, run: () => run(db.executor, "select pg_sleep(600)") };
  const log = { ...silentLog, info: vi.fn(), warn: vi.fn() };
  const maintenance = startMaintenance([task], log);
  await expect.poll(() => running(client, "%pg_sleep(600)%")).toHaveLength(1);
  await maintenance.stop();
  expect(await running(client, "%pg_sleep(600)%")).toEqual([]);
  expect(log.warn).not.toHaveBeenCalled();
});
