import { beforeEach, expect, test } from "vitest";
import type { HistoryQuery } from "../../src/jobs/history/read.ts";
import { keepHistory, writeMinute } from "../../src/jobs/history/write.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.client.query("truncate job_history");
  await q.worker("w");
});

test("a minute tells what was created, started and ended in it, once, whoever writes it", async () => {
  for (let i = 0; i < 4; i++) await q.db.jobs.create({ jobType: "ключ" });
  await q.db.jobs.create({ jobType: "other" });
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 3 });
  const [a, b] = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
  await q.db.jobs.complete("w", [{ jobId: "", epoch: 1, ...a }]);
  await q.db.jobs.fail("w", [{ jobId: "", epoch: 1, ...b, error: "e", retryable: false }]);
  const {
    rows: [now],
  } = await q.client.query("select date_trunc('minute', min(created_at))::text as minute from jobs");
  await Promise.all([q.db, q.other, q.db].map((db) => db.executor.any(writeMinute(now.minute))));
  await q.db.executor.any(writeMinute(now.minute));
  const { rows } = await q.client.query(
    "select job_type, created, started, completed, failed, ready, running, waits, runs from job_history order by job_type",
  );
  const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);
  expect(rows.map(({ waits, runs, ...row }) => ({ ...row, waits: sum(waits), runs: sum(runs) }))).toEqual([
    {
      job_type: "",
      created: 5,
      started: 3,
      completed: 1,
      failed: 1,
      ready: 2,
      running: 1,
      waits: 3,
      runs: 2,
    },
    {
      job_type: "other",
      created: 1,
      started: 0,
      completed: 0,
      failed: 0,
      ready: 1,
      running: 0,
      waits: 0,
      runs: 0,
    },
    {
      job_type: "ключ",
      created: 4,
      started: 3,
      completed: 1,
      failed: 1,
      ready: 1,
      running: 1,
      waits: 3,
      runs: 2,
    },
  ]);
});

test("of a minute without jobs there is one row, and old ones go", async () => {
  await q.client.query(
    `insert into job_history (minute, created, started, completed, failed, ready, running, job_type, waits, runs)
    values (now() - interval '15 days', 0, 0, 0, 0, 0, 0, '', '{}', '{}')`,
  );
  for (let i = 0; i < 2; i++) await keepHistory(q.db.executor);
  const { rows } = await q.client.query(
    "select job_type, minute > now() - interval '3 minutes' as recent from job_history",
  );
  expect(rows.slice(0, 1)).toEqual([{ job_type: "", recent: true }]);
  expect(rows.length).toBeLessThanOrEqual(2);
});

test("steps add up minutes, of a type and of all, and estimate quantiles", async () => {
  // Ten of up to 1 ms, then 89 of 2 to 2.83 ms and one of 16 to 22.6 ms.
  const waits = "array_cat(array[10, 0, 0, 89], array[0, 0, 0, 0, 0, 1])";
  await q.client.query(
    `insert into job_history (minute, created, started, completed, failed, ready, running, job_type, waits, runs)
    select '2026-01-01'::timestamptz + n * interval '1 minute', n, 1, 2, 3, n, n + 1, type, ${waits}, '{}'
    from generate_series(0, 9) n, unnest(array['', 't']) type where n <> 3 and (type = '' or n < 6)`,
  );
  const time = { from: "2026-01-01T00:00:00Z", to: "2026-01-01T01:00:00Z" };
  const ms = {
    waitP50Ms: expect.closeTo(2.3723, 3),
    waitP95Ms: expect.closeTo(2.791, 2),
    runP50Ms: null,
    runP95Ms: null,
  };
  expect(await q.db.jobs.history({ ...time, stepMs: 300_000 })).toEqual([
    {
      start: "2026-01-01T00:00:00.000000Z",
      minutes: 4,
      created: 7,
      started: 4,
      completed: 8,
      failed: 12,
      ready: 4,
      running: 5,
      ...ms,
    },
    {
      start: "2026-01-01T00:05:00.000000Z",
      minutes: 5,
      created: 35,
      started: 5,
      completed: 10,
      failed: 15,
      ready: 9,
      running: 10,
      ...ms,
    },
  ]);
  const [first, second] = await q.db.jobs.history({ ...time, jobType: "t", stepMs: 300_000 });
  expect(first).toMatchObject({ minutes: 4, created: 7, ready: 4 });
  expect(second).toMatchObject({ minutes: 5, created: 5, started: 1, ready: 0, running: 0 });
  expect(await q.db.jobs.history(time)).toHaveLength(9);
  expect(await q.db.jobs.history({ ...time, jobType: "none", stepMs: 3_600_000 })).toMatchObject([
    { minutes: 9, created: 0, waitP50Ms: null },
  ]);
  expect(await q.db.jobs.history()).toEqual([]);
});

test.each<[string, HistoryQuery]>([
  ["step_ms", { stepMs: 1_000 }],
  ["step", { stepMs: 90_000 }],
  ["step", { from: "2026-01-01T00:00:00Z", to: "2026-01-14T00:00:00Z" }],
  ["from", { from: "yesterday" }],
  ["job_type", { jobType: "x".repeat(101) }],
])("%s is refused with its name: %j", async (field, query) => {
  await expect(q.db.jobs.history(query)).rejects.toMatchObject({ violations: [{ field }] });
});
