import type { z } from "zod";
import { invalidField } from "../../errors.ts";
import { type MeanFigures, meanFigures } from "../../statistics/mean-interval.ts";
import { mergeMoments } from "../../statistics/moments.ts";
import { finite, oneOf } from "../../validation.ts";
import { areShares } from "../metric.ts";
import type { WithLacking } from "../samples/lacking.ts";
import { countsSuccesses, type ReducedMoments, type Reducer } from "../samples/reduce.ts";
import type { Coverage } from "./coverage.ts";

const treatments = ["exclude", "as_worst", "bounds"] as const;

/** What a mean does with samples that have no value. */
export type Treatment = (typeof treatments)[number];

export const missingFields = {
  missing: oneOf(treatments).default("exclude"),
  rangeLow: finite.optional(),
  rangeHigh: finite.optional(),
};

/**
 * `missing`: samples without a value, and repetitions that a sample lacks, are left out ("exclude"), count
 * as the worst value that there can be ("as_worst"), or make bounds of what the mean may be ("bounds").
 * `rangeLow` and `rangeHigh` are the ends of what a value can be, where those of the metric are not known or
 * are others.
 */
interface MissingInput {
  missing?: Treatment | undefined;
  rangeLow?: number | undefined;
  rangeHigh?: number | undefined;
}

export interface Missing extends MissingInput {
  missing: Treatment;
}

/** The ends of what a value can be; infinite where there is none, or it is not known. */
export interface Range {
  low: number;
  high: number;
}

/** An end of a range as answers have it. */
export const endOf = (end: number) => (Number.isFinite(end) ? end : null);

/** Refuses clusters where samples without a value are to count, which are in none. */
export function checkClusters(
  { clusterBy, missing }: { clusterBy?: string | undefined; missing: Treatment },
  context: z.RefinementCtx,
): void {
  if (clusterBy === undefined || missing === "exclude") return;
  const message = `does not go with missing ${missing}: samples without a value are in no cluster`;
  context.addIssue({ code: "custom", path: ["clusterBy"], message });
}

/** What is known of a metric before its samples are. */
interface Metric {
  name: string;
  reducer: Reducer;
  lowerIsBetter: boolean;
}

/**
 * The range of a metric: that given, or else 0 to 1 for shares and 0 and more for latency, tokens and cost.
 * Scores and a benchmark's own metrics are taken to be shares where none of their values says otherwise.
 * @param values the least and the greatest value that there are
 * @throws INVALID_ARGUMENT if a value lies outside of the range given
 */
export function rangeOf(
  { name, reducer }: Pick<Metric, "name" | "reducer">,
  values: { min: number; max: number } | undefined,
  { rangeLow, rangeHigh }: MissingInput,
): Range {
  const seen = countsSuccesses(reducer) ? { min: 0, max: 1 } : values;
  const isShare = countsSuccesses(reducer) || areShares(name);
  const areWithin = seen === undefined || (seen.min >= 0 && seen.max <= 1);
  const low = rangeLow ?? (isShare && !areWithin ? -Infinity : 0);
  const high = rangeHigh ?? (isShare && areWithin ? 1 : Infinity);
  if (seen && low > seen.min)
    throw invalidField("range_low", `must be at most ${seen.min}, the least value of ${name}`);
  if (seen && high < seen.max)
    throw invalidField("range_high", `must be at least ${seen.max}, the greatest value of ${name}`);
  if (low > high) throw invalidField("range_high", `must be at least ${low}, the other end of the range`);
  return { low, high };
}

/**
 * The range that tests of a margin go by. Where it is not known of a metric that is taken for a share it goes
 * from 0 to 1, or to the ends that are given, and as far beyond as there are values.
 * @param range of the metric, by `rangeOf` with the other parameters
 */
export function testedRange(
  { low, high }: Range,
  name: string,
  values: { min: number; max: number } | undefined,
  { rangeLow, rangeHigh }: MissingInput,
): Range {
  if (!areShares(name) || values === undefined) return { low, high };
  const within = { low: rangeLow ?? Math.min(0, values.min), high: rangeHigh ?? Math.max(1, values.max) };
  return { low: Math.max(low, within.low), high: Math.min(high, within.high) };
}

/** @throws INVALID_ARGUMENT for a range that would be of several metrics at once */
export function refuseRange({ rangeLow, rangeHigh }: MissingInput): void {
  const field = rangeLow === undefined ? "range_high" : "range_low";
  if ((rangeLow ?? rangeHigh) !== undefined)
    throw invalidField(field, "is the end of one metric: name that one alone in metrics");
}

/** The end of a range that is the worst. */
export const worstOf = ({ low, high }: Range, lowerIsBetter: boolean) => (lowerIsBetter ? high : low);

/** @throws INVALID_ARGUMENT if an end that a treatment of missing samples needs is not known */
export function requireEnds(treatment: Treatment, { name, lowerIsBetter }: Metric, range: Range): void {
  const lacks = lackingEnd(treatment, range, lowerIsBetter);
  if (lacks === undefined) return;
  const end = lacks === "range_low" ? "least" : "greatest";
  throw invalidField(lacks, `is required: the ${end} value that ${name} can have is not known`);
}

/** The field of the first end that a treatment needs and that is not known. */
export function lackingEnd(treatment: Treatment, { low, high }: Range, lowerIsBetter: boolean) {
  if (treatment === "exclude") return undefined;
  const isNeeded = (isWorst: boolean) => treatment === "bounds" || isWorst;
  if (isNeeded(!lowerIsBetter) && !Number.isFinite(low)) return "range_low";
  return isNeeded(lowerIsBetter) && !Number.isFinite(high) ? "range_high" : undefined;
}

/** The ends of a range that a treatment needs and that are known. */
export function endsFor(treatment: Treatment, range: Range, lowerIsBetter: boolean): number[] {
  if (treatment === "exclude") return [];
  const ends = treatment === "bounds" ? [range.low, range.high] : [worstOf(range, lowerIsBetter)];
  return ends.filter(Number.isFinite);
}

/** The samples of a benchmark, of which some may have no value, and others not all of their repetitions. */
export interface Samples {
  /** Of the samples that have a value. */
  moments: ReducedMoments;
  coverage: Coverage;
  /** Undefined where no sample with a value lacks repetitions. */
  withLacking?: WithLacking | undefined;
}

/** Whether the mean over all samples, with all repetitions, may be another. */
export const areOpen = ({ coverage, withLacking }: Samples) =>
  coverage.missing > 0 || withLacking !== undefined;

/** The moments of all samples, with one value for each that is missing and each repetition that lacks. */
export function filledAll({ moments, coverage, withLacking }: Samples, value: number): ReducedMoments {
  const filled = withLacking?.(value) ?? moments;
  return filledWith(filled, Math.max(0, coverage.scored + coverage.missing - filled.count), value);
}

/** Moments with `missing` further samples of one value. */
export function filledWith(moments: ReducedMoments, missing: number, value: number): ReducedMoments {
  if (missing === 0) return moments;
  const { min = value, max = value, count } = moments;
  const all = mergeMoments([
    ...(count > 0 ? [moments] : []),
    { count: missing, sum: missing * value, m2: 0 },
  ]);
  return { ...all, min: Math.min(min, value), max: Math.max(max, value) };
}

/**
 * The moments of samples without so many that failed, if these had all the same value, an end of what there
 * is: their mean is the furthest from it that there may be. As nothing tells how these vary, they do so as
 * all. Undefined if all failed.
 */
export function withoutFailed(
  all: ReducedMoments,
  failed: number,
  value: number,
): ReducedMoments | undefined {
  const { count, sum, m2, min = value, max = value } = all;
  if (failed === 0) return all;
  const left = count - failed;
  if (left <= 0) return undefined;
  const mean = Math.min(max, Math.max(min, (sum - failed * value) / left));
  return { count: left, sum: mean * left, m2: (m2 * (left - 1)) / (count - 1), min, max };
}

/** What the mean over all samples may be. */
export interface Bounds {
  /**
   * The least and the greatest mean that the missing samples allow (Manski, Journal of Human Resources 24,
   * 1989).
   */
  low: number;
  high: number;
  /**
   * The lower end of the 95 % interval of the least mean, and the upper one of the greatest (Horowitz and
   * Manski, JASA 95, 2000): it holds the mean of which the samples were drawn in 95 % or more of the cases,
   * whatever is missing. Null where the values determine none.
   */
  ci95Low: number | null;
  ci95High: number | null;
}

/** Undefined without any sample. */
export function boundsOf(name: string, samples: Samples, range: Range): Bounds | undefined {
  const { moments, coverage } = samples;
  if (moments.count + coverage.missing === 0) return undefined;
  const ends = areOpen(samples)
    ? [filledAll(samples, range.low), filledAll(samples, range.high)]
    : [moments, moments];
  const [least, greatest] = ends.map((all) => meanFigures(all, { areShares: areShares(name), range })) as [
    MeanFigures,
    MeanFigures,
  ];
  return {
    low: least.mean,
    high: greatest.mean,
    ci95Low: least.interval?.low ?? null,
    ci95High: greatest.interval?.high ?? null,
  };
}
