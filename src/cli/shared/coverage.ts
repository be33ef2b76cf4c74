import { InvalidArgumentError } from "commander";
import {
  type BenchmarkComparison,
  type Bounds,
  type LeaderboardEntry,
  type MetricRun,
  type MetricSummary,
  type Missing,
  MissingSchema,
  type Reducer,
} from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { limits } from "../../limits.ts";
import { type Covered, lacksValues, mayEndEarly } from "../../statistics/lacking.ts";
import { leaveOpen } from "../../statistics/verdict.ts";
import { wireEnum } from "../../wire/enums.ts";
import { withFigures } from "./categories.ts";
import { given } from "./options.ts";
import { countOf, formatInterval, formatNumber, oneLine } from "./output.ts";
import { reducerText } from "./reducer.ts";

const wireMissing = wireEnum<typeof Missing>(MissingSchema);

/** The ways to treat samples without a value, by the names that people use. */
export const missingNames = Object.keys(wireMissing.values);

/** Options of a command that says what becomes of samples without a value. */
export interface Filling {
  missing?: keyof typeof wireMissing.values;
  range?: { rangeLow?: number; rangeHigh?: number };
}

/** The fields of a request that say what becomes of samples without a value. */
export const fillingOf = ({ missing, range }: Filling) => ({
  ...given({ missing: missing && wireMissing.values[missing] }),
  ...range,
});

/** Reads a range such as `0:10`, of which one end may be left out. */
export function parseRange(text: string): NonNullable<Filling["range"]> {
  const [, low = "", high = ""] = /^\s*([^:]*?)\s*:\s*([^:]*?)\s*$/.exec(text) ?? [];
  const [rangeLow, rangeHigh] = [low, high].map((end) => (end === "" ? undefined : Number(end)));
  if ((rangeLow ?? rangeHigh) === undefined || ![rangeLow ?? 0, rangeHigh ?? 0].every(Number.isFinite))
    throw new InvalidArgumentError("Expected two numbers such as 0:10, or one of them, as in 0: or :10.");
  return given({ rangeLow, rangeHigh });
}

/** How the values of one metric came about. */
interface Named extends Covered {
  name: string;
}

/** More of them are counted only. */
const MOST_SENTENCES = 10;

/** "94 %", and never 100 % or 0 % of what is not all or nothing. */
function percentText(part: number, whole: number): string {
  const rounded = formatNumber((100 * part) / whole, 3);
  if (part < whole && rounded === "100") return "nearly 100 %";
  return `${rounded} %`;
}

/** Why samples without an error have no value: a reducer with a k makes one of k values or more. */
function unscoredWords(count: number, k: number, most = 1): string {
  if (k === 0) return `${haveOf(count)} none without an error`;
  return `${haveOf(count)} fewer than k = ${k} values${most < k ? "" : ", or one beyond 0 to 1"}`;
}

const haveOf = (count: number) => (count === 1 ? "has" : "have");

/**
 * Says how many samples have a value and why others have none; undefined where all is there.
 * @param k of the reducer; 0 if it has none
 */
function coverageText({ coverage, repetitions }: Covered, k: number): string | undefined {
  if (coverage === undefined) return undefined;
  const { planned, tried, scored, failed, unscored, scoredWithError, missing } = coverage;
  const all = scored + missing;
  const isPlan = planned !== undefined && planned === all;
  const lacking = repetitions?.samplesLacking ?? 0;
  const why = [
    [failed, "failed"],
    [unscored, unscoredWords(unscored, k, repetitions?.most)],
    [all - tried, all - tried === 1 ? "was not tried" : "were not tried"],
  ] as const;
  const found = why.flatMap(([count, words]) => (count > 0 ? `${count} ${words}` : []));
  const reasons = tried === 0 ? "none was tried" : found.join(", ");
  const share = scored === 0 ? "" : ` (${percentText(scored, all)})`;
  const parts = [
    missing > 0 &&
      `${scored} of ${all} ${isPlan ? "planned " : ""}samples ${haveOf(scored)} a value${share}: ${reasons}`,
    planned !== undefined && tried > planned && `${tried} samples were tried, ${planned} planned`,
    scoredWithError > 0 && `${scoredWithError} of those with a value ${haveOf(scoredWithError)} an error too`,
    lacking > 0 &&
      `${countOf(lacking, "sample")} ${lacking === 1 ? "lacks some of its" : "lack some of their"} repetitions`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join("; ") : undefined;
}

/**
 * Says that samples were tried more often than was to be.
 * @param whose follows "samples"
 */
export const triedAgainText = (count: number, whose = "") =>
  `${countOf(count, "sample")}${whose} ${haveOf(count)} more repetitions than declared, or than others where none are declared, as where failures were tried again`;

/** Sentences on what is missing, each with the names that it is true of. */
function coverageWords(all: readonly Named[], k: number): string[] {
  const names = new Map<string, string[]>();
  for (const one of all) {
    const again = one.repetitions?.samplesBeyond ?? 0;
    const found = [coverageText(one, k) ?? [], again > 0 ? triedAgainText(again) : []].flat().join("; ");
    if (found !== "") names.set(found, [...(names.get(found) ?? []), oneLine(one.name)]);
  }
  const sentences = [...names].map(([text, list]) => `${list.join(", ")}: ${text}.`);
  const more = sentences.length - MOST_SENTENCES;
  if (more <= 0) return sentences;
  return [...sentences.slice(0, MOST_SENTENCES), `${more} more lack values in other ways: --json has them.`];
}

/** What the mean over all samples may be, in words. */
function boundsText({ low, high, ...interval }: Bounds, figure = "mean"): string {
  const between = `between ${formatNumber(low, 4)} and ${formatNumber(high, 4)}`;
  const within = formatInterval(interval, { digits: 4, between: " to ", none: "" });
  return `the ${figure} over all samples is ${between}, whatever the missing values are${within && ` (with 95 % intervals: ${within})`}`;
}

/** "20 of 50" where samples are missing, else the number of those that a mean is of. */
export function countText({
  count,
  coverage,
  filledWith,
}: Pick<LeaderboardEntry, "count" | "coverage" | "filledWith">): string | number {
  const missing = coverage?.missing ?? 0;
  if (filledWith !== undefined) return count + missing;
  return missing > 0 ? `${count} of ${count + missing}` : count;
}

/** What means are of: a metric, with its range as far as it is known, and the reducer's k. */
export interface Measure {
  metric: string;
  lowerIsBetter: boolean;
  /** 0 if the reducer has none. */
  k: number;
  rangeLow?: number | undefined;
  rangeHigh?: number | undefined;
}

/** Sentences on what entries of a leaderboard lack, and on what that does to their places and means. */
export function coverageOfEntries(entries: readonly LeaderboardEntry[], of: Measure): string[] {
  const worst = entries.find(({ filledWith }) => filledWith !== undefined)?.filledWith;
  const filled = `Each missing sample and repetition counts as ${formatNumber(worst)}, the worst that there can be; means and intervals are over all samples.`;
  const isLacking = worst === undefined && entries.some(lacksValues);
  const those = [
    ...(isLacking ? ["lack values"] : []),
    ...(someEndedEarly(entries, of) ? ["failed in some samples, whose values may have ended early,"] : []),
  ].join(" or ");
  const behind = `Those that ${those} stand behind every complete one whose interval overlaps what their own mean may be, and take part in bands with all of that.`;
  return [
    ...(worst === undefined ? [] : [filled]),
    ...(those === "" ? [] : [behind]),
    ...(isLacking ? rangeWords(of) : []),
    ...coverageWords(
      entries.map(({ benchmarkName: name, ...entry }) => ({ name, ...entry })),
      of.k,
    ),
  ];
}

/** Whether samples of some failed beside a value that may be better for that. */
const someEndedEarly = (all: readonly Covered[], { metric, lowerIsBetter }: Measure) =>
  mayEndEarly(metric, lowerIsBetter) && all.some(({ coverage }) => (coverage?.scoredWithError ?? 0) > 0);

/** Asks for the ends of a range that nobody knows. */
function rangeWords({ metric, rangeLow, rangeHigh }: Measure): string[] {
  const unknown = [rangeLow === undefined ? "least" : "", rangeHigh === undefined ? "greatest" : ""];
  const ends = unknown.filter((end) => end !== "");
  if (ends.length === 0) return [];
  const values = `The ${ends.join(" and the ")} value that ${oneLine(metric)} can have`;
  return [
    `${values} ${ends.length > 1 ? "are" : "is"} not known, so nothing bounds the means of those that lack values: --range tells it, as in --range 0:10.`,
  ];
}

/** Sentences on what runs of a history lack, and on what that does to their changes. */
export function coverageOfRuns(runs: readonly MetricRun[], of: Measure): string[] {
  const rule =
    "Means are over the samples that have a value. A run is called better or worse than another if it is so whatever values what is missing in both would have. Where it is so by the samples with a value alone, its mark says that.";
  const ofFailures =
    "Samples that failed beside their value may have ended early: a run is called better, or worse than one that failed, only if it is so whatever these would have had. Where it is so by all values alone, its mark says that.";
  return [
    ...(runs.some(lacksValues) ? [rule, ...rangeWords(of)] : []),
    ...(someEndedEarly(runs, of) ? [ofFailures] : []),
    ...coverageWords(
      runs.map(({ benchmarkName: name, ...run }) => ({ name, ...run })),
      of.k,
    ),
  ];
}

/** Says how many benchmarks match and are not ranked or shown, as they have no value; none without any. */
export function leftOutWords(
  count: number,
  by: Measure & { reducer: Reducer },
  shown: "ranked" | "shown",
): string[] {
  if (count === 0) return [];
  const value = `${oneLine(by.metric)}${by.k > 0 ? ` by ${reducerText(by)}` : ""}`;
  const isMost = shown === "shown" && count === limits.unscoredRuns;
  const [these, have, they] =
    count === 1 ? ["benchmark", "has", "it is"] : ["benchmarks", "have", "they are"];
  return [
    `${count}${isMost ? " or more" : ""} matching ${these} ${have} no value of ${value}, so ${they} not ${shown}.`,
  ];
}

/** What a comparison says of samples without a value. */
export function coverageOfSides(comparison: BenchmarkComparison, k = 0): string[] {
  const { candidateFilled, bounds, ...of } = comparison;
  const sides = [
    ["baseline", of.baselineCoverage, of.baselineRepetitions],
    ["candidate", of.candidateCoverage, of.candidateRepetitions],
  ] as const;
  const lacking = sides.flatMap(([side, coverage, repetitions]) => {
    const text = coverageText({ coverage, repetitions }, k);
    return text === undefined ? [] : `in the ${side}, ${text}`;
  });
  const again = of.baselineRepetitions?.samplesBeyond ?? 0;
  if (again > 0) lacking.push(`in the baseline, ${triedAgainText(again)}`);
  const filled =
    candidateFilled > 0
      ? [`the worst value stands for ${countOf(candidateFilled, "missing sample")} of the candidate`]
      : [];
  return [...lacking, ...filled, ...(leaveOpen(bounds) ? [boundsText(bounds, "mean difference")] : [])];
}

export const boundsColumn = "mean may be";

/** The bounds of a mean in a table, where they were asked for. */
export const boundsCell = ({ bounds }: LeaderboardEntry) =>
  bounds === undefined ? "-" : `${formatNumber(bounds.low, 4)} … ${formatNumber(bounds.high, 4)}`;

/** Sentences on what the metrics of a summary lack, and on what was done with that. */
export function coverageOfMetrics(summary: GetBenchmarkSummaryResponse): string[] {
  const metrics = withFigures(summary);
  const filled = metrics.flatMap((metric) => filledWords(metric, summary.missing));
  return [...coverageWords(metrics, summary.k), ...filled];
}

function filledWords(metric: MetricSummary, asked: Missing) {
  if (!lacksValues(metric)) return [];
  const { name, missing, filledWith, bounds } = metric;
  if (missing !== asked)
    return `${oneLine(name)}: what is missing is left out, as its range is not known: say it with --metric and --range.`;
  if (bounds) return `${oneLine(name)}: ${boundsText(bounds)}.`;
  if (filledWith === undefined) return [];
  return `${oneLine(name)}: each missing sample and repetition counts as ${formatNumber(filledWith)}, the worst that there can be; all figures but percentiles, which are left out, are over all samples.`;
}
