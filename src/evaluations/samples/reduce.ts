import { z } from "zod";
import { limits } from "../../limits.ts";
import { type Moments, mergeMoments } from "../../statistics/moments.ts";
import { passAllOf, passAnyOf } from "../../statistics/reducers.ts";
import { oneOf, whole } from "../../validation.ts";

export const reducers = ["mean", "median", "mode", "max", "at_least_k", "pass_at_k", "pass_hat_k"] as const;

/** How the values of one sample become one value. */
export type Reducer = (typeof reducers)[number];

export const reductionFields = {
  reducer: oneOf(reducers).default("mean"),
  k: whole(0, limits.repetitions).default(0),
};

/** Refuses a reducer without its `k`, and a `k` without such a reducer. */
export function checkK({ reducer, k }: Reduction, context: z.RefinementCtx): void {
  if (countsSuccesses(reducer) === k > 0) return;
  const message =
    k === 0
      ? `is required for the reducer ${reducer}: 1 or more`
      : `is for the reducers ${reducers.filter(countsSuccesses).join(", ")} only`;
  context.addIssue({ code: "custom", path: ["k"], message });
}

export const reductionInput = z.strictObject(reductionFields).superRefine(checkK);

/**
 * How the values that the repetitions of a sample have become one value. `k` is for at_least_k, pass_at_k and
 * pass_hat_k, which need it.
 */
export type ReductionInput = z.input<typeof reductionInput>;

export type Reduction = z.output<typeof reductionInput>;

/** Whether a reducer needs no more than the number of values and of successes. */
export const countsSuccesses = (reducer: Reducer) => reducer.endsWith("_k");

export const reducesByCounts = (reducer: Reducer) => reducer === "mean" || countsSuccesses(reducer);

/** Samples of a metric that have as many values, and as many successes. */
export interface SampleGroup {
  tries: number;
  /** Values of 1; -1 where a value is not between 0 and 1. */
  successes: number;
  samples: number;
  /** Samples with two values or more, all the same. */
  alike: number;
  /** Samples with a value that is neither 0 nor 1; `mean` and `m2` are of their means. */
  fractional: number;
  /** Samples of which an evaluation has an error. */
  failed: number;
  mean: number;
  m2: number;
}

/** The moments of samples after reduction. */
export interface ReducedMoments extends Moments {
  /** The range of the means or values, where it is known. */
  min?: number;
  max?: number;
}

/** What the samples of a metric come to. */
export interface Reduced {
  moments: ReducedMoments;
  /** Samples with values of which the reducer makes none. */
  unscored: number;
  /** Samples with a value after reduction, of which an evaluation has an error. */
  failed: number;
}

/** The value of a sample by a reducer that counts successes: none where it makes none. */
function valueOfCounts(tries: number, successes: number, { reducer, k }: Reduction) {
  if (reducer === "at_least_k") return tries < k ? undefined : Number(successes >= k);
  return reducer === "pass_at_k" ? passAnyOf(tries, successes, k) : passAllOf(tries, successes, k);
}

/** What stands for each value that a sample has fewer than wanted: an end of their range. */
interface Lack {
  wanted: number;
  end: number;
}

/** Reduces the samples of a metric by one of the reducers that `reducesByCounts`. */
export function reduceGroups(groups: readonly SampleGroup[], reduction: Reduction, lack?: Lack): Reduced {
  const parts: Moments[] = [];
  let [unscored, failed] = [0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const add = (count: number, value: number, m2 = 0) => {
    if (count === 0) return;
    parts.push({ count, sum: count * value, m2 });
    [min, max] = m2 === 0 ? [Math.min(min, value), Math.max(max, value)] : [-Infinity, Infinity];
  };
  for (const group of groups) {
    const { samples, fractional, successes, tries } = group;
    const { wanted = 0, end = 0 } = lack ?? {};
    const lacking = Math.max(0, wanted - tries);
    if (reduction.reducer === "mean") {
      const share = tries / (tries + lacking);
      const filled = (mean: number) => (lacking === 0 ? mean : share * mean + (1 - share) * end);
      add(fractional, filled(group.mean), group.m2 * share ** 2);
      add(samples - fractional, filled(successes / tries));
      failed += group.failed;
      continue;
    }
    const more = end >= 1 ? lacking : 0;
    const value = successes < 0 ? undefined : valueOfCounts(tries + lacking, successes + more, reduction);
    if (value === undefined) unscored += samples;
    else {
      add(samples, value);
      failed += group.failed;
    }
  }
  return { moments: { ...mergeMoments(parts), min, max }, unscored, failed };
}

export const countSamples = (groups: readonly SampleGroup[]) =>
  groups.reduce((total, { samples }) => total + samples, 0);

/** The samples of which an evaluation has an error. */
export const countFailed = (groups: readonly SampleGroup[]) =>
  groups.reduce((total, { failed }) => total + failed, 0);

/** How often the samples of a metric were repeated, and how much the repetitions agree. */
export interface Repetitions {
  /** Least and greatest number of values of a sample that has any. */
  least: number;
  most: number;
  /** Samples of the benchmark with fewer values than wanted: `wantedOf`. */
  samplesLacking: number;
  /** Samples with more evaluations than declared: `samplesBeyond`. */
  samplesBeyond: number;
  /** Share of the samples with two values or more in which all are the same; null if none has two. */
  agreement: number | null;
}

/**
 * The repetitions that each sample is to have: as many as are declared, or else as the sample with the most.
 * @param groups of the evaluations, with a value or without
 */
export const wantedOf = (declared: number, groups: readonly SampleGroup[] | null = []) =>
  declared || Math.max(1, ...(groups ?? []).map(({ tries }) => tries));

/**
 * The samples with more evaluations than are declared or, if none are, than the sample with the fewest has.
 * @param groups of the evaluations, with a value or without
 */
export function samplesBeyond(declared: number, groups: readonly SampleGroup[]): number {
  const most = declared || Math.min(...groups.map(({ tries }) => tries));
  return countSamples(groups.filter(({ tries }) => tries > most));
}

/**
 * @param groups of one metric
 * @param all the samples of the benchmark
 * @param beyond those with more evaluations than declared
 */
export function repetitionsOf(
  groups: readonly SampleGroup[],
  { wanted, tried: all, beyond }: { wanted: number; tried: number; beyond: number },
): Repetitions {
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  for (const { tries } of groups) [least, most] = [Math.min(least, tries), Math.max(most, tries)];
  const repeated = countSamples(groups.filter(({ tries }) => tries > 1));
  const alike = groups.reduce((total, group) => total + group.alike, 0);
  return {
    least: groups.length > 0 ? least : 0,
    most,
    samplesLacking: all - countSamples(groups.filter(({ tries }) => tries >= wanted)),
    samplesBeyond: beyond,
    agreement: repeated > 0 ? alike / repeated : null,
  };
}
