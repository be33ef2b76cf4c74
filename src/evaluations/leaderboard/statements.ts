import { z } from "zod";
import type { ParsedBenchmarkFilter } from "../../benchmarks/input.ts";
import { benchmarkRow } from "../../benchmarks/rows.ts";
import { conditions, exampleRange } from "../../benchmarks/statements.ts";
import { columnsOf, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { benchmarkFingerprint, fingerprintDeltas, fingerprintRow } from "../inputs/parts.ts";
import { isKept } from "../rollups/moments-sql.ts";
import { changedSamples, groupMoments, groupsNow, repeatedBenchmarks } from "../samples/parts.ts";
import { type Reduction, reducesByCounts } from "../samples/reduce.ts";
import { reducedMoments } from "../samples/reduced-values.ts";

export type Ranked = Omit<ParsedBenchmarkFilter, "dataset" | "orderBy"> & { dataset: string; metric: string };

/** A part in `leaderboardParts` is the id of its benchmark, then count, sum and m2 as big-endian doubles. */
export const idBytes = 16;
export const partBytes = idBytes + 3 * 8;
/** A group of samples is the id, then the figures of `SampleGroup` in this order. */
export const groupFigures = ["tries", "successes", "samples", "alike", "fractional", "mean", "m2"] as const;

/** All rows as one text: shorter, and read faster, than bytea's own form. */
const packedRows = (bytes: Fragment) =>
  sql.fragment`coalesce(encode(string_agg(${bytes}, ''::bytea), 'base64'), '')`;

const packedParts = packedRows(sql.fragment`
  uuid_send(part.benchmark_id) || float8send(part.count::double precision) || float8send(part.sum)
    || float8send(part.m2)`);

const packedGroups = packedRows(sql.fragment`
  uuid_send(g.benchmark_id) || float8send(g.tries) || float8send(g.successes)
    || float8send(g.samples::double precision) || float8send(g.alike::double precision)
    || float8send(g.fractional::double precision) || float8send(${groupMoments(sql.fragment`g`).mean})
    || float8send(${groupMoments(sql.fragment`g`).m2})`);

function reducedParts(metric: string, reduction: Reduction): Fragment {
  const kept = sql.fragment`select id from kept`;
  return sql.fragment`(
    select ${packedParts} from (${reducedMoments(metric, reduction, kept)}) part
    where ${isKept("part", metric)}
  )`;
}

const exampleFilter = { provider: "p", status: "completed", labels: { a: "b" } } as const;

// All of a leaderboard in one statement, and so as of one moment: base and deltas (metric_rollups,
// metric_deltas), the samples of benchmarks with repetitions, and the ids of the benchmarks whose base or
// samples are still to be computed. Packed, because 10,000
// rows take longer to parse than all else. The base is read from idx_metric_rollups_dataset alone, unless the
// filter needs the benchmark. A plan kept from empty tables would look for deltas benchmark by benchmark.
export const leaderboardParts = statement("leaderboard_parts", {
  row: z.object({
    base: z.string(),
    deltas: z.string(),
    groups: z.string(),
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
    const reduced = reducesByCounts(reduction.reducer) ? sql.fragment`''` : reducedParts(metric, reduction);
    return sql.fragment`
      with ${repeatedBenchmarks(sql.fragment`${matching}`)}, ${changedSamples(kept)}
      select
        (
          select ${packedGroups} from (${groupsNow(sql.fragment`metric = ${metric}`, kept)}) g
          where ${isKept("g", metric)}
        ) as groups,
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
  ],
});

const texts = { id: true, name: true, provider: true, model: true } as const;
const rankedRow = benchmarkRow.pick({ ...texts, status: true, createdAt: true, repetitions: true });
const rankedColumns = columnsOf(rankedRow, "b");

// With least and greatest value of the metric: the index of the other figures would be longer by them.
export const rankedBenchmarks = statement("leaderboard_benchmarks", {
  row: rankedRow.extend({ min: z.number().nullable(), max: z.number().nullable(), ...fingerprintRow }),
  build: (ids: readonly string[], metric: string) => sql.fragment`
    select ${rankedColumns}, part.min, part.max, ${benchmarkFingerprint}
    from benchmarks b ${fingerprintDeltas} cross join lateral (
      select min(part.min) as min, max(part.max) as max
      from (
        select min, max from metric_rollups where benchmark_id = b.id and metric = ${metric}
        union all
        select min, max from metric_deltas where benchmark_id = b.id and metric = ${metric} and count > 0
      ) part
    ) part
    where b.id = any (${arrayOf("uuid", ids)})`,
  examples: [[[example.id], "score"]],
});
