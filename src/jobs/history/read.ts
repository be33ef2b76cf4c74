import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, type Fragment, fragmentOf, sql, statement } from "../../database/statement/sql.ts";
import { invalidField } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { parseInput, text, timestamp, whole } from "../../validation.ts";

const MINUTE = 60_000;

const historyQuery = z.strictObject({
  jobType: text(limits.providerLength).default(""),
  from: timestamp.optional(),
  to: timestamp.optional(),
  stepMs: whole(MINUTE, limits.queueHistoryDays * 1440 * MINUTE, "milliseconds").default(MINUTE),
});

/** The type ("": all), the time and the length of steps. Default: all, the last hour, a minute. */
export type HistoryQuery = z.input<typeof historyQuery>;

const counts = z.array(z.number()).nullable();

const stepRow = z.object({
  start: z.string(),
  minutes: z.number(),
  created: z.number(),
  started: z.number(),
  completed: z.number(),
  failed: z.number(),
  ready: z.number(),
  running: z.number(),
  waits: counts,
  runs: counts,
});

/** What the queue did in a step, and how it stood at its end. Times are in ms, null where none is known. */
export type HistoryStep = Omit<z.output<typeof stepRow>, "waits" | "runs"> & {
  waitP50Ms: number | null;
  waitP95Ms: number | null;
  runP50Ms: number | null;
  runP95Ms: number | null;
};

const summed = (name: string, column: string): Fragment => sql.fragment`
  ${fragmentOf(name)} as (
    select start, array_agg(n order by place) as counts from (
      select h.start, each.place, sum(each.n)::double precision as n
      from h cross join lateral unnest(${fragmentOf(`h.${column}`)}) with ordinality as each (n, place)
      group by h.start, each.place
    ) c group by start
  )`;

// The rows of all types tell which minutes are known: in those a type without a row had nothing to do.
export const readSteps = statement("job_history_read", {
  row: stepRow,
  prepared: false,
  build: (jobType: string, from: string, to: string, step: number) => sql.fragment`
    with h as materialized (
      select known.minute, to_timestamp(floor(extract(epoch from known.minute) / ${step}) * ${step}) as start,
        h.created, h.started, h.completed, h.failed, coalesce(h.ready, 0) as ready,
        coalesce(h.running, 0) as running, h.waits, h.runs
      from job_history known
      left join job_history h on h.job_type = ${jobType} and h.minute = known.minute
      where known.job_type = '' and known.minute >= ${from}::timestamptz and known.minute < ${to}::timestamptz
    ), ${summed("waited", "waits")}, ${summed("ran", "runs")}
    select h.start, h.minutes, h.created, h.started, h.completed, h.failed, h.ready, h.running,
      waited.counts as waits, ran.counts as runs
    from (
      select start, count(*) as minutes, coalesce(sum(created), 0) as created,
        coalesce(sum(started), 0) as started, coalesce(sum(completed), 0) as completed,
        coalesce(sum(failed), 0) as failed, (array_agg(ready order by minute desc))[1] as ready,
        (array_agg(running order by minute desc))[1] as running
      from h group by start
    ) h
    left join waited on waited.start = h.start left join ran on ran.start = h.start
    order by h.start`,
  examples: [["t", example.time, example.time, 60]],
});

/** See `JobRepository.history`. */
export async function readHistory(db: Executor, query: HistoryQuery): Promise<readonly HistoryStep[]> {
  const { jobType, stepMs, ...range } = parseInput(historyQuery, query);
  if (stepMs % MINUTE !== 0) throw invalidField("step", "must be whole minutes");
  const to = range.to ?? new Date().toISOString();
  const from = range.from ?? new Date(Date.parse(to) - 60 * MINUTE).toISOString();
  if ((Date.parse(to) - Date.parse(from)) / stepMs > limits.queueHistorySteps)
    throw invalidField("step", `must be longer: the time has more than ${limits.queueHistorySteps} of them`);
  const rows = await db.any(readSteps(jobType, from, to, stepMs / 1000));
  return rows.map(({ waits, runs, ...row }) => ({
    ...row,
    waitP50Ms: quantileOf(waits, 0.5),
    waitP95Ms: quantileOf(waits, 0.95),
    runP50Ms: quantileOf(runs, 0.5),
    runP95Ms: quantileOf(runs, 0.95),
  }));
}

/** The quantile of times that are counted as in job_history, as if each range had its times evenly. */
function quantileOf(counts: readonly number[] | null, share: number): number | null {
  const all = counts?.reduce((sum, count) => sum + count, 0) ?? 0;
  let left = all * share;
  for (const [place, count] of counts?.entries() ?? []) {
    if (count > 0 && left <= count) {
      const low = place === 0 ? 0 : 2 ** ((place - 1) / 2);
      return low + (left / count) * (2 ** (place / 2) - low);
    }
    left -= count;
  }
  return null;
}
