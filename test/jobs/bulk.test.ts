import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Executor } from "../../src/database/statement/executor.ts";
import { sql } from "../../src/database/statement/sql.ts";
import type { BulkFilter } from "../../src/jobs/input.ts";
import { changeMany } from "../../src/jobs/transitions/bulk.ts";
import { cancelJobs, retryJobs } from "../../src/jobs/transitions/transitions.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { queue } from "./support.ts";

const q = queue();
const ended = 200_000;
const benchmarkId = unknownId;
const job = { jobType: "t", payload: {} };

/** Jobs that completed, all of one benchmark, straight into the tables. */
async function fill(): Promise<void> {
  const { id } = await q.db.jobs.create({ jobType: "filled" });
  const { rows } = await q.client.query("select lane_id from jobs where id = $1", [id]);
  await q.db.jobs.delete(id);
  await q.db.benchmarks.create({ ...sample, id: benchmarkId });
  await q.client.query(
    `with made as (
      insert into jobs (id, benchmark_id, lane_id, bytes, job_type, payload, status, created_at, completed_at)
      select md5(random()::text || n)::uuid, $1, $2, 1, 'filled', '{}', 'completed', now() - n * interval '1 s',
        now() - n * interval '1 s'
      from generate_series(1, $3::integer) n
      returning id, completed_at
    ), finished as (
      insert into job_finished (job_id, finished_at, status, job_type) select id, completed_at, 'completed', 'filled' from made
    )
    insert into job_stat_deltas (job_type, benchmark_id, completed)
    values ('filled', null, $3::integer), ('filled', $1, $3::integer)`,
    [benchmarkId, rows[0].lane_id, ended],
  );
  await q.client.query("vacuum analyze jobs, job_finished");
}

/** Rows of jobs and job_finished that the change reads. */
async function rowsRead(change: (db: Executor) => Promise<unknown>): Promise<number> {
  return q.db.executor.transaction(async (db) => {
    await change(db);
    const { read } = await db.one(sql.type(z.object({ read: z.number() }))`
      select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::integer as read
      from pg_stat_xact_user_tables where relname in ('jobs', 'job_finished')`);
    return read;
  });
}

const cancel = (db: Executor, filter: BulkFilter) =>
  changeMany(db, filter, { allowed: ["pending", "running"], run: (ids) => cancelJobs(ids, null) });
const retry = (db: Executor, filter: BulkFilter) =>
  changeMany(db, filter, { allowed: ["failed", "cancelled"], run: retryJobs });

test("changes of many reach the jobs of every portion, lane and priority", async () => {
  await q.reset();
  const jobs = Array.from({ length: 1_000 }, (_, index) => ({
    jobType: `t${index % 3}`,
    priority: index % 4,
    ...(index % 5 === 0 && { runAt: "2999-01-01T00:00:00Z" }),
  }));
  for (let batch = 0; batch < 14; batch++) await q.db.jobs.createMany(jobs);
  const recent = { createdAfter: "2001-01-01T00:00:00Z" };
  const everything = { affected: 14_000, skipped: 0, notPermitted: 0, more: false };
  expect(await q.db.jobs.cancelMany(recent, "", { dryRun: true })).toEqual(everything);
  expect(await q.db.jobs.cancelMany({ ...recent, permittedTo: unknownId }, "", { dryRun: true })).toEqual({
    ...everything,
    affected: 0,
    notPermitted: 14_000,
  });
  expect(await q.db.jobs.cancelMany({ ...recent, jobType: "t0" })).toMatchObject({ affected: 14 * 334 });
  expect(await q.db.jobs.cancelMany(recent)).toMatchObject({ affected: 14 * 666, more: false });
  expect(await q.db.jobs.retryMany(recent)).toEqual(everything);
  expect(await q.db.jobs.cancelMany(recent)).toEqual(everything);
  await q.reset();
});

describe(`among ${ended} jobs that have completed`, () => {
  beforeAll(async () => {
    await q.worker("w", { capacity: 10 });
    await fill();
  });

  test.each<[string, BulkFilter]>([
    ["of a type", { jobType: "t" }],
    ["of a benchmark with many others", { benchmarkId }],
    ["of a limit key", { limitKey: "k" }],
    ["created lately", { createdAfter: "2001-01-01T00:00:00Z" }],
  ])("a change of jobs %s reads no others than those in its statuses", async (_, filter) => {
    const { id } = await q.db.jobs.create({ ...job, limitKey: "k" });
    await q.client.query("update jobs set benchmark_id = $2 where id = $1", [id, benchmarkId]);
    await q.client.query(
      "insert into job_stat_deltas (job_type, benchmark_id, pending) values ('t', $1, 1)",
      [benchmarkId],
    );
    for (const [change, allowed] of [
      [cancel, "cancelled"],
      [retry, "pending"],
    ] as const) {
      const result = { affected: 0 };
      const read = await rowsRead(async (db) => Object.assign(result, await change(db, filter)));
      expect(result.affected).toBe(1);
      expect(await q.db.jobs.get(id)).toMatchObject({ status: allowed });
      expect(read).toBeLessThan(100);
    }
    await q.db.jobs.cancel(id);
    await q.db.jobs.delete(id);
  });
});
