import type { MessageInitShape } from "@bufbuild/protobuf";
import { Missing, Reducer } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { CompareBenchmarksRequestSchema } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { quote } from "../../../../src/text.ts";
import type { Search } from "../../data/search.ts";
import { all, one } from "../../data/useSearchState.ts";

/** The level of significance that verdicts go by, as that of `ltb compare`. */
export const alpha = 0.05;

/** What the address asks to compare; undefined where it names no two benchmarks. */
export function requestOf(
  search: Search,
): MessageInitShape<typeof CompareBenchmarksRequestSchema> | undefined {
  const baselineId = one(search.baseline);
  const candidateIds = [...new Set(all(search.with))].filter((id) => id !== baselineId);
  if (baselineId === "" || candidateIds.length === 0) return undefined;
  const direction = one(search.lower);
  return {
    baselineId,
    candidateIds,
    metric: one(search.metric),
    groupBy: one(search.group),
    missing: search.missing ? Missing[one(search.missing) as keyof typeof Missing] : 0,
    reducer: search.reducer ? Reducer[one(search.reducer) as keyof typeof Reducer] : 0,
    allowDifferentInputs: one(search.different) === "1",
    ...(direction !== "" && { lowerIsBetter: direction === "1" }),
    pageSize: 20,
  };
}

/** The command that says the same at a prompt. */
export function commandOf(search: Search): string {
  const words = [one(search.baseline), ...all(search.with)];
  if (search.metric) words.push("--metric", one(search.metric));
  if (search.group) words.push("--group-by", one(search.group));
  if (search.missing) words.push("--missing", one(search.missing).toLowerCase());
  if (search.reducer) words.push("--reducer", one(search.reducer).toLowerCase());
  if (one(search.different) === "1") words.push("--allow-different-inputs");
  if (search.lower) words.push(one(search.lower) === "1" ? "--lower-is-better" : "--higher-is-better");
  return `ltb compare ${words.map(quote).join(" ")}`;
}
