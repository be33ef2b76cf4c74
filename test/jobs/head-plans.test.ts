import { expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { laneIdOf } from "../../src/jobs/limits/lanes.ts";
import { pageLanes } from "../../src/jobs/limits/list-lanes.ts";
import { readStats } from "../../src/jobs/lists/query.ts";
import { testDatabase } from "../harness/database.ts";

// The planner takes a recursion, as which the heads of lanes are found, for many rows.

const { client } = await testDatabase();

interface Node {
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  Plans?: Node[];
}

/** So many rows of a table a plan has read. */
function readOf(table: string, node: Node): number {
  const own = node["Relation Name"] === table ? node["Actual Rows"] * node["Actual Loops"] : 0;
  return own + (node.Plans ?? []).reduce((sum, inner) => sum + readOf(table, inner), 0);
}

test("the heads of ten lanes are looked up one by one, and not by reading all jobs", async () => {
  await client.query(sessionSettings);
  const lanes = Array.from({ length: 10 }, (_, index) => `t${index}`);
  const ids = lanes.map((jobType) => laneIdOf({ jobType, requiredTags: [], limitKey: null }));
  await client.query("set session_replication_role = replica");
  await client.query("insert into job_lanes (id, job_type) select * from unnest($1::uuid[], $2::text[])", [
    ids,
    lanes,
  ]);
  await client.query(
    `insert into jobs (id, lane_id, job_type, payload, status, completed_at)
    select gen_random_uuid(), ($1::uuid[])[n % 10 + 1], ($2::text[])[n % 10 + 1], '{}',
      case when n < 10 then 'pending' else 'completed' end, case when n >= 10 then now() end
    from generate_series(0, 99999) n`,
    [ids, lanes],
  );
  // Many were ready and running when the tables were analyzed last.
  await client.query(`
    insert into job_ready (job_id, lane_id, sequence, priority, bytes)
    select id, lane_id, sequence, 0, 0 from jobs;
    insert into job_leases (job_id, claimed_at, expires_at, epoch, worker_id)
    select id, now(), now(), 1, 'w' from jobs where status <> 'pending' limit 20000;
    insert into job_stat_deltas (job_type, pending) select 't' || n, 1 from generate_series(0, 9) n`);
  await client.query("vacuum analyze jobs, job_lanes, job_leases, job_ready, job_stat_deltas");
  await client.query("delete from job_leases");
  await client.query("delete from job_ready using jobs where jobs.id = job_id and jobs.status <> 'pending'");
  for (const { sql, values } of [pageLanes({}, 1_001, undefined), readStats(undefined, undefined)]) {
    const answer = await client.query(`explain (analyze, format json) ${sql}`, [...values]);
    const { Plan: plan } = answer.rows[0]["QUERY PLAN"][0];
    expect(plan["Actual Rows"]).toBe(10);
    expect(readOf("jobs", plan)).toBe(10);
  }
});
