import { beforeAll, expect, test } from "vitest";
import { sessionSettings } from "../../src/database/connection/driver.ts";
import { exampleJob, insertJobsByTurns } from "../../src/jobs/create.ts";
import { type LaneKey, laneIdOf } from "../../src/jobs/limits/lanes.ts";
import { cancelJobs } from "../../src/jobs/transitions/transitions.ts";
import { forgetTurns } from "../../src/jobs/upkeep/turns.ts";
import { testDatabase } from "../harness/database.ts";

// How turns are read where 100,000 jobs of 10,000 keys wait in one of a hundred lanes.

const { client } = await testDatabase();
const lane: LaneKey = { jobType: "t", requiredTags: [], limitKey: null };
const laneId = laneIdOf(lane);
const empty: LaneKey = { ...lane, limitKey: "k5" };

beforeAll(async () => {
  await client.query(sessionSettings);
  await client.query("set session_replication_role = replica");
  await client.query(
    `insert into job_lanes (id, job_type, limit_key, fair)
    select $1::uuid, 't', null, true
    union all select md5(n::text)::uuid, 't', 'k' || n, true from generate_series(6, 100) n
    union all select $2, 't', 'k5', true`,
    [laneId, laneIdOf(empty)],
  );
  await client.query(
    `with made as (
      insert into jobs (id, lane_id, job_type, payload, bytes, fair_key)
      select md5(n::text)::uuid, $1, 't', '{}', 1000, n % 10000 from generate_series(0, 99999) n
      returning *
    )
    insert into job_ready (job_id, sequence, lane_id, priority, bytes, turn)
    select id, sequence, lane_id, priority, bytes, 1 + sequence / 10000 * 1000000 from made`,
    [laneId],
  );
  await client.query(
    `insert into job_fair_turns (lane_id, priority, fair_key, next_turn, step)
    select $1::uuid, 0, n::text, 10000001, 1000000 from generate_series(0, 9999) n
    union all select $2, 0, n::text, n, 1000000 from generate_series(0, 9999) n`,
    [laneId, laneIdOf(empty)],
  );
  await client.query("vacuum analyze jobs, job_ready, job_lanes, job_fair_turns");
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

const jobsOf = (count: number, place = lane) =>
  Array.from({ length: count }, (_, n) => ({
    ...exampleJob,
    limitKey: place.limitKey,
    id: `00000000-0000-7000-8000-${String(n).padStart(12, "0")}`,
    laneId: laneIdOf(place),
    fairKey: `${n}`,
  }));

test("a job is created and cancelled without reading the others, nor their keys", async () => {
  expect(await mostRows(insertJobsByTurns(jobsOf(1)))).toBeLessThanOrEqual(10);
  const { rows } = await client.query("select id from jobs limit 1");
  expect(await mostRows(cancelJobs([rows[0].id], "r"))).toBeLessThanOrEqual(10);
});

test("one that comes to a line where nobody stands reads one row of each other lane", async () => {
  expect(await mostRows(insertJobsByTurns(jobsOf(1, empty)))).toBeLessThanOrEqual(200);
});

test("a thousand of as many keys are created by a few thousand rows", async () => {
  expect(await mostRows(insertJobsByTurns(jobsOf(1_000)))).toBeLessThanOrEqual(2_000);
  expect(await mostRows(insertJobsByTurns(jobsOf(1_000, empty)))).toBeLessThanOrEqual(2_000);
});

test("the keys that are forgotten are found by an index, as many as are asked for", async () => {
  expect(await mostRows(forgetTurns(100))).toBeLessThanOrEqual(100);
});
