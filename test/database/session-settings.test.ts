import type { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { Database } from "../../src/storage.ts";
import { administer, createTestDatabase, onlooker } from "../harness/postgres.ts";
import { proxyTo } from "./proxy.ts";
import { run } from "./support.ts";

// Each is a value that a role, a database or a configuration file may have, and that changes what the service
// reads, writes or is refused.
const others = [
  ["array_nulls", "off"],
  ["bytea_output", "escape"],
  ["client_encoding", "LATIN1"],
  ["DateStyle", "German, DMY"],
  ["DateStyle", "SQL, MDY"],
  ["default_transaction_deferrable", "on"],
  ["default_transaction_isolation", "serializable"],
  ["default_transaction_read_only", "on"],
  ["enable_indexscan", "off"],
  ["enable_nestloop", "off"],
  ["exit_on_error", "on"],
  ["extra_float_digits", "-15"],
  ["extra_float_digits", "3"],
  ["gin_fuzzy_search_limit", "1"],
  ["idle_in_transaction_session_timeout", "1"],
  ["idle_session_timeout", "1"],
  ["IntervalStyle", "sql_standard"],
  ["join_collapse_limit", "1"],
  ["lock_timeout", "1"],
  ["plan_cache_mode", "force_generic_plan"],
  ["quote_all_identifiers", "on"],
  ["row_security", "off"],
  ["search_path", "pg_catalog"],
  ["search_path", "nowhere"],
  ["session_replication_role", "replica"],
  ["standard_conforming_strings", "off"],
  ["statement_timeout", "1"],
  ["TimeZone", "Asia/Kolkata"],
  ["TimeZone", "America/New_York"],
  ["transaction_timeout", "1"],
  ["transform_null_equals", "on"],
] as const;

/** What the service reads of what it has written, without the ids and times that it made. */
async function roundTrip(db: Database): Promise<unknown> {
  const about = {
    name: "größe \\ 'x'",
    provider: "p",
    model: "m",
    dataset: "d",
    metadata: { a: "\\n", b: [null] },
  };
  const benchmark = await db.benchmarks.create(about);
  const createdAt = "2026-01-02T03:04:05.678901Z";
  await db.evaluations.createMany(
    [0.6000000000000001, 0.1 + 0.2, 1e-300, 123456.789].map((score, n) => ({
      benchmarkId: benchmark.id,
      sampleId: `s${n}`,
      input: `needle ${n}`,
      output: "o \\ '",
      score,
      latencyMs: 40.1 + n,
      createdAt,
    })),
  );
  await db.workers.register({ workerId: "w", address: "", capacity: 2 });
  await db.jobs.create({ jobType: "t", payload: { text: "\\ ü", n: 0.30000000000000004 } });
  const { leases } = await db.jobs.claim({ workerId: "w", maxJobs: 2 });
  const [lease] = leases;
  await db.jobs.complete("w", [{ jobId: lease?.id ?? "", epoch: lease?.epoch ?? 0, result: { score: 0.1 } }]);
  await db.maintain();
  const evaluations = await db.evaluations.list({ benchmarkId: benchmark.id });
  const summary = await db.evaluations.summarize(benchmark.id);
  const job = await db.jobs.get(lease?.id ?? "");
  const logs = await db.audit.list({});
  expect(Math.abs(Date.parse(job.createdAt) - Date.now())).toBeLessThan(600_000);
  const made = /\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{64}\b|\b20\d\d-\d\d-\d\dT[\d:.]{15}Z/g;
  const text = JSON.stringify({ evaluations, summary, job, logs });
  return JSON.parse(text.replaceAll(made, (found) => (found === createdAt ? found : "made")));
}

async function serve(): Promise<{ db: Database; client: Client }> {
  const config = await createTestDatabase();
  return { db: await Database.connect(config), client: await onlooker(config) };
}

let expected: unknown;

// Some came with 13, 14 and 17.
const { rows: known } = await administer((client) => client.query("select lower(name) from pg_settings"));
const isKnown = ([name]: readonly [string, string]) =>
  known.some(({ lower }) => lower === name.toLowerCase());

test.each(others.filter(isKnown))("the service is the same where %s is %s", async (name, value) => {
  expected ??= await (async () => {
    const { db, client } = await serve();
    const plain = await roundTrip(db);
    await Promise.all([db.close(), client.end()]);
    return plain;
  })();
  const config = await createTestDatabase();
  await administer((client) => client.query(`alter database ${config.database} set ${name} = '${value}'`));
  const db = await Database.connect(config);
  try {
    expect(await roundTrip(db)).toEqual(expected);
    expect(await db.healthCheck()).toBe(true);
  } finally {
    await db.close();
  }
});

const shortest = [
  ["idle_session_timeout", "1"],
  ["statement_timeout", "1"],
  ["transaction_timeout", "1"],
] as const;

test("sessions that would end before their first statement are begun without what ends them", async () => {
  const config = await createTestDatabase();
  await administer(async (client) => {
    for (const [name, value] of shortest.filter(isKnown))
      await client.query(`alter database ${config.database} set ${name} = '${value}'`);
  });
  const proxy = await proxyTo(config, { network: "far" });
  onTestFinished(() => proxy.close());
  const db = await Database.connect(proxy.config, { listen: true });
  onTestFinished(() => db.close());
  // Hints between servers have a session of their own.
  const hearing =
    "select 1 as one from pg_stat_activity where datname = current_database() and query like 'listen %'";
  expect(await run(db.executor, hearing)).toEqual([{ one: 1 }]);
  expect(await db.jobs.create({ jobType: "t" })).toMatchObject({ status: "pending" });
});
