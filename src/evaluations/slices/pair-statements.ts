import { z } from "zod";
import { sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { wilcoxonExactMost } from "../../statistics/wilcoxon.ts";
import {
  differenceRow,
  exampleSides,
  isCompared,
  isThere,
  type Pairing,
  packedMoments,
  pairs,
  sizeOf,
} from "../compare/statements.ts";
import { metricValue } from "../metric.ts";
import { sampleOf } from "../samples/parts.ts";
import { hasElsewhere } from "../summary/splits.ts";
import { largestSlices, overSlices, sliceKey, sliceValue } from "./statements.ts";

// A sample is in one group on both sides, so that the two means of a group are of the same samples. Ranks are
// those of the pairs of a group.
export const pairSlices = statement("evaluation_pair_slices", {
  row: z.object({
    value: z.string().nullable(),
    baselineTried: z.number(),
    candidateTried: z.number(),
    mixed: z.number(),
    pairs: z.number(),
    baselineWithError: z.number(),
    candidateWithError: z.number(),
    ...differenceRow,
    ...overSlices,
  }),
  prepared: false,
  build: (pairing: Pairing, key: string, tolerance: number) => {
    const isCandidate = sql.fragment`(e.benchmark_id = ${pairing.candidate.id})`;
    const { metric, baseline, candidate } = pairing;
    // Where splits have samples in common, they are none.
    const hasSplits = [baseline, candidate].some(({ elsewhere = 0 }) => elsewhere > 0);
    const hasKey = sql.fragment`e.slice <> ''`;
    const least = (filter: ReturnType<typeof isCompared>) =>
      sql.fragment`min(e.slice) filter (where ${filter})`;
    return sql.fragment`
      with sample as materialized (
        select
          e.sample, bool_or(not e.is_candidate) as in_baseline, bool_or(e.is_candidate) as in_candidate,
          coalesce(${least(sql.fragment`${hasKey} and not e.is_candidate`)}, ${least(hasKey)}, '') as slice,
          coalesce(${least(hasKey)} <> max(e.slice) filter (where ${hasKey}), false) as is_mixed
        from (
          select ${sampleOf("e")} as sample, ${sliceKey(key)} as slice, ${isCandidate} as is_candidate,
            ${hasSplits ? hasElsewhere(metric) : sql.fragment`false`} as is_other,
            ${hasSplits ? sql.fragment`${metricValue(metric)} is not null` : sql.fragment`true`} as has_value
          from evaluations e
          where e.benchmark_id in (${pairing.baseline.id}, ${pairing.candidate.id})
          offset 0
        ) e
        group by e.sample having bool_or(e.has_value) or not bool_or(e.is_other)
      ), pair as materialized (
        select s.slice, p.baseline, p.candidate, p.difference, p.baseline_failed, p.candidate_failed
        from (select p.* from (${pairs(pairing)}) p where ${isCompared(pairing)}) p
        full join sample s on s.sample = 's' || p.sample_id
        where ${isThere(sql.fragment`p.sample_id`)}
      ), sized as (
        select slice, size, count(*) as n, count(*) filter (where difference > 0) as up
        from (select slice, difference, ${sizeOf(pairing)} as size from pair) p
        where size <> 0 group by slice, size
      ), placed_size as (
        select s.*, sum(n) over (partition by slice order by size) - (n - 1) / 2.0 as rank,
          sum(n) over (partition by slice) as total
        from sized s
      ), ranked as (
        select
          slice, sum(up)::bigint as up, sum(n - up)::bigint as down,
          sum(up * rank)::double precision as positive_ranks, sum(n::double precision ^ 3 - n) as tie_term,
          array_agg(n::integer order by size) filter (where total <= ${wilcoxonExactMost}) as size_counts,
          array_agg(up::integer order by size) filter (where total <= ${wilcoxonExactMost}) as size_positives
        from placed_size group by slice
      ), compared as (
        select
          slice, count(*) as count, count(*) filter (where baseline_failed) as baseline_with_error,
          count(*) filter (where candidate_failed) as candidate_with_error, ${packedMoments("baseline")} as baseline,
          ${packedMoments("candidate")} as candidate, ${packedMoments("difference")} as differences,
          count(*) filter (where difference > ${tolerance}) as higher,
          count(*) filter (where difference < -${tolerance}::double precision) as lower,
          bool_and(baseline in (0, 1) and candidate in (0, 1)) as is_binary
        from pair group by slice
      ), tried as (
        select
          slice, count(*) as tried, count(*) filter (where in_baseline) as baseline_tried,
          count(*) filter (where in_candidate) as candidate_tried, count(*) filter (where is_mixed) as mixed
        from sample group by slice
      ), grouped as (
        select
          ''::text as metric, t.*, coalesce(c.count, 0) as count,
          coalesce(c.baseline_with_error, 0) as baseline_with_error,
          coalesce(c.candidate_with_error, 0) as candidate_with_error, c.baseline, c.candidate, c.differences,
          c.differences[1] as sum, c.differences[2] as m2, c.differences[3] as min, c.differences[4] as max,
          coalesce(c.higher, 0) as higher, coalesce(c.lower, 0) as lower, c.is_binary
        from tried t left join compared c using (slice)
      ), ${largestSlices("grouped")}
      select
        ${sliceValue(sql.fragment`p`)} as value, p.baseline_tried, p.candidate_tried,
        (select sum(mixed)::bigint from tried) as mixed,
        p.count as pairs, p.baseline_with_error, p.candidate_with_error, p.baseline, p.candidate, p.differences, p.higher, p.lower, p.is_binary,
        coalesce(r.up, 0) as up, coalesce(r.down, 0) as down,
        coalesce(r.positive_ranks, 0) as positive_ranks, coalesce(r.tie_term, 0) as tie_term,
        r.size_counts, r.size_positives,
        o.slices, o.left_out, o.macro_slices, o.macro_mean, o.macro_variance
      from placed p join overall o using (metric) left join ranked r using (slice)
      where p.place <= ${limits.groups} order by p.place`;
  },
  examples: [
    [{ ...exampleSides(false), metric: "score", reduction: { reducer: "mean", k: 0 } }, "subject", 0],
    [
      {
        ...exampleSides(true),
        metric: "a",
        reduction: { reducer: "pass_at_k", k: 3 },
        allowDifferentInputs: true,
      },
      "doc.subject",
      0.5,
    ],
    [{ ...exampleSides(false, 5), metric: "a/test", reduction: { reducer: "mean", k: 0 } }, "subject", 0],
  ],
});
