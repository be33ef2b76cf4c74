import { expect, test } from "vitest";
import { allStatements } from "../../src/database/statement/sql.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db, client } = await testDatabase();
// Autovacuum would see a table in the midst of being filled, and store an estimate of that.
await client.query("alter table evaluations set (autovacuum_enabled = off)");

/** Most rows that any part of the plan brings forth. */
async function mostRows(): Promise<number> {
  const token = allStatements().get("database_stats")?.();
  if (!token) throw new Error("there is no such statement");
  const { rows } = await client.query(`explain (analyze, format json) ${token.sql}`, [...token.values]);
  const counts = JSON.stringify(rows).matchAll(/"Actual Rows":([\d.]+)/g);
  return Math.max(...Array.from(counts, ([, count]) => Number(count)));
}

/** So many evaluations of a benchmark, without the service's help. */
async function fill(benchmarkId: string, count: number): Promise<void> {
  await client.query(
    `insert into evaluations (id, benchmark_id, content_hash, provider, model, input, output)
    select md5('${benchmarkId}' || i)::uuid, $1, decode(md5(i::text), 'hex'), 'p', 'm', repeat('x', 40), 'o' from generate_series(1, $2) i`,
    [benchmarkId, count],
  );
}

test("counts are exact while tables are small, and that of jobs always", async () => {
  const { id } = await db.benchmarks.create(sample);
  await db.evaluations.createMany([
    { benchmarkId: id, input: "i", output: "o" },
    { benchmarkId: id, input: "i", error: "e" },
  ]);
  await db.jobs.createMany([{ jobType: "a" }, { jobType: "b", benchmarkId: id }, { jobType: "b" }]);
  const { id: cancelled } = await db.jobs.create({ jobType: "a" });
  await db.jobs.cancel(cancelled);
  const { id: deleted } = await db.jobs.create({ jobType: "a" });
  await db.jobs.delete(deleted);
  const stats = await db.stats();
  expect(stats).toMatchObject({ benchmarkCount: 1, evaluationCount: 2, jobCount: 4, workerCount: 0 });
  expect(stats.databaseSizeMb).toBe(stats.databaseSizeBytes / 1024 / 1024);
  const { rows } = await client.query("select count(*)::integer as jobs from jobs");
  expect(stats.jobCount).toBe(rows[0].jobs);
  await db.maintain();
  expect((await db.stats()).jobCount).toBe(4);
});

test("a large table is not counted: its size is estimated, with and without statistics", async () => {
  const { id } = await db.benchmarks.create(sample);
  const before = (await db.stats()).evaluationCount;
  const many = limits.countedRows * 4;
  await fill(id, many);
  await client.query("analyze evaluations");
  const analyzed = (await db.stats()).evaluationCount;
  expect(Math.abs(analyzed - many - before)).toBeLessThan(many / 10);

  // Twice as many since then: its pages tell.
  const { id: other } = await db.benchmarks.create(sample);
  await fill(other, many);
  const grown = (await db.stats()).evaluationCount;
  expect(Math.abs(grown - 2 * many - before)).toBeLessThan(many / 5);
  expect(await mostRows()).toBe(limits.countedRows + 1);
});

test("exactly at the bound nothing is estimated", async () => {
  const { id } = await db.benchmarks.create(sample);
  await client.query("truncate evaluations");
  await fill(id, limits.countedRows);
  expect((await db.stats()).evaluationCount).toBe(limits.countedRows);
});
