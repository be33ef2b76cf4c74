import { beforeAll, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { countQuotas, recordStarts } from "../../src/jobs/claim/claim.ts";
import { writeMinute } from "../../src/jobs/history/write.ts";
import { failureFilter, type JobFilter, jobFilter } from "../../src/jobs/input.ts";
import { laneIdOf } from "../../src/jobs/limits/lanes.ts";
import { pageLanes } from "../../src/jobs/limits/list-lanes.ts";
import { readGroups } from "../../src/jobs/lists/failure-groups.ts";
import { scanJobs } from "../../src/jobs/lists/query.ts";
import { readyDueJobs } from "../../src/jobs/transitions/transitions.ts";
import { cutText } from "../../src/text.ts";
import { testDatabase } from "../harness/database.ts";
import { unknownId } from "../harness/examples.ts";

// How jobs are read where there are a million: half have ended, half wait in twenty lanes.

const rows = 1_000_000;
const lanes = Array.from({ length: 20 }, (_, index) => {
  const lane = { jobType: `t${index % 10}`, requiredTags: [], limitKey: `k${index + 1}` };
  return { ...lane, id: laneIdOf(lane) };
});
const { db, client } = await testDatabase();

beforeAll(async () => {
  await client.query(sessionSettings);
  await client.query(`
    set session_replication_role = replica;
    set maintenance_work_mem = '256MB';
    alter table jobs set (fillfactor = 100);
    alter table jobs set unlogged`);
  const indexes = await client.query<{ definition: string }>(
    "select pg_get_indexdef(indexrelid) as definition from pg_index where indrelid = 'jobs'::regclass and not indisprimary",
  );
  await client.query("drop index idx_jobs_created_at, idx_jobs_benchmark");
  await client.query(
    `insert into job_lanes (id, job_type, required_tags, limit_key)
    select id, job_type, '{}', 'k' || n from unnest($1::uuid[], $2::text[]) with ordinality l (id, job_type, n)`,
    [lanes.map(({ id }) => id), lanes.map(({ jobType }) => jobType)],
  );
  await client.query(
    `insert into jobs (id, lane_id, job_type, limit_key, payload, created_at, status, completed_at, error, benchmark_id)
    select
      ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, ($1::uuid[])[n / 2 % 20 + 1], ($2::text[])[n / 2 % 20 + 1],
      'k' || n / 2 % 20 + 1, '{}', at, status, case when status <> 'pending' then at + interval '1 h' end,
      case when status = 'failed' then 'error ' || n || ' of ' || n % 50 end,
      case when n % 1000 = 0 then $3::uuid end
    from (
      select n, '2026-01-01'::timestamptz + make_interval(secs => n) as at,
        case when n % 2 = 0 then 'pending' when n % 10 = 1 then 'failed' else 'completed' end as status
      from generate_series(1, ${rows}) n
    ) job`,
    [lanes.map(({ id }) => id), lanes.map(({ jobType }) => jobType), unknownId],
  );
  for (const { definition } of indexes.rows) await client.query(definition);
  await client.query(`
    insert into job_finished (job_id, finished_at, status, job_type, worker_id)
    select id, completed_at, status, job_type, 'w' from jobs where status <> 'pending';
    insert into job_ready (job_id, lane_id, sequence, priority, bytes)
    select id, lane_id, sequence, 0, 0 from jobs where status = 'pending';
    insert into job_attempts (job_id, epoch, worker_id, started_at, ended_at, outcome)
    select id, 1, 'w', created_at + interval '1 s', completed_at, 'completed' from jobs where status <> 'pending'`);
  await client.query("vacuum analyze jobs, job_finished, job_ready, job_lanes, job_attempts");
});

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: Node[];
}

/** The most rows that one step of a statement sees, none of them by reading a whole large table. */
async function mostRows({ sql, values }: { sql: string; values: readonly unknown[] }): Promise<number> {
  const answer = await client.query(`explain (analyze, format json) ${sql}`, [...values]);
  const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
  const nodes = nodesOf(answer.rows[0]["QUERY PLAN"][0].Plan);
  const whole = nodes.filter((node) => node["Node Type"] === "Seq Scan").map((node) => node["Relation Name"]);
  for (const table of ["jobs", "job_finished", "job_ready", "job_attempts"])
    expect(whole).not.toContain(table);
  return Math.max(
    ...nodes.map(
      (node) => (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"],
    ),
  );
}

const from = "2026-01-03T00:00:00Z";
const to = "2026-01-03T01:00:00Z";

test.each(
  (
    [
      {},
      { status: "failed", orderBy: "ended" },
      { status: "failed", orderBy: "ended", limitKey: "k8" },
      { status: "completed", createdAfter: "2026-01-12T00:00:00Z" },
      { status: "completed", createdAfter: from, createdBefore: to },
      { status: "completed", endedAfter: from, endedBefore: to },
      { limitKey: "k8" },
      { limitKey: "nobody's" },
      { createdBy: unknownId },
      { createdAfter: from, createdBefore: to, jobType: "t3" },
      { status: "pending", createdBefore: to },
      { benchmarkId: unknownId, createdAfter: from },
      {
        ids: Array.from(
          { length: 1_000 },
          (_, n) => `00000000-0000-7000-8000-${String(n * 7).padStart(12, "0")}`,
        ),
      },
      { ids: [unknownId], status: "failed", workerId: "w", orderBy: "ended" },
    ] satisfies JobFilter[]
  ).map((filter: JobFilter) => [cutText(JSON.stringify(filter), 100), filter] as const),
)("a page of %s looks at 5,000 jobs at most, by an index", async (_told, filter) => {
  const { orderBy: _, ...query } = jobFilter.parse(filter);
  const { next } = await db.jobs.list(filter, { limit: 50 });
  for (const after of [undefined, next]) {
    if (after?.order === "priority") throw new Error("no list here is by priority");
    expect(await mostRows(scanJobs(query, 51, after))).toBeLessThanOrEqual(5_000);
  }
});

test("lanes are read by their heads, and their jobs counted up to 10,000", async () => {
  const { items } = await db.jobs.listLanes({}, { limit: 1_000 });
  expect(items).toHaveLength(20);
  for (const { ready } of items) expect(ready).toBe(10_000);
  for (const filter of [{}, { jobType: "t2" }, { limitKey: "k1" }, { jobType: "none" }])
    for (const limit of [1, 50])
      expect(await mostRows(pageLanes(filter, limit, undefined))).toBeLessThanOrEqual(200_000);
});

test.each([{}, { jobType: "t3" }, { benchmarkId: unknownId }, { endedAfter: from, endedBefore: to }])(
  "of the failures of %j no more than 5,000 are grouped, by an index",
  async (filter) => {
    expect(await mostRows(readGroups(failureFilter.parse(filter)))).toBeLessThanOrEqual(5_000);
    const { groups, more, failuresRead } = await db.jobs.listFailureGroups(filter);
    expect(groups.length).toBeLessThanOrEqual(1);
    expect(more).toBe(!("endedAfter" in filter));
    expect(groups[0]?.count ?? 0).toBe(failuresRead);
  },
);

test("a minute of history is read by what was created and ended in it, and since", async () => {
  // The last job ends at 14:46:40.
  expect(await mostRows(writeMinute("2026-01-12T14:40:00Z"))).toBeLessThanOrEqual(5_000);
  await client.query("truncate job_history");
});

test("jobs that are due are found without a look at those that are not", async () => {
  await client.query(`
    insert into job_scheduled (run_at, job_id) select now() + interval '1 day', id from jobs limit 100000;
    analyze job_scheduled`);
  expect(await mostRows(readyDueJobs(100))).toBeLessThanOrEqual(100);
});

test("what a key has started is counted without a look at what it started before the last minute", async () => {
  await client.query(`
    insert into job_limits (limit_key, per_minute) values ('k1', 10000);
    insert into job_limit_starts (limit_key, started_at, started)
    select 'k1', clock_timestamp() - interval '90 s', 1 from generate_series(1, 50000);
    analyze job_limits, job_limit_starts`);
  for (const statement of [countQuotas(["k1"]), recordStarts([{ limitKey: "k1", started: 1, tokens: 0 }])])
    expect(await mostRows(statement)).toBeLessThanOrEqual(100);
});
