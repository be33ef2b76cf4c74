import { beforeAll, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { exampleJob, insertDependants } from "../../src/jobs/create.ts";
import { lockJobs } from "../../src/jobs/dependencies/lock.ts";
import { cancelDependants, countOff, forgetEnds } from "../../src/jobs/dependencies/settle.ts";
import { laneIdOf } from "../../src/jobs/limits/lanes.ts";
import { cancelJobs, deleteJobs } from "../../src/jobs/transitions/transitions.ts";
import { testDatabase } from "../harness/database.ts";

// What is read where 100,000 jobs wait, each for two of 1,000 others: 200 for each of these.

const { client } = await testDatabase();
const laneId = laneIdOf({ jobType: "t", requiredTags: [], limitKey: null });
const idOf = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const [first, second] = [idOf(0), idOf(500)];
const waiting = idOf(1_000);

beforeAll(async () => {
  await client.query(sessionSettings);
  await client.query("set session_replication_role = replica");
  await client.query("insert into job_lanes (id, job_type) values ($1, 't')", [laneId]);
  await client.query(
    `create function id_of(n bigint) returns uuid language sql immutable as $$
      select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid
    $$`,
  );
  await client.query(
    `with made as (
      insert into jobs (id, lane_id, job_type, payload, bytes, has_dependants, waits_for, depends_on)
      select id_of(n), $1, 't', '{}', 1000, n < 1000, case when n < 1000 then 0 else 2 end,
        case when n >= 1000 then array[id_of(n % 1000), id_of((n + 500) % 1000)] end
      from generate_series(0, 100999) n
      returning *
    ), edge as (
      insert into job_dependencies (dependency_id, job_id) select unnest(depends_on), id from made
    )
    insert into job_ready (job_id, sequence, lane_id, priority, bytes)
    select id, sequence, lane_id, priority, bytes from made where waits_for = 0`,
    [laneId],
  );
  await client.query("vacuum analyze jobs, job_ready, job_lanes, job_dependencies");
});

interface Node {
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: Node[];
}

/** The most rows that one step of a statement sees. */
async function mostRows({ sql, values }: { sql: string; values: readonly unknown[] }): Promise<number> {
  await client.query("begin");
  const answer = await client.query(`explain (analyze, format json) ${sql}`, [...values]);
  await client.query("rollback");
  const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
  const seen = nodesOf(answer.rows[0]["QUERY PLAN"][0].Plan).map(
    (node) => (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"],
  );
  return Math.max(...seen);
}

test("a job that depends on others is created by reading these", async () => {
  expect(await mostRows(lockJobs([first, second]))).toBeLessThanOrEqual(4);
  const id = idOf(999_999);
  const job = { ...exampleJob, id, laneId, dependsOn: [first, second] };
  const dependencies = job.dependsOn.map((dependencyId) => {
    return { jobId: id, dependencyId, isOpen: true, runsAfterFailure: false };
  });
  expect(await mostRows(insertDependants([job], dependencies))).toBeLessThanOrEqual(10);
});

test("an end is settled by reading who waits for it", async () => {
  expect(await mostRows(countOff([first], [], 1_000))).toBeLessThanOrEqual(400);
  expect(await mostRows(countOff([], [first], 1_000))).toBeLessThanOrEqual(400);
  expect(await mostRows(cancelDependants(first, "r", 1_000))).toBeLessThanOrEqual(500);
  expect(await mostRows(forgetEnds([first]))).toBeLessThanOrEqual(2);
});

test("a job that waits is cancelled and deleted without reading the others", async () => {
  expect(await mostRows(cancelJobs([waiting], "r"))).toBeLessThanOrEqual(10);
  expect(await mostRows(deleteJobs([waiting]))).toBeLessThanOrEqual(10);
});
