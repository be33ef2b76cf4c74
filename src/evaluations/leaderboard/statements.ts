import { z } from "zod";
import type { ParsedBenchmarkFilter } from "../../benchmarks/input.ts";
import { benchmarkRow } from "../../benchmarks/rows.ts";
import { conditions, exampleRange } from "../../benchmarks/statements.ts";
import { columnsOf, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { benchmarkFingerprint, fingerprintDeltas, fingerprintRow } from "../inputs/parts.ts";
import { failedMetric } from "../metric.ts";
import { isKept } from "../rollups/moments-sql.ts";
import { changedSamples, groupMoments, groupsNow, repeatedBenchmarks, toldBeyond } from "../samples/parts.ts";
import { type Reduction, reducesByCounts } from "../samples/reduce.ts";
import { reducedMoments } from "../samples/reduced-values.ts";
import { elsewhereOf, isElsewhere } from "../summary/splits.ts";

export type Ranked = Omit<ParsedBenchmarkFilter, "dataset" | "orderBy"> & { dataset: string; metric: string };

/** A row in `leaderboardParts` is the id of a benchmark, then figures in one of these orders as doubles. */
export const idBytes = 16;
export const partFigures = ["count", "failed", "sum", "m2", "min", "max"] as const;
export const groupFigures = [
  ...(["tries", "successes", "samples", "alike", "fractional", "failed", "mean", "m2"] as const),
] as const;
export const planFigures = [
  ...(["plannedSamples", "totalIterations", "repetitions", "tried", "withError", "mostTries"] as const),
  "beyond",
  ...(["elsewhere", "elsewhereWithError"] as const),
] as const;

/** All rows as one text: shorter, and read faster, than bytea's own form. */
const packedRows = (bytes: Fragment) =>
  sql.fragment`coalesce(encode(string_agg(${bytes}, ''::bytea), 'base64'), '')`;

/** Rows of an id and its figures, each of which becomes a double. */
const packedFigures = (id: Fragment, figures: readonly Fragment[]) => {
  const doubles = figures.map((figure) => sql.fragment`float8send((${figure})::double precision)`);
  return packedRows(sql.fragment`uuid_send(${id}) || ${sql.join(doubles, sql.fragment` || `)}`);
};

const packedParts = packedFigures(
  sql.fragment`part.benchmark_id`,
  partFigures.map((name) => sql.fragment`part.${sql.identifier([name])}`),
);

const packedGroups = packedFigures(
  sql.fragment`g.benchmark_id`,
  groupFigures.map((name) =>
    name === "mean" || name === "m2"
      ? groupMoments(sql.fragment`g`)[name]
      : sql.fragment`g.${sql.identifier([name])}`,
  ),
);

/** Of the samples of other splits: in a benchmark with repetitions, which has `s`, by its groups. */
const elsewhereFigure = (name: "samples" | "failed") => {
  const column = sql.identifier([name]);
  return sql.fragment`coalesce(case when s.benchmark_id is null then o.${column} else r.${column} end, 0)`;
};

/**
 * The plans of benchmarks `b`, with the evaluations or samples that their base and groups count: `f` and `s`,
 * and those of other splits: `o` and `r`.
 */
const packedPlans = packedFigures(sql.fragment`b.id`, [
  ...[sql.fragment`b.planned_samples`, sql.fragment`b.total_iterations`, sql.fragment`b.repetitions`],
  sql.fragment`coalesce(s.tried, f.count, 0)`,
  sql.fragment`coalesce(s.failed, f.sum, 0)`,
  ...[sql.fragment`coalesce(s.most, 1)`, sql.fragment`coalesce(s.beyond, 0)`],
  ...[elsewhereFigure("samples"), elsewhereFigure("failed")],
]);

const ofAll = sql.fragment`filter (where metric = ${sql.literalValue(failedMetric)})`;

/** The moments of the values that a reducer makes of samples; their groups tell of errors. */
function reducedParts(metric: string, reduction: Reduction): Fragment {
  const kept = sql.fragment`select id from kept`;
  return sql.fragment`(
    select ${packedParts}
    from (select m.*, 0 as failed from (${reducedMoments(metric, reduction, kept)}) m) part
    where ${isKept("part", metric)}
  )`;
}

const exampleFilter = { provider: "p", status: "completed", labels: { a: "b" } } as const;

// All of a leaderboard in one statement, and so as of one moment: base and deltas (metric_rollups,
// metric_deltas), the samples of benchmarks with repetitions, how many samples each was to have and has
// tried, and the ids of the benchmarks whose base or samples are still to be computed. Packed, because 10,000
// rows take longer to parse than all else. The base is read from idx_metric_rollups_dataset alone, unless the
// filter needs the benchmark, and plans from idx_benchmarks_dataset. A plan kept from empty tables would look
// for deltas benchmark by benchmark.
export const leaderboardParts = statement("leaderboard_parts", {
  row: z.object({
    base: z.string(),
    deltas: z.string(),
    groups: z.string(),
    plans: z.string(),
    tried: z.string(),
    reduced: z.string(),
    missing: z.string(),
  }),
  prepared: false,
  build: ({ dataset, metric, ...filter }: Ranked, reduction: Reduction) => {
    const matching = sql.and(conditions({ ...filter, dataset, orderBy: "newest" }));
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    const only = isFiltered
      ? sql.fragment`join benchmarks b on b.id = part.benchmark_id and ${matching}`
      : sql.fragment``;
    const kept = sql.fragment`select id from kept`;
    const isOther = isElsewhere(sql.fragment`metric`, metric);
    const reduced = reducesByCounts(reduction.reducer) ? sql.fragment`''` : reducedParts(metric, reduction);
    return sql.fragment`
      with ${repeatedBenchmarks(sql.fragment`${matching}`)}, ${changedSamples(kept)}, grouped as materialized (
        ${groupsNow(sql.fragment`(metric in (${metric}, ${failedMetric}) or ${isOther})`, kept)}
      )
      select
        (
          select ${packedGroups} from grouped g where g.metric = ${metric} and ${isKept("g", metric)}
        ) as groups,
        (
          select ${packedPlans} from benchmarks b
          left join metric_rollups f
            on f.dataset = ${dataset} and f.metric = ${failedMetric} and f.benchmark_id = b.id
          left join (
            select
              benchmark_id, sum(samples) ${ofAll} as tried, sum(failed) ${ofAll} as failed,
              max(tries) ${ofAll} as most, sum(samples) filter (where is_beyond) as beyond
            from (${toldBeyond(sql.fragment`grouped`)}) g group by benchmark_id
          ) s on s.benchmark_id = b.id
          left join (
            ${elsewhereOf(sql.fragment`
              select benchmark_id, metric, samples, failed from grouped where ${isOther}`)}
          ) r on r.benchmark_id = b.id
          left join (
            ${elsewhereOf(sql.fragment`
              select benchmark_id, metric, count as samples, failed
              from metric_rollups where dataset = ${dataset} and ${isOther}
              union all
              select d.benchmark_id, d.metric, d.count, d.failed
              from metric_deltas d join benchmarks b on b.id = d.benchmark_id and ${matching} where ${isOther}`)}
          ) o on o.benchmark_id = b.id
          where ${matching}
        ) as plans,
        (
          select ${packedParts} from metric_deltas part
          join benchmarks b on b.id = part.benchmark_id and ${matching}
          where part.metric = ${failedMetric}
        ) as tried,
        ${reduced} as reduced,
        (
          select ${packedParts} from metric_rollups part ${only}
          where part.dataset = ${dataset} and part.metric = ${metric}
        ) as base,
        (
          select ${packedParts} from metric_deltas part
          join benchmarks b on b.id = part.benchmark_id and ${matching}
          where part.metric = ${metric} and ${isKept("part", metric)}
        ) as deltas,
        (
          select ${packedRows(sql.fragment`uuid_send(m.id)`)}
          from (
            select s.benchmark_id as id from stale_rollups s
            join benchmarks b on b.id = s.benchmark_id and ${matching}
            where s.is_missing
            union
            select id from repeated where id not in (${kept})
          ) m
        ) as missing`;
  },
  examples: [
    [
      { dataset: "d", metric: "score" },
      { reducer: "mean", k: 0 },
    ],
    [
      { dataset: "d", metric: "accuracy", ...exampleFilter, ...exampleRange },
      { reducer: "median", k: 0 },
    ],
    [
      { dataset: "d", metric: "accuracy/test" },
      { reducer: "mean", k: 0 },
    ],
  ],
});

const texts = { id: true, name: true, provider: true, model: true } as const;
const rankedRow = benchmarkRow.pick({ ...texts, status: true, createdAt: true });
const rankedColumns = columnsOf(rankedRow, "b");

export const rankedBenchmarks = statement("leaderboard_benchmarks", {
  row: rankedRow.extend(fingerprintRow),
  build: (ids: readonly string[]) => sql.fragment`
    select ${rankedColumns}, ${benchmarkFingerprint} from benchmarks b ${fingerprintDeltas}
    where b.id = any (${arrayOf("uuid", ids)})`,
  examples: [[[example.id]]],
});
