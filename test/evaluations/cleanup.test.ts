import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { withOrigin } from "../../src/call-scope.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { fill } from "./support.ts";

const { db, client } = await testDatabase();
// Each test cleans all benchmarks.
beforeEach(() => client.query("delete from benchmarks"));

/** A benchmark from before all evaluations of these tests, as their times are set back. */
async function newBenchmark(): Promise<string> {
  const { id } = await db.benchmarks.create(sample);
  await client.query("update benchmarks set created_at = '1800-01-01' where id = $1", [id]);
  return id;
}

const daysAgo = (days: number, ms = 0) => new Date(Date.now() - days * 86_400_000 + ms).toISOString();

/** An evaluation that was stored at this time, as far as the database knows. */
async function at(benchmarkId: string, storedAt: string, more: object = {}): Promise<string> {
  const evaluation = { benchmarkId, input: "i", output: "o", score: 1, ...more };
  const { id } = await db.evaluations.create(evaluation);
  const isDated = "createdAt" in more;
  await client.query(
    "update evaluations set stored_at = $2, created_at = case when $3 then created_at else $2 end where id = $1",
    [id, storedAt, isDated],
  );
  return id;
}

const idsOf = async (benchmarkId: string) =>
  (await db.evaluations.list({ benchmarkId, orderBy: "oldest" })).items.map(({ id }) => id);

async function entries(): Promise<Record<string, unknown>[]> {
  const { rows } = await client.query(
    `select action, entity_type, entity_id, actor, changes from audit_logs
    where action = 'cleanup' and entity_id in (select id::text from benchmarks) order by created_at, id`,
  );
  return rows;
}

test("evaluations go that are older than so many days, of every benchmark, and counts and summaries follow", async () => {
  const [a, b, none] = [await newBenchmark(), await newBenchmark(), await newBenchmark()];
  const old = [await at(a, daysAgo(31)), await at(a, daysAgo(30, -60_000), { output: null, error: "e" })];
  const kept = await at(a, daysAgo(30, 60_000));
  await at(b, daysAgo(400));
  expect(await withOrigin({ actor: "ada" }, () => db.evaluations.cleanup(30))).toEqual({
    deleted: 3,
    more: false,
  });
  expect(await idsOf(a)).toEqual([kept]);
  expect(await idsOf(b)).toEqual([]);
  for (const maintained of [false, true]) {
    if (maintained) await db.maintain();
    expect(await db.benchmarks.get(a)).toMatchObject({ completedIterations: 1, failedIterations: 0 });
    expect(await db.benchmarks.get(b)).toMatchObject({ completedIterations: 0, failedIterations: 0 });
    // From the aggregates at any time: of a large benchmark that ages by the minute they are fast too.
    const isExact = false;
    expect(await db.evaluations.summarize(a)).toMatchObject({ isExact, evaluationCount: 1, failedCount: 0 });
    expect((await db.evaluations.summarize(a)).metrics).toMatchObject([{ name: "score", count: 1 }]);
    expect(await db.evaluations.summarize(b)).toMatchObject({ isExact, evaluationCount: 0, metrics: [] });
  }
  expect((await db.benchmarks.get(none)).completedIterations).toBe(0);
  const entry = (id: string, before: object) => ({
    action: "cleanup",
    entity_type: "benchmark",
    entity_id: id,
    actor: "ada",
    changes: { older_than_days: 30, before },
  });
  const ids = old.toSorted();
  expect(await entries()).toEqual([
    entry(a, { count: 2, first_id: ids[0], last_id: ids[1] }),
    entry(b, { count: 1, first_id: expect.any(String), last_id: expect.any(String) }),
  ]);
  expect(await db.evaluations.cleanup(30)).toEqual({ deleted: 0, more: false });
  expect(await entries()).toHaveLength(2);
});

test("the time that a sender gives makes nothing older or younger", async () => {
  const id = await newBenchmark();
  const times = ["1970-01-01T00:00:00Z", daysAgo(400), daysAgo(0), "9999-12-31T00:00:00Z"];
  const young: string[] = [];
  for (const createdAt of times) {
    await at(id, daysAgo(31), { createdAt });
    young.push(await at(id, daysAgo(29), { createdAt }));
  }
  expect(await db.evaluations.cleanup(30)).toEqual({ deleted: 4, more: false });
  expect(await idsOf(id)).toEqual(young);
  expect(await db.evaluations.cleanup(30)).toEqual({ deleted: 0, more: false });
  expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 4 });
});

test("a log of last year that was just imported stays", async () => {
  const { id } = await db.benchmarks.create(sample);
  const rows = Array.from({ length: 25 }, (_, index) => ({
    ...{ benchmarkId: id, sampleId: `s${index}`, input: "i", output: "o" },
    createdAt: daysAgo(400, index * 1_000),
  }));
  await db.evaluations.createMany(rows);
  expect(await db.evaluations.cleanup(365)).toEqual({ deleted: 0, more: false });
  expect(await db.benchmarks.get(id)).toMatchObject({ completedIterations: 25 });
  expect((await db.evaluations.list({ benchmarkId: id })).items).toHaveLength(25);
});

test("only those of one benchmark, where it is given", async () => {
  const [a, b] = [await newBenchmark(), await newBenchmark()];
  await at(a, daysAgo(5));
  const kept = await at(b, daysAgo(5));
  expect(await db.evaluations.cleanup(1, a)).toEqual({ deleted: 1, more: false });
  expect(await idsOf(b)).toEqual([kept]);
  await expect(db.evaluations.cleanup(1, newId())).rejects.toMatchObject({ code: Code.NotFound });
});

test("0 days: all that were stored before now; none of the future", async () => {
  const id = await newBenchmark();
  await at(id, daysAgo(0, -1_000));
  await at(id, daysAgo(0, -1_000), { createdAt: daysAgo(-1) });
  const future = await at(id, daysAgo(-1));
  expect(await db.evaluations.cleanup(0)).toEqual({ deleted: 2, more: false });
  expect(await idsOf(id)).toEqual([future]);
});

test("36,500 days are before every evaluation but those of another century", async () => {
  const id = await newBenchmark();
  await at(id, "1900-01-01T00:00:00Z");
  const kept = await at(id, daysAgo(36_499));
  expect((await db.evaluations.cleanup(36_500)).deleted).toBe(1);
  expect(await idsOf(id)).toEqual([kept]);
});

test.each([
  [-1, undefined, "older_than_days"],
  [1.5, undefined, "older_than_days"],
  [36_501, undefined, "older_than_days"],
  [1, "7", "benchmark_id"],
])("%s days of benchmark %s are refused", async (days, benchmarkId, field) => {
  await expect(db.evaluations.cleanup(days, benchmarkId)).rejects.toMatchObject({ violations: [{ field }] });
});

test("what is being deleted is left to that", async () => {
  const id = await newBenchmark();
  await at(id, daysAgo(5));
  await client.query("insert into benchmark_deletions (benchmark_id) values ($1)", [id]);
  expect(await db.evaluations.cleanup(1)).toEqual({ deleted: 0, more: false });
});

describe("many of them", () => {
  const mutable = limits as { -readonly [Name in keyof typeof limits]: number };
  const { deleteFirstRows, deleteBatchRows, deleteBatchMs, cleanupCallRows } = limits;
  const small = { deleteFirstRows: 40, deleteBatchRows: 40, deleteBatchMs: 60_000, cleanupCallRows: 200 };
  beforeAll(() => Object.assign(mutable, small));
  afterAll(() =>
    Object.assign(mutable, { deleteFirstRows, deleteBatchRows, deleteBatchMs, cleanupCallRows }),
  );

  test("leave in batches, each with its entry, and a call ends after so many", async () => {
    const ids = [await newBenchmark(), await newBenchmark()];
    for (const id of ids) await fill(client, id, 130, { newest: daysAgo(10) });
    expect(await db.evaluations.cleanup(1)).toEqual({ deleted: 210, more: true });
    expect(await db.evaluations.cleanup(1)).toEqual({ deleted: 50, more: false });
    const counts = (await entries()).map(
      ({ changes }) => (changes as { before: { count: number } }).before.count,
    );
    expect(counts).toEqual([40, 40, 40, 10, 40, 40, 40, 10]);
    for (const id of ids) expect((await db.benchmarks.get(id)).completedIterations).toBe(0);
  });

  test("leave in batches of each kind, whether their time was sent or not", async () => {
    const id = await newBenchmark();
    await fill(client, id, 90, { newest: daysAgo(10) });
    await client.query(
      "update evaluations set created_at = created_at - interval '1 year' where score > 0.5 and benchmark_id = $1",
      [id],
    );
    expect(await db.evaluations.cleanup(9)).toEqual({ deleted: 90, more: false });
    expect((await db.benchmarks.get(id)).completedIterations).toBe(0);
  });

  test("that another removes at the same time are counted once", async () => {
    const id = await newBenchmark();
    await fill(client, id, 150, { newest: daysAgo(10) });
    const answers = await Promise.all(Array.from({ length: 4 }, () => db.evaluations.cleanup(1)));
    expect(answers.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(150);
    expect((await db.benchmarks.get(id)).completedIterations).toBe(0);
  });

  test("leave while others are stored and the benchmark is deleted", async () => {
    const id = await newBenchmark();
    await fill(client, id, 150, { newest: daysAgo(10) });
    const storing = Promise.all(
      Array.from({ length: 20 }, () => db.evaluations.create({ benchmarkId: id, input: "i", output: "o" })),
    );
    await Promise.all([db.evaluations.cleanup(1), storing]);
    expect((await db.benchmarks.get(id)).completedIterations).toBe(20);
    await fill(client, id, 150, { newest: daysAgo(20) });
    await Promise.all([db.evaluations.cleanup(1), db.benchmarks.delete(id)]);
    await expect(db.benchmarks.get(id)).rejects.toMatchObject({ code: Code.NotFound });
  });
});
