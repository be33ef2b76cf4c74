import { z } from "zod";
import { limits } from "../../limits.ts";
import type { MarginTest } from "../../statistics/margin.ts";
import { finite, notNegative, text, uuid } from "../../validation.ts";
import { type Clusters, clusterKey, notWithGroups } from "../clusters/clusters.ts";
import type { Coverage } from "../coverage/coverage.ts";
import { type Bounds, checkClusters, missingFields, type Treatment } from "../coverage/missing.ts";
import type { ComparisonPosition } from "../input.ts";
import { checkK, type Reducer, type Repetitions, reductionFields } from "../samples/reduce.ts";
import { groupBy } from "../slices/key.ts";
import type { PairSlices } from "../slices/pair-slices.ts";
import type { pairSamples } from "./statements.ts";

const aboveZero = finite.positive("must be above 0");

export const comparisonInput = z
  .strictObject({
    baselineId: uuid,
    candidateIds: z
      .array(uuid)
      .min(1, "must have 1 or more items")
      .max(limits.candidates, `must have at most ${limits.candidates} items`),
    metric: text(limits.nameLength, 1).default("score"),
    lowerIsBetter: z.boolean().optional(),
    tieTolerance: notNegative.default(0),
    bootstrapSamples: z
      .int("must be a whole number")
      .min(0, "must be 0 or more")
      .max(limits.bootstrapSamples, `must be at most ${limits.bootstrapSamples}`)
      .default(10_000),
    allowDifferentInputs: z.boolean().default(false),
    excludeFailed: z.boolean().default(false),
    margin: aboveZero.optional(),
    detect: aboveZero.optional(),
    alpha: aboveZero.lt(0.5, "must be below 0.5").default(0.05),
    clusterBy: clusterKey,
    groupBy: groupBy.optional(),
    ...reductionFields,
    ...missingFields,
  })
  .superRefine(checkK)
  .superRefine(checkClusters)
  .refine(({ clusterBy, groupBy: key }) => clusterBy === undefined || key === undefined, {
    path: ["clusterBy"],
    message: notWithGroups,
  })
  .refine(({ excludeFailed, missing }) => !excludeFailed || missing === "exclude", {
    path: ["excludeFailed"],
    message: "goes with missing EXCLUDE alone",
  })
  .superRefine(({ baselineId, candidateIds }, context) => {
    for (const [index, id] of candidateIds.entries()) {
      const isRepeated = candidateIds.indexOf(id) !== index;
      if (id !== baselineId && !isRepeated) continue;
      const message = isRepeated ? "is given twice" : "is the baseline itself";
      context.addIssue({ code: "custom", path: ["candidateIds", index], message });
    }
  });

/**
 * A comparison of candidates with a baseline on one metric, in pairs of the same sample, whose repetitions
 * become one value first.
 * `lowerIsBetter` defaults to what is so of the metric: `isLowerBetter`. `groupBy` asks for groups of pairs.
 */
export type ComparisonInput = z.input<typeof comparisonInput>;

/** A sample with its values on both sides; the difference is the candidate's minus the baseline's. */
type PairedSample = z.output<typeof pairSamples.row>;

/** One candidate compared with the baseline. Figures that are undefined for its pairs are null. */
export interface Comparison {
  candidateId: string;
  /** Pairs: samples with a value on both sides, or with "as_worst" in the baseline alone. */
  nPaired: number;
  /** Samples of both whose inputs or expected answers differ: no pairs, unless they are allowed. */
  differentInputs: number;
  /** Samples without a partner. */
  baselineUnpaired: number;
  candidateUnpaired: number;
  /** Of each benchmark as a whole. */
  baselineCoverage: Coverage;
  candidateCoverage: Coverage;
  /** Pairs in which the candidate has no value, so that the worst stands for it. */
  candidateFilled: number;
  /** Pairs in which the candidate lacks repetitions and the baseline has them. */
  candidateShort: number;
  /** Pairs in which the value of a side is of evaluations of which one or more have an error. */
  baselineWithError: number;
  candidateWithError: number;
  /** Over the pairs in which neither is; null without any. */
  meanDifferenceWithoutError: number | null;
  /**
   * The same comparison by these pairs alone, without lists of samples and bootstrap. Null unless there are
   * others, of a metric of which they may look better: see `mayEndEarly`.
   */
  withoutFailed: Comparison | null;
  /** Of the mean difference over all samples; null unless asked for. */
  bounds: Bounds | null;
  baselineMean: number | null;
  baselineCi95Low: number | null;
  baselineCi95High: number | null;
  candidateMean: number | null;
  candidateCi95Low: number | null;
  candidateCi95High: number | null;
  meanDifference: number | null;
  stderr: number | null;
  /** The interval of the paired t-test, and so of `pairedTPValue`, not adjusted; null as that is. */
  ci95Low: number | null;
  ci95High: number | null;
  bootstrapCi95Low: number | null;
  bootstrapCi95High: number | null;
  /** The test of `pValue`: by clusters, if asked for, else McNemar's if all values are 0 or 1. */
  test: "mcnemar" | "wilcoxon" | "cluster_t" | null;
  pValue: number | null;
  /** By Holm's method over all candidates. */
  adjustedPValue: number | null;
  mcnemarPValue: number | null;
  wilcoxonPValue: number | null;
  pairedTPValue: number | null;
  /** By Holm's method over all candidates. */
  adjustedPairedTPValue: number | null;
  /** Which way `test` goes: see `rankBiserial`; null without pairs, and by clusters. */
  rankBiserial: number | null;
  /** Cohen's d_z: mean difference / standard deviation of the differences. */
  effectSize: number | null;
  /** The interval of the test of equivalence: 90 %, two one-sided ones of 95 %. */
  ci90Low: number | null;
  ci90High: number | null;
  /** The smallest true difference that these pairs show with a power of 80 %, at the level `alpha`. */
  detectableDifference: number | null;
  /** So many pairs show a difference of `detect` with that power; null if more than 1e9. */
  pairsNeeded: number | null;
  /** The test of the two below; null as `noWorsePValue`, unless all differences are equal. */
  marginTest: MarginTest | null;
  /** The range of the metric that they go by: see `testedRange`; null where an end of it is not known. */
  marginRangeLow: number | null;
  marginRangeHigh: number | null;
  /**
   * One-sided, of the candidate being worse than the baseline by `margin` or more: see `noWorseP`. With
   * bounds it is of the worst mean difference that missing samples allow.
   */
  noWorsePValue: number | null;
  /** Of the two differing by `margin` or more: see `equivalenceP`. With bounds it is of both of them. */
  equivalencePValue: number | null;
  wins: number;
  losses: number;
  ties: number;
  /** Of the pairs; null in a benchmark without repetitions. */
  baselineRepetitions: Repetitions | null;
  candidateRepetitions: Repetitions | null;
  /**
   * Null unless asked for, or without pairs. Errors, intervals and p-values are then by clusters: see
   * `clusteredStderr`.
   */
  clusters: Clusters | null;
  /** Null unless asked for. */
  slices: PairSlices | null;
  regressed: readonly PairedSample[];
  improved: readonly PairedSample[];
}

export interface ComparisonPage {
  baselineId: string;
  metric: string;
  lowerIsBetter: boolean;
  reducer: Reducer;
  k: number;
  clusterBy: string | null;
  missing: Treatment;
  /** The range of the metric that `missing` goes by; null where an end of it is not known. */
  rangeLow: number | null;
  rangeHigh: number | null;
  comparisons: Comparison[];
  /** One position a candidate; undefined when no list has more. */
  next: ComparisonPosition[] | undefined;
}
