import { z } from "zod";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { wilcoxonExactMost } from "../../statistics/wilcoxon.ts";
import type { SamplePosition } from "../input.ts";
import { metricValue } from "../metric.ts";
import { exactSum } from "../rollups/moments-sql.ts";

/** The values that are compared. */
export interface Pairing {
  baselineId: string;
  candidateId: string;
  metric: string;
  /** Also pairs whose inputs or expected answers differ. */
  allowDifferentInputs?: boolean;
}

// One row a sample that has a value on both sides. Decimals make 0.8 - 0.7 and 0.6 - 0.5 tie; doubles do not.
// Texts are compared by 64 bits of a hash, or a join of long ones would not stay in memory. An answer that is
// expected on one side only contradicts nothing.
function pairs({ baselineId, candidateId, metric }: Pairing): Fragment {
  const side = (id: string) => sql.fragment`
    select
      e.id, e.sample_id, e.repetition, ${metricValue(metric)} as value,
      hashtextextended(e.input, 0) as input, hashtextextended(e.expected, 0) as expected
    from evaluations e where e.benchmark_id = ${id} and e.sample_id is not null`;
  return sql.fragment`
    select
      b.sample_id, b.repetition, b.id as baseline_id, c.id as candidate_id, b.value as baseline,
      c.value as candidate, (c.value::numeric - b.value::numeric)::double precision as difference,
      b.input = c.input and coalesce(b.expected = c.expected, true) as is_same
    from (${side(baselineId)}) b join (${side(candidateId)}) c
      on c.sample_id = b.sample_id and c.repetition = b.repetition
    where b.value is not null and c.value is not null`;
}

const isCompared = ({ allowDifferentInputs = false }: Pairing) =>
  allowDifferentInputs ? sql.fragment`true` : sql.fragment`p.is_same`;

const examplePair = { baselineId: example.id, candidateId: example.id };

/** Sum, sum of squared deviations, least and greatest; null without pairs. */
const packed = z.array(z.number()).nullable();

function packedMoments(name: string): Fragment {
  const value = sql.fragment`${sql.identifier([name])}`;
  return sql.fragment`
    case when count(*) > 0
      then array[${exactSum(value)}, regr_sxx(${value}, ${value}), min(${value}), max(${value})] end`;
}

// All figures but the intervals. Ranks are those of groups of equal size, so that ties cost nothing.
export const pairFigures = statement("evaluation_pair_figures", {
  row: z.object({
    pairs: z.number(),
    different: z.number(),
    baselineCount: z.number(),
    candidateCount: z.number(),
    baseline: packed,
    candidate: packed,
    differences: packed,
    higher: z.number(),
    lower: z.number(),
    isBinary: z.boolean().nullable(),
    up: z.number(),
    down: z.number(),
    positiveRanks: z.number(),
    tieTerm: z.number(),
    sizeCounts: z.array(z.number()).nullable(),
    sizePositives: z.array(z.number()).nullable(),
    blockCounts: z.array(z.number()).nullable(),
    blockSums: z.array(z.number()).nullable(),
  }),
  prepared: false,
  build: (pairing: Pairing, tolerance: number, blocks: number) => sql.fragment`
    with found as materialized (
      ${pairs(pairing)}
    ), pair as (
      select * from found p where ${isCompared(pairing)}
    ), sized as (
      select abs(difference) as size, count(*) as n, count(*) filter (where difference > 0) as up
      from pair where difference <> 0 group by abs(difference)
    ), ranked as (
      select size, n, up, sum(n) over (order by size) - (n - 1) / 2.0 as rank from sized
    ), placed as (
      select difference, row_number() over (order by sample_id collate "C", repetition) as position from pair
    ), block as (
      select position % ${blocks} as number, count(*) as n, sum(difference) as sum from placed group by 1
    )
    select
      count(*) as pairs, (select count(*) from found where not is_same) as different,
      (select count(*) from evaluations where benchmark_id = ${pairing.baselineId}) as baseline_count,
      (select count(*) from evaluations where benchmark_id = ${pairing.candidateId}) as candidate_count,
      ${packedMoments("baseline")} as baseline, ${packedMoments("candidate")} as candidate,
      ${packedMoments("difference")} as differences,
      count(*) filter (where difference > ${tolerance}) as higher,
      count(*) filter (where difference < -${tolerance}::double precision) as lower,
      bool_and(baseline in (0, 1) and candidate in (0, 1)) as is_binary,
      (select coalesce(sum(up), 0)::bigint from ranked) as up,
      (select coalesce(sum(n - up), 0)::bigint from ranked) as down,
      (select coalesce(sum(up * rank), 0)::double precision from ranked) as positive_ranks,
      (select coalesce(sum(n::double precision ^ 3 - n), 0) from ranked) as tie_term,
      (select case when sum(n) <= ${wilcoxonExactMost} then array_agg(n::integer order by size) end
        from ranked) as size_counts,
      (select case when sum(n) <= ${wilcoxonExactMost} then array_agg(up::integer order by size) end
        from ranked) as size_positives,
      (select array_agg(n::integer order by number) from block) as block_counts,
      (select array_agg(sum order by number) from block) as block_sums
    from pair`,
  examples: [
    [{ ...examplePair, metric: "score" }, 0, 5000],
    [{ ...examplePair, metric: "metrics.score", allowDifferentInputs: true }, 0.5, 5000],
  ],
});

// The largest differences first: above the tolerance, or below it where `isBelow`.
export const pairSamples = statement("evaluation_pair_samples", {
  row: z.object({
    sampleId: z.string(),
    repetition: z.number(),
    baselineValue: z.number(),
    candidateValue: z.number(),
    difference: z.number(),
    baselineEvaluationId: z.string(),
    candidateEvaluationId: z.string(),
  }),
  prepared: false,
  build: (pairing: Pairing, isBelow: boolean, tolerance: number, limit: number, after?: SamplePosition) => {
    const size = isBelow ? sql.fragment`-p.difference` : sql.fragment`p.difference`;
    const key = sql.fragment`${size} desc, p.sample_id collate "C", p.repetition`;
    const where = [sql.fragment`${size} > ${tolerance}`, isCompared(pairing)];
    if (after) {
      const { difference, sampleId, repetition } = after;
      const last = Math.abs(difference);
      where.push(sql.fragment`(
        ${size} < ${last} or ${size} = ${last}
          and (p.sample_id collate "C", p.repetition) > (${sampleId}, ${repetition}::integer)
      )`);
    }
    return sql.fragment`
      select
        coalesce(p.sample_id, '') as sample_id, p.repetition, p.baseline as baseline_value,
        p.candidate as candidate_value, p.difference, p.baseline_id as baseline_evaluation_id,
        p.candidate_id as candidate_evaluation_id
      from (${pairs(pairing)}) p where ${sql.and(where)} order by ${key} limit ${limit}`;
  },
  examples: [
    [{ ...examplePair, metric: "score" }, false, 0, 50, undefined],
    [{ ...examplePair, metric: "accuracy" }, true, 0, 50, { difference: -0.5, sampleId: "s", repetition: 0 }],
  ],
});
