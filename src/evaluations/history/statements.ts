import { z } from "zod";
import type { BenchmarkPosition, ParsedBenchmarkFilter } from "../../benchmarks/input.ts";
import { benchmarkRow } from "../../benchmarks/rows.ts";
import { conditions, exampleRange } from "../../benchmarks/statements.ts";
import { columnsOf, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { benchmarkFingerprint, fingerprintDeltas, fingerprintRow } from "../inputs/parts.ts";
import { failedMetric } from "../metric.ts";
import { isKept, mean, mergedM2 } from "../rollups/moments-sql.ts";
import { areSamplesKept, changedSamples, groupsAsJson, groupsNow, toldBeyond } from "../samples/parts.ts";
import {
  countsSuccesses,
  type ReducedMoments,
  type Reduction,
  reducesByCounts,
  type SampleGroup,
} from "../samples/reduce.ts";
import { reducedMoments } from "../samples/reduced-values.ts";
import { elsewhereOf, isElsewhere } from "../summary/splits.ts";

/** The runs of which there is a history; one alone where there is an id. */
export type Runs = Omit<ParsedBenchmarkFilter, "dataset" | "orderBy"> & {
  dataset: string;
  metric: string;
  minCount: number;
  id?: string;
};

const texts = { id: true, name: true, provider: true, model: true } as const;
const plan = { repetitions: true, plannedSamples: true, totalIterations: true } as const;
const figures = {
  ...{ count: z.number(), failed: z.number(), sum: z.number() },
  ...{ m2: z.number(), min: z.number(), max: z.number() },
};
const runRow = benchmarkRow.pick({ ...texts, ...plan, status: true, createdAt: true }).extend({
  ...figures,
  tried: z.number(),
  withError: z.number(),
  mostTries: z.number(),
  beyond: z.number(),
  elsewhere: z.number(),
  elsewhereWithError: z.number(),
  groups: z.custom<SampleGroup[]>().nullable(),
  reduced: z.custom<ReducedMoments>().nullable(),
});
const figureOf = (name: keyof typeof figures) => sql.fragment`f.${sql.identifier([name])}`;
const elsewhereFigure = (name: "samples" | "failed") => {
  const column = sql.identifier([name]);
  return sql.fragment`coalesce(case when g.benchmark_id is null then o.${column} else e.${column} end, 0)::bigint`;
};
const runColumns = columnsOf(runRow, "b", {
  count: figureOf("count"),
  failed: figureOf("failed"),
  sum: figureOf("sum"),
  m2: figureOf("m2"),
  min: figureOf("min"),
  max: figureOf("max"),
  tried: sql.fragment`coalesce(g.tried, t.tried)`,
  withError: sql.fragment`coalesce(g.failed, t.failed)`,
  mostTries: sql.fragment`coalesce(g.most, 1)`,
  beyond: sql.fragment`coalesce(g.beyond, 0)`,
  elsewhere: elsewhereFigure("samples"),
  elsewhereWithError: elsewhereFigure("failed"),
  groups: sql.fragment`g.groups`,
  reduced: sql.fragment`moments.reduced`,
});

function matching({ metric: _, minCount: _least, id, ...filter }: Runs): Fragment {
  const isIt = id !== undefined && sql.fragment`b.id = ${id}`;
  return sql.fragment`${sql.and([...conditions({ ...filter, orderBy: "newest" }), isIt])}`;
}

/** Whether the figures of benchmark `b` are computed, and its samples too if it has repetitions. */
const isReadable = sql.fragment`
  not exists (select from stale_rollups s where s.benchmark_id = b.id and s.is_missing) and (
    not exists (select from repeated_benchmarks r where r.benchmark_id = b.id)
    or ${areSamplesKept(sql.fragment`b.id`)}
  )`;

/**
 * Base and deltas of metrics of benchmark `b`.
 * @param which a condition on `metric`
 */
function partsOf(which: Fragment): Fragment {
  const columns = sql.fragment`metric, count, failed, sum, m2, min, max`;
  const isIts = sql.fragment`benchmark_id = b.id and ${which}`;
  return sql.fragment`
    select ${columns} from metric_rollups where ${isIts}
    union all
    select ${columns} from metric_deltas where ${isIts}`;
}

const placeOf = ({ createdAt, id }: BenchmarkPosition) =>
  sql.fragment`(${createdAt}::timestamptz, ${id}::uuid)`;

const isOlder = (than: BenchmarkPosition | undefined) =>
  than !== undefined && sql.fragment`(b.created_at, b.id) < ${placeOf(than)}`;

/**
 * Whether benchmark `b` may have so many samples with a value after reduction. In one with repetitions each
 * sample that has changed since the last fold may have one now, as all may that are not gathered yet.
 */
function mayHave(least: number, metric: string, { reducer, k }: Reduction): Fragment {
  const isRepeated = sql.fragment`exists (select from repeated_benchmarks r where r.benchmark_id = b.id)`;
  if (least <= 1 && !countsSuccesses(reducer)) return sql.fragment`true`;
  const tries = sql.and([countsSuccesses(reducer) && sql.fragment`g.tries >= ${k} and g.successes >= 0`]);
  const enough = sql.fragment`
    (
      select coalesce(sum(g.samples), 0) from sample_rollups g
      where g.benchmark_id = b.id and g.metric = ${metric} and ${tries}
    ) + (
      select coalesce(sum(cardinality(t.samples)), 0) from touched_samples t where t.benchmark_id = b.id
    ) >= ${least}`;
  const isMissing = sql.fragment`exists (
    select from repeated_benchmarks r where r.benchmark_id = b.id and r.is_missing
  )`;
  return countsSuccesses(reducer)
    ? sql.fragment`(${isRepeated} and (${isMissing} or ${enough}))`
    : sql.fragment`(not ${isRepeated} or ${isMissing} or ${enough})`;
}

// Of each run base and deltas (metric_rollups, metric_deltas), the samples that it has tried, and what it was
// asked, all as of one moment. Runs with a base and the few that have only deltas are looked for apart. So
// PostgreSQL walks from the newest benchmark where most have the metric, and from the index of metrics where
// few of a million do.
export const newestRuns = statement("metric_history", {
  row: runRow.extend(fingerprintRow),
  prepared: false,
  build: (runs: Runs, reduction: Reduction, limit: number, before: BenchmarkPosition | undefined) => {
    const { dataset, metric } = runs;
    const least = Math.max(1, runs.minCount);
    const isMetric = sql.fragment`metric = ${metric}`;
    const isOther = isElsewhere(sql.fragment`metric`, metric);
    const isWanted = sql.and([
      ...[matching(runs), isOlder(before), isReadable, mayHave(least, metric, reduction)],
    ]);
    const newest = sql.fragment`order by created_at desc, id desc limit ${limit}`;
    const kept = sql.fragment`select id from kept`;
    const reduced = reducesByCounts(reduction.reducer)
      ? sql.fragment`select null::uuid as benchmark_id, null::jsonb as reduced`
      : sql.fragment`
        select m.benchmark_id, to_jsonb(m) - 'benchmark_id' as reduced
        from (${reducedMoments(metric, reduction, kept)}) m`;
    return sql.fragment`
      with run as (
        (
          select b.id, b.created_at from metric_rollups r join benchmarks b on b.id = r.benchmark_id
          where r.dataset = ${dataset} and r.metric = ${metric} and ${isWanted} and r.count + coalesce((
            select sum(d.count) from metric_deltas d where d.benchmark_id = b.id and d.metric = ${metric}
          ), 0) >= ${least}
          ${newest}
        )
        union all
        (
          select b.id, b.created_at
          from (
            select d.benchmark_id, sum(d.count) as count from metric_deltas d
            where d.metric = ${metric} and ${isKept("d", metric)} and not exists (
              select from metric_rollups r where r.benchmark_id = d.benchmark_id and r.metric = ${metric}
            )
            group by d.benchmark_id
          ) d
          join benchmarks b on b.id = d.benchmark_id
          where ${isWanted} and d.count >= ${least}
          ${newest}
        )
      ), page as materialized (
        select * from run ${newest}
      ), kept as materialized (
        select p.id from page p join repeated_benchmarks r on r.benchmark_id = p.id
      ), ${changedSamples(kept)}, grouped as materialized (
        ${groupsNow(sql.fragment`(metric in (${metric}, ${failedMetric}) or ${isOther})`, kept)}
      )
      select ${runColumns}, ${benchmarkFingerprint}
      from page run join benchmarks b on b.id = run.id ${fingerprintDeltas}
      left join (
        select
          g.benchmark_id, ${groupsAsJson(sql.fragment`g`)} filter (where g.metric = ${metric}) as groups,
          (sum(g.samples) filter (where g.metric = ${failedMetric}))::bigint as tried,
          (sum(g.failed) filter (where g.metric = ${failedMetric}))::bigint as failed,
          max(g.tries) filter (where g.metric = ${failedMetric}) as most,
          coalesce(sum(g.samples) filter (where g.is_beyond), 0)::bigint as beyond
        from (
          ${toldBeyond(sql.fragment`grouped`)}
        ) g
        group by g.benchmark_id
      ) g on g.benchmark_id = run.id
      left join (
        ${elsewhereOf(sql.fragment`
          select benchmark_id, metric, samples, failed from grouped where ${isOther}`)}
      ) e on e.benchmark_id = run.id
      left join (${reduced}) moments on moments.benchmark_id = run.id
      cross join lateral (
        select
          max(part.n)::bigint as count, sum(part.failed)::bigint as failed, max(part.total) as sum,
          ${mergedM2} as m2,
          min(part.min) filter (where part.count > 0) as min,
          max(part.max) filter (where part.count > 0) as max
        from (
          select part.*, ${mean(sql.fragment`part.total`, sql.fragment`part.n`)} as mean
          from (
            select part.*, sum(part.count) over () as n, sum(part.sum) over () as total
            from (${partsOf(isMetric)}) part
          ) part
        ) part
      ) f
      cross join lateral (
        select coalesce(sum(part.count), 0)::bigint as tried, coalesce(sum(part.sum), 0) as failed
        from (${partsOf(sql.fragment`metric = ${failedMetric}`)}) part
      ) t
      left join lateral (
        ${elsewhereOf(sql.fragment`
          select b.id as benchmark_id, metric, count as samples, failed from (${partsOf(isOther)}) part`)}
      ) o on true
      order by b.created_at desc, b.id desc`;
  },
  examples: [
    [{ dataset: "d", metric: "score", minCount: 0 }, { reducer: "mean", k: 0 }, 2, undefined],
    [{ dataset: "d", metric: "score", minCount: 9 }, { reducer: "median", k: 0 }, 2, undefined],
    [
      {
        ...{ dataset: "d", metric: "accuracy", minCount: 1, id: example.id, ...exampleRange },
        ...{ provider: "p", model: "m", status: "completed", labels: { a: "b" } },
      },
      { reducer: "pass_at_k", k: 2 },
      2,
      { createdAt: example.time, id: example.id },
    ],
    [{ dataset: "d", metric: "accuracy/test", minCount: 0 }, { reducer: "mean", k: 0 }, 2, undefined],
  ],
});

/** Counts runs without a value, of those between two; `limits.unscoredRuns` at most. */
export const countUnscoredRuns = statement("metric_history_unscored", {
  row: z.object({ count: z.number() }),
  prepared: false,
  build: (
    runs: Runs,
    reduction: Reduction,
    before: BenchmarkPosition | undefined,
    after: BenchmarkPosition | undefined,
  ) => {
    const hasValue = sql.fragment`
      coalesce((select sum(part.count) from (${partsOf(sql.fragment`metric = ${runs.metric}`)}) part), 0) > 0
      and ${mayHave(1, runs.metric, reduction)}`;
    const isUnscored = sql.and([
      ...[matching(runs), isOlder(before), after && sql.fragment`(b.created_at, b.id) > ${placeOf(after)}`],
      ...[isReadable, sql.fragment`not (${hasValue})`],
    ]);
    return sql.fragment`
      select count(*) as count
      from (
        select from benchmarks b where ${isUnscored}
        order by b.created_at desc, b.id desc limit ${limits.unscoredRuns}
      ) b`;
  },
  examples: [
    [{ dataset: "d", metric: "score", minCount: 0 }, { reducer: "mean", k: 0 }, undefined, undefined],
    [
      { dataset: "d", metric: "accuracy", minCount: 1, model: "m", ...exampleRange },
      { reducer: "pass_at_k", k: 2 },
      { createdAt: example.time, id: example.id },
      { createdAt: example.time, id: example.id },
    ],
  ],
});

export const countPendingRuns = statement("metric_history_pending", {
  row: z.object({ count: z.number() }),
  prepared: false,
  build: (runs: Runs) => sql.fragment`
    select count(*) as count
    from (
      select benchmark_id as id from stale_rollups where is_missing
      union
      select r.benchmark_id from repeated_benchmarks r
      where r.is_missing and not ${areSamplesKept(sql.fragment`r.benchmark_id`)}
      union
      select t.benchmark_id
      from touched_samples t
      join repeated_benchmarks r on r.benchmark_id = t.benchmark_id and not r.is_missing
      group by t.benchmark_id having sum(cardinality(samples)) > ${limits.touchedSamples}
    ) s
    join benchmarks b on b.id = s.id and ${matching(runs)}`,
  examples: [[{ dataset: "d", metric: "score", minCount: 0 }]],
});
