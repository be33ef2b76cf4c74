import { z } from "zod";
import { example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { wilcoxonExactMost } from "../../statistics/wilcoxon.ts";
import type { FoundClusters } from "../clusters/clusters.ts";
import { clusterOf, ofSample as clusterOfSample, foundClusters } from "../clusters/parts.ts";
import type { SamplePosition } from "../input.ts";
import { isSameInput } from "../inputs/compare-inputs.ts";
import { metricValue } from "../metric.ts";
import { exactSum } from "../rollups/moments-sql.ts";
import { countsSuccesses, type Reduction } from "../samples/reduce.ts";
import { reducedValues } from "../samples/reduced-values.ts";
import type { Sampling } from "../statements.ts";
import { hasElsewhere } from "../summary/splits.ts";
import { drawsOfPairs, type FoundDraws } from "./draws.ts";

/** A benchmark that is compared. */
export interface Side extends Sampling {
  /** Its samples of other splits than the metric's, where that is of one. Default: 0 */
  elsewhere?: number;
  /** The repetitions that it declares. Default: 0, none */
  declared?: number;
  /** Whether samples of it have more evaluations than that. Default: false */
  hasBeyond?: boolean;
}

/** The values that are compared. */
export interface Pairing {
  /** Of each side, `repetitions` are those wanted of a sample: `wantedOf`. */
  baseline: Side;
  candidate: Side;
  metric: string;
  /** How the values of a sample become one. */
  reduction: Reduction;
  /** Also pairs whose inputs or expected answers differ. */
  allowDifferentInputs?: boolean;
  /** Leaves out pairs of which either value is of what failed. */
  excludeFailed?: boolean;
  /** The key of metadata that pairs are clustered by. */
  clusterBy?: string | undefined;
  /**
   * Also pairs samples that the candidate has no value of, which counts as this, as each repetition does that
   * it lacks. With a value for the baseline also those that either has no value of, unless they are of other
   * splits than the metric.
   */
  filledWith?: { candidate: number; baseline?: number };
}

// One row a sample that has a value on both sides, or as `filledWith` says. Decimals make 0.8 - 0.7 and
// 0.6 - 0.5 tie; doubles do not. Texts are compared by 64 bits of a hash, or a join of long ones would not
// stay in memory.
export function pairs(pairing: Pairing): Fragment {
  const { baseline, candidate, metric, reduction, clusterBy, filledWith } = pairing;
  const isFilled = filledWith !== undefined;
  const isOpen = filledWith?.baseline !== undefined;
  const hasSplits = isOpen && [baseline, candidate].some(({ elsewhere = 0 }) => elsewhere > 0);
  const isClustered = clusterBy !== undefined;
  const cluster = isClustered
    ? sql.fragment`, ${clusterOf(clusterBy)} as cluster_id, false as is_mixed`
    : sql.fragment``;
  const clusterOfPair = isClustered
    ? sql.fragment`,
      coalesce(b.cluster_id, c.cluster_id) as cluster_id,
      coalesce(b.cluster_id <> c.cluster_id, false) or b.is_mixed or c.is_mixed as is_mixed`
    : sql.fragment``;
  const side = (of: Side, fill: number | undefined) => {
    const isOther = of.elsewhere ? hasElsewhere(metric) : sql.fragment`false`;
    const split = hasSplits ? sql.fragment`, ${isOther} as is_other` : sql.fragment``;
    const values = valuesOfSide(of, metric, sql.fragment`${cluster}${split}`);
    if (!isReduced(of, reduction)) return sql.fragment`${values} and e.repetition = 0`;
    const valued = sql.fragment`select * from (${values}) v where value is not null`;
    const more = isClustered ? ofClusteredSample : ofSample;
    const lack = fill === undefined ? undefined : lackOf(of, fill, isOpen);
    const reduced = reducedValues(valued, sql.fragment`v.sample_id`, reduction, more, lack);
    return isFilled ? withoutValues(reduced, values, hasSplits) : reduced;
  };
  const isSameText = isSameInput(sql.fragment`b`, sql.fragment`c`);
  // A sample without a value lacks one, whatever it was asked.
  const isSame = isFilled ? sql.fragment`(b.value is null or c.value is null or ${isSameText})` : isSameText;
  const valueOr = (value: Fragment, fill: number | undefined) =>
    fill === undefined ? value : sql.fragment`coalesce(${value}, ${fill}::double precision)`;
  const baselineValue = valueOr(sql.fragment`b.value`, filledWith?.baseline);
  const candidateValue = valueOr(sql.fragment`c.value`, filledWith?.candidate);
  const hasBaseline = !isOpen && isThere(sql.fragment`b.value`);
  const hasCandidate = !isFilled && isThere(sql.fragment`c.value`);
  // Written as in `isThere`, so that the join stays a full one.
  const isOwn =
    hasSplits &&
    sql.fragment`
      case when b.value is null and c.value is null and (b.is_other or c.is_other) then false else true end`;
  return sql.fragment`
    select
      ${isOpen ? sql.fragment`coalesce(b.sample_id, c.sample_id)` : sql.fragment`b.sample_id`} as sample_id,
      b.id as baseline_id, c.id as candidate_id, ${baselineValue} as baseline, ${candidateValue} as candidate,
      c.value is null as is_candidate_filled, b.tries as baseline_tries,
      case when c.value is null then 0 else c.tries end as candidate_tries, b.alike as baseline_alike,
      coalesce(c.alike, 0) as candidate_alike,
      coalesce(b.failed and b.value is not null, false) as baseline_failed,
      coalesce(c.failed and c.value is not null, false) as candidate_failed,
      (${candidateValue}::numeric - ${baselineValue}::numeric)::double precision as difference,
      ${isSame} as is_same${clusterOfPair}
    from (${side(baseline, filledWith?.baseline)}) b
    full join (${side(candidate, filledWith?.candidate)}) c on c.sample_id = b.sample_id
    where ${sql.and([hasBaseline, hasCandidate, isOwn])} offset 0`;
}

/** The evaluations of a side, each with its value. */
const valuesOfSide = (of: Sampling, metric: string, more = sql.fragment``, only?: Fragment) => sql.fragment`
  select
    e.id, e.sample_id, e.repetition, ${metricValue(metric)} as value, 1 as tries, 0 as alike,
    e.error is not null as failed${more},
    hashtextextended(nullif(e.input, ''), 0) as input, hashtextextended(e.expected, 0) as expected
  from evaluations e where ${sql.and([
    sql.fragment`e.benchmark_id = ${of.id}`,
    sql.fragment`e.sample_id is not null`,
    only,
  ])}`;

/**
 * The samples of a benchmark, as one side of `pairs` has them.
 * @param only which evaluations `e`. Default: all
 */
export function reducedSide(
  of: Sampling,
  { metric, reduction }: Pick<Pairing, "metric" | "reduction">,
  only?: Fragment,
): Fragment {
  const values = valuesOfSide(of, metric, undefined, only);
  if (!isReduced(of, reduction)) return sql.fragment`${values} and e.repetition = 0`;
  const valued = sql.fragment`select * from (${values}) v where value is not null`;
  return reducedValues(valued, sql.fragment`v.sample_id`, reduction, ofSample);
}

/**
 * A condition on a full join that leaves it one. Where its statistics are older than the rows, PostgreSQL
 * expects few and makes nested loops of any other join, which take minutes for a thousand samples; of a full
 * one it cannot. `is not null` would let it see that another join does, as would a condition around it: an
 * `offset 0` keeps those out.
 */
export const isThere = (column: Fragment) =>
  sql.fragment`case when ${column} is null then false else true end`;

/** Reduced samples, and those of which there is no value; their texts are of the first repetition. */
function withoutValues(reduced: Fragment, values: Fragment, hasSplits: boolean): Fragment {
  const none = sql.fragment``;
  // Any repetition tells the split of a sample.
  const otherFirst = hasSplits ? sql.fragment`v.is_other desc,` : none;
  return sql.fragment`
    select
      t.sample_id, coalesce(r.id, t.id) as id, r.value, r.tries, r.alike, r.failed,
      coalesce(r.input, t.input) as input, coalesce(r.expected, t.expected) as expected
      ${hasSplits ? sql.fragment`, t.is_other` : none}
    from (
      select distinct on (v.sample_id) v.* from (${values}) v
      order by v.sample_id, ${otherFirst} v.repetition
    ) t full join (${reduced}) r on r.sample_id = t.sample_id offset 0`;
}

const lackOf = ({ repetitions }: Sampling, end: number, isBound: boolean) => ({
  wanted: sql.fragment`${repetitions}`,
  end: sql.fragment`${end}`,
  isBound,
});

/** Where each evaluation is a sample, most reducers leave its value as it is. */
const isReduced = ({ isRepeated }: Sampling, { reducer }: Reduction) =>
  isRepeated || countsSuccesses(reducer);

/**
 * What the differences of `pair` are ranked by. Of reduced values, such as thirds, the last of 15 digits are
 * rounding: without them 2/3 - 1/3 and 1/3 - 0 tie.
 */
export function sizeOf({ baseline, candidate, reduction }: Pairing): Fragment {
  if (![baseline, candidate].some((side) => isReduced(side, reduction))) return sql.fragment`abs(difference)`;
  return sql.fragment`abs(round(difference::numeric, (
    select 13 - ceil(log(greatest(max(greatest(abs(baseline), abs(candidate))), 1e-290)))::integer from pair
  )))`;
}

// Where a repetition was asked something else than the others, what tells one text from another is of both.
const textOf = (name: "input" | "expected") => {
  const text = sql.fragment`v.${sql.identifier([name])}`;
  return sql.fragment`
    case when min(${text}) = max(${text}) then min(${text}) else min(${text}) # (max(${text}) << 1) end
      as ${sql.identifier([name])}`;
};

const ofSample = {
  aggregates: sql.fragment`,
    (array_agg(v.id order by v.repetition))[1] as id, count(*)::integer as tries,
    (count(*) > 1 and min(v.value) = max(v.value))::integer as alike, bool_or(v.failed) as failed,
    ${textOf("input")}, ${textOf("expected")}`,
  names: sql.fragment`, v.id, v.tries, v.alike, v.failed, v.input, v.expected`,
};

const ofClusteredSample = {
  aggregates: sql.fragment`${ofSample.aggregates}${clusterOfSample.aggregates}`,
  names: sql.fragment`${ofSample.names}${clusterOfSample.names}`,
};

/** The number of samples, those without a value or a sample_id included. */
const countOf = ({ id, isRepeated }: Sampling) =>
  isRepeated
    ? sql.fragment`(
        select count(distinct sample_id) + count(*) filter (where sample_id is null)
        from evaluations where benchmark_id = ${id}
      )`
    : sql.fragment`(select count(*) from evaluations where benchmark_id = ${id})`;

/** Pairs of which a side has more evaluations than it declares: see `samplesBeyond`. */
function countBeyond({ id, declared = 0, hasBeyond = false }: Side): Fragment {
  if (!hasBeyond) return sql.fragment`0`;
  return sql.fragment`(
    select count(*) filter (where t.tries > case when ${declared} > 0 then ${declared} else t.least end)
    from (
      select t.tries, min(t.tries) over () as least
      from (
        select sample_id, count(*) as tries from evaluations
        where benchmark_id = ${id} and sample_id is not null group by sample_id offset 0
      ) t full join pair p on p.sample_id = t.sample_id
      where ${isThere(sql.fragment`t.sample_id`)} and ${isThere(sql.fragment`p.sample_id`)}
    ) t
  )`;
}

/**
 * Least and greatest number of repetitions, and how many samples lack some, have two or more, are alike, and
 * go beyond what is declared.
 */
function packedRepetitions(name: "baseline" | "candidate", side: Side): Fragment {
  const { isRepeated, repetitions } = side;
  if (!isRepeated) return sql.fragment`null::integer[]`;
  const tries = sql.fragment`${sql.identifier([`${name}_tries`])}`;
  return sql.fragment`
    case when count(*) > 0 then array[
      coalesce(min(${tries}) filter (where ${tries} > 0), 0), max(${tries}),
      count(*) filter (where ${tries} < ${repetitions}),
      count(*) filter (where ${tries} > 1), sum(${sql.identifier([`${name}_alike`])}),
      ${countBeyond(side)}
    ]::integer[] end`;
}

/** Pairs in which the candidate has fewer repetitions than the baseline, or lacks more that nothing fills. */
function countShort({ baseline, candidate }: Pairing, isFilled: boolean): Fragment {
  const tries = isFilled
    ? sql.fragment`greatest(candidate_tries, ${candidate.repetitions})`
    : sql.fragment`candidate_tries`;
  const more = isFilled ? 0 : Math.max(0, candidate.repetitions - baseline.repetitions);
  return sql.fragment`
    count(*) filter (where candidate_tries > 0 and ${tries} < baseline_tries + ${more})`;
}

export function isCompared({ allowDifferentInputs = false, excludeFailed = false }: Pairing): Fragment {
  const isSame = allowDifferentInputs ? sql.fragment`true` : sql.fragment`p.is_same`;
  return excludeFailed
    ? sql.fragment`${isSame} and not p.baseline_failed and not p.candidate_failed`
    : isSame;
}

export const exampleSides = (isRepeated: boolean, elsewhere = 0) => {
  const side = {
    ...{ id: example.id, repetitions: 0, plannedSamples: 0, totalIterations: 0 },
    ...{ isRepeated, elsewhere },
  };
  return { baseline: side, candidate: { ...side, repetitions: 5, hasBeyond: isRepeated } };
};
const byMean = { reducer: "mean", k: 0 } as const;

/** Sum, sum of squared deviations, least and greatest; null without pairs. */
export const packed = z.array(z.number()).nullable();

export function packedMoments(name: string): Fragment {
  const value = sql.fragment`${sql.identifier([name])}`;
  return sql.fragment`
    case when count(*) > 0
      then array[${exactSum(value)}, regr_sxx(${value}, ${value}), min(${value}), max(${value})] end`;
}

const compared = ["baseline", "candidate", "difference"] as const;

/** The clusters of each of the values that are compared; null if nobody asks for them, or without pairs. */
function clustersOfPairs({ clusterBy }: Pairing): Fragment {
  if (clusterBy === undefined) return sql.fragment`null::jsonb`;
  const values = compared.map((name) => {
    const value = sql.identifier(["p", name]);
    return sql.fragment`
      select
        ${sql.literalValue(name)} as metric, ${value} as value, center.${sql.identifier([name])} as center,
        p.cluster_id, p.is_mixed, p.sample_id as sample
      from pair p cross join center`;
  });
  const centers = compared.map((name) => {
    const column = sql.identifier([name]);
    return sql.fragment`avg(${column}) as ${column}`;
  });
  return sql.fragment`(
    with center as materialized (select ${sql.join(centers, sql.fragment`, `)} from pair)
    select jsonb_object_agg(c.metric, c.found)
    from (${foundClusters(sql.fragment`${sql.join(values, sql.fragment` union all `)}`)}) c
  )`;
}

/** Blocks that the bootstrap draws hold whole clusters. */
const placeOf = ({ clusterBy }: Pairing) =>
  clusterBy === undefined
    ? sql.fragment`row_number() over (order by sample_id collate "C")`
    : sql.fragment`
      dense_rank() over (order by cluster_id, case when cluster_id is null then sample_id end collate "C")`;

/** What is read of the differences of pairs, of all of them or of a group. */
export const differenceRow = {
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
};

// All figures but the intervals. Ranks are those of groups of equal size, so that ties cost nothing.
export const pairFigures = statement("evaluation_pair_figures", {
  row: z.object({
    pairs: z.number(),
    different: z.number(),
    baselineCount: z.number(),
    candidateCount: z.number(),
    baselinePaired: z.number(),
    candidatePaired: z.number(),
    candidateFilled: z.number(),
    candidateShort: z.number(),
    baselineWithError: z.number(),
    candidateWithError: z.number(),
    meanWithoutError: z.number().nullable(),
    baselineRepetitions: packed,
    candidateRepetitions: packed,
    ...differenceRow,
    blockCounts: z.array(z.number()).nullable(),
    blockSums: z.array(z.number()).nullable(),
    clusters: z.custom<Record<(typeof compared)[number], FoundClusters>>().nullable(),
    draws: z.custom<FoundDraws>().nullable(),
  }),
  prepared: false,
  build: (
    pairing: Pairing,
    tolerance: number,
    blocks: number,
    isFilled: boolean,
    margin?: number,
  ) => sql.fragment`
    with found as materialized (
      ${pairs(pairing)}
    ), pair as (
      select * from found p where ${isCompared(pairing)}
    ), sized as (
      select size, count(*) as n, count(*) filter (where difference > 0) as up
      from (select difference, ${sizeOf(pairing)} as size from pair) p where size <> 0 group by size
    ), ranked as (
      select size, n, up, sum(n) over (order by size) - (n - 1) / 2.0 as rank from sized
    ), placed as (
      select difference, ${placeOf(pairing)} as position from pair
    ), block as (
      select position % ${blocks} as number, count(*) as n, sum(difference) as sum from placed group by 1
    )
    select
      count(*) as pairs, (select count(*) from found where not is_same) as different,
      ${countOf(pairing.baseline)} as baseline_count, ${countOf(pairing.candidate)} as candidate_count,
      count(baseline_id) as baseline_paired, count(candidate_id) as candidate_paired,
      count(*) filter (where is_candidate_filled) as candidate_filled,
      ${countShort(pairing, isFilled)} as candidate_short,
      count(*) filter (where baseline_failed) as baseline_with_error,
      count(*) filter (where candidate_failed) as candidate_with_error,
      avg(difference) filter (where not baseline_failed and not candidate_failed) as mean_without_error,
      ${packedRepetitions("baseline", pairing.baseline)} as baseline_repetitions,
      ${packedRepetitions("candidate", pairing.candidate)} as candidate_repetitions,
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
      (select array_agg(sum order by number) from block) as block_sums,
      ${clustersOfPairs(pairing)} as clusters, ${drawsOfPairs(margin, pairing.clusterBy !== undefined)} as draws
    from pair`,
  examples: [
    [{ ...exampleSides(false), metric: "score", reduction: byMean }, 0, 5000, false, undefined],
    [
      { ...exampleSides(true), metric: "score", reduction: { reducer: "pass_at_k", k: 3 } },
      0,
      5000,
      false,
      undefined,
    ],
    [
      {
        ...exampleSides(true),
        metric: "metrics.score",
        reduction: byMean,
        allowDifferentInputs: true,
        excludeFailed: true,
      },
      0.5,
      5000,
      false,
      0.02,
    ],
    [
      { ...exampleSides(false), metric: "score", reduction: byMean, clusterBy: "document.id" },
      0,
      5000,
      false,
      undefined,
    ],
    [
      { ...exampleSides(true), metric: "score", reduction: byMean, clusterBy: "document" },
      0,
      5000,
      false,
      0.02,
    ],
    [
      { ...exampleSides(false), metric: "score", reduction: byMean, filledWith: { candidate: 0 } },
      0,
      5000,
      true,
      undefined,
    ],
    [
      { ...exampleSides(true), metric: "score", reduction: byMean, filledWith: { candidate: 0 } },
      0,
      5000,
      true,
      undefined,
    ],
  ],
});

// The least and the greatest difference that each sample can have, of those that either side has tried.
export const pairBounds = statement("evaluation_pair_bounds", {
  row: z.object({
    pairs: z.number(),
    /** The pairs with those that are not compared. */
    samples: z.number(),
    low: packed,
    high: packed,
    lowDraws: z.custom<FoundDraws>().nullable(),
    highDraws: z.custom<FoundDraws>().nullable(),
  }),
  prepared: false,
  build: (pairing: Pairing, low: number, high: number, margin?: number) => {
    const between = (candidate: number, baseline: number) => sql.fragment`
      with sample as materialized (
        select p.difference, ${isCompared(pairing)} as is_compared
        from (${pairs({ ...pairing, filledWith: { candidate, baseline } })}) p
      ), pair as materialized (
        select difference from sample where is_compared
      )
      select
        (select count(*) from sample) as samples, count(*) as pairs, ${packedMoments("difference")} as moments, ${drawsOfPairs(margin, false)} as draws
      from pair`;
    return sql.fragment`
      select
        lowest.pairs, lowest.samples, lowest.moments as low, highest.moments as high,
        lowest.draws as low_draws, highest.draws as high_draws
      from (${between(low, high)}) lowest cross join (${between(high, low)}) highest`;
  },
  examples: [
    [{ ...exampleSides(false), metric: "score", reduction: byMean }, 0, 1, undefined],
    [{ ...exampleSides(true), metric: "score", reduction: byMean }, 0, 1, 0.02],
    [{ ...exampleSides(true, 5), metric: "accuracy/test", reduction: byMean }, 0, 1, 0.02],
  ],
});

// The largest differences first: above the tolerance, or below it where `isBelow`.
export const pairSamples = statement("evaluation_pair_samples", {
  row: z.object({
    sampleId: z.string(),
    baselineCount: z.number(),
    candidateCount: z.number(),
    baselineValue: z.number(),
    candidateValue: z.number(),
    difference: z.number(),
    baselineEvaluationId: z.string(),
    candidateEvaluationId: z.string(),
  }),
  prepared: false,
  build: (pairing: Pairing, isBelow: boolean, tolerance: number, limit: number, after?: SamplePosition) => {
    const size = isBelow ? sql.fragment`-p.difference` : sql.fragment`p.difference`;
    const key = sql.fragment`${size} desc, p.sample_id collate "C"`;
    const where = [sql.fragment`${size} > ${tolerance}`, isCompared(pairing)];
    if (after) {
      const { difference, sampleId } = after;
      const last = Math.abs(difference);
      where.push(sql.fragment`(
        ${size} < ${last} or ${size} = ${last} and p.sample_id collate "C" > ${sampleId}
      )`);
    }
    return sql.fragment`
      select
        coalesce(p.sample_id, '') as sample_id, p.baseline_tries as baseline_count,
        p.candidate_tries as candidate_count, p.baseline as baseline_value,
        p.candidate as candidate_value, p.difference, coalesce(p.baseline_id::text, '') as baseline_evaluation_id,
        coalesce(p.candidate_id::text, '') as candidate_evaluation_id
      from (${pairs(pairing)}) p where ${sql.and(where)} order by ${key} limit ${limit}`;
  },
  examples: [
    [{ ...exampleSides(false), metric: "score", reduction: byMean }, false, 0, 50, undefined],
    [
      { ...exampleSides(true), metric: "accuracy", reduction: { reducer: "mode", k: 0 } },
      true,
      0,
      50,
      { difference: -0.5, sampleId: "s" },
    ],
  ],
});
