import type { MessageInitShape } from "@bufbuild/protobuf";
import { ComparedState, Reducer } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type {
  CompareBenchmarksRequestSchema,
  ListComparedSamplesRequestSchema,
} from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { quote } from "../../../../src/text.ts";
import type { Search } from "../../data/search.ts";
import { all, enumOf, numeric, one } from "../../data/useSearchState.ts";
import { ltbWords, optionOf } from "../../parts/copy-as/words.ts";
import { missingOf, missingOptions } from "../../parts/missing.ts";

/** The level of significance that verdicts go by, as that of `ltb compare`. */
export const alpha = 0.05;

/** Most benchmarks whose samples are listed together, the baseline included. */
const together = 20;

/** What the address asks to compare; undefined where it names no two benchmarks. */
export function requestOf(
  search: Search,
): MessageInitShape<typeof CompareBenchmarksRequestSchema> | undefined {
  const { baselineId, candidateIds } = sidesOf(search);
  if (baselineId === "" || candidateIds.length === 0) return undefined;
  return {
    ...{ baselineId, candidateIds, ...sharedOf(search) },
    groupBy: one(search.group),
    ...missingOf(search),
    // The worst and the best one are where the lists of samples begin.
    pageSize: 1,
  };
}

/** The benchmarks that the address names. */
function sidesOf(search: Search): { baselineId: string; candidateIds: string[] } {
  const baselineId = one(search.baseline);
  return { baselineId, candidateIds: [...new Set(all(search.with))].filter((id) => id !== baselineId) };
}

/** What comparisons of benchmarks and lists of their samples go by alike. */
function sharedOf(search: Search) {
  const direction = one(search.lower);
  return {
    metric: one(search.metric),
    reducer: enumOf(Reducer, one(search.reducer)),
    allowDifferentInputs: one(search.different) === "1",
    ...(direction !== "" && { lowerIsBetter: direction === "1" }),
  };
}

/** Samples by what became of them: the name in the address, and words. The first is meant by no name. */
export const shows = [
  ["regressed", "Regressed", ComparedState.REGRESSED],
  ["improved", "Improved", ComparedState.IMPROVED],
  ["both-wrong", "Both wrong", ComparedState.BOTH_WRONG],
  ["only-one", "Only one right", ComparedState.ONLY_ONE],
  ["unchanged", "Unchanged", ComparedState.UNCHANGED],
  ["missing", "Missing", ComparedState.MISSING],
] as const;

export type Show = (typeof shows)[number][0];

export function showOf(search: Search): Show {
  return shows.find(([name]) => name === one(search.show))?.[0] ?? "regressed";
}

/** Whether a list goes by what is right, and so by the value from which on it is. */
export const goesByRight = (show: Show): boolean => show === "both-wrong" || show === "only-one";

/** The candidates that the list of samples has no room for; none where `of` names one. */
export function beyondList(search: Search): string[] {
  const { baselineId, candidateIds } = sidesOf(search);
  const listed = samplesOf(search).benchmarkIds;
  const names = candidateIds.includes(one(search.of)) ? [] : [baselineId, ...candidateIds];
  return names.filter((id) => !listed.includes(id));
}

/** The samples that the address asks for: of all candidates, or of the one that `of` names. */
export function samplesOf(search: Search) {
  const { baselineId, candidateIds } = sidesOf(search);
  const of = candidateIds.find((id) => id === one(search.of));
  const show = showOf(search);
  return {
    benchmarkIds: [baselineId, ...(of === undefined ? candidateIds : [of])].slice(0, together),
    ...sharedOf(search),
    state: shows.find(([name]) => name === show)?.[2] ?? ComparedState.REGRESSED,
    ...(goesByRight(show) && { threshold: numeric(search.threshold) }),
    pageSize: 200,
  } satisfies MessageInitShape<typeof ListComparedSamplesRequestSchema>;
}

/** The words of `ltb` that ask for the same comparison. */
export function wordsOfComparison(search: Search): string[] {
  const { baselineId, candidateIds } = sidesOf(search);
  const options = { ...sharedOptions(search), "group-by": one(search.group), ...missingOptions(search) };
  return ltbWords("compare", options, [baselineId, ...candidateIds]);
}

/** The command that lists the same samples. */
export function samplesCommandOf(search: Search): string {
  const { benchmarkIds, threshold } = samplesOf(search);
  const only = showOf(search).replace("-", "_");
  const options = { only, ...sharedOptions(search), threshold: threshold?.toString() };
  return `ltb ${ltbWords("evaluation compare", options, benchmarkIds).map(quote).join(" ")}`;
}

function sharedOptions(search: Search) {
  const { metric, reducer, allowDifferentInputs, lowerIsBetter } = sharedOf(search);
  return {
    metric,
    reducer: optionOf(Reducer, reducer),
    "allow-different-inputs": allowDifferentInputs,
    "lower-is-better": lowerIsBetter === true,
    "higher-is-better": lowerIsBetter === false,
  };
}
