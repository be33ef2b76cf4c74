import type { MetricChange, MetricRun } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetMetricHistoryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { countOf, formatNumber } from "./output.ts";

// How changes of a metric from run to run are told, on a terminal and on a page.

export const NO_CHANGE = "No change is significant, which does not say that the runs are equal.";

export const countRuns = ({ length }: readonly MetricRun[]) => countOf(length, "run");

/** The runs, and the baseline where it is none of them. */
export function allRuns({ runs, baseline }: GetMetricHistoryResponse): MetricRun[] {
  const isShown = runs.some(({ benchmarkId }) => benchmarkId === baseline?.benchmarkId);
  return baseline && !isShown ? [...runs, baseline] : runs;
}

/** A change with its sign, and its adjusted p-value. */
export function changeCells(change: MetricChange | undefined): [difference: string, p: string] {
  if (change === undefined) return ["-", "-"];
  const { difference, adjustedPValue } = change;
  return [`${difference > 0 ? "+" : ""}${formatNumber(difference, 4)}`, formatNumber(adjustedPValue, 3)];
}

/**
 * Says what a run is the first significant change from, and whether missing samples might make it another;
 * empty for others.
 */
export function markOf({ sincePrevious, sinceBaseline }: MetricRun, lowerIsBetter: boolean): string {
  const marks = [
    [sincePrevious, "the run before"],
    [sinceBaseline, "the baseline"],
  ] as const;
  const wordsOf = (first: "firstSignificant" | "firstUnsettled") =>
    marks
      .filter(([change]) => change?.[first])
      .map(([change, other]) => `${isBetter(change, lowerIsBetter) ? "better" : "worse"} than ${other}`);
  const settled = wordsOf("firstSignificant").join(", ");
  const unsettled = wordsOf("firstUnsettled").join(" and ");
  return [settled, unsettled && `${unsettled}, though what is missing or failed may make it so`]
    .filter((words) => words !== "")
    .join("; ");
}

function isBetter(change: MetricChange | undefined, lowerIsBetter: boolean): boolean {
  return (change?.difference ?? 0) > 0 !== lowerIsBetter;
}
