import { createQueryOptions } from "@connectrpc/connect-query";
import type { ComparedSample } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { transport } from "../../data/transport.ts";
import type { Show } from "./request.ts";

/**
 * The place of the candidate that stands beside the baseline when a sample is opened: the one that its list
 * is about, or else the one that differs most.
 */
export function placeOf({ values }: ComparedSample, show: Show, lowerIsBetter: boolean): number {
  const gains = values.slice(1).map(({ value }) => gainOf(value, values[0]?.value, lowerIsBetter));
  if (show === "missing") return 1 + Math.max(0, gains.indexOf(undefined));
  const wanted = { regressed: (gain: number) => -gain, improved: (gain: number) => gain };
  const weigh = show === "regressed" || show === "improved" ? wanted[show] : Math.abs;
  const weights = gains.map((gain) => (gain === undefined ? Number.NEGATIVE_INFINITY : weigh(gain)));
  return 1 + Math.max(0, weights.indexOf(Math.max(...weights)));
}

/** By how much a value is better than the baseline's; undefined where one of them is missing. */
export function gainOf(
  value: number | undefined,
  baseline: number | undefined,
  lowerIsBetter: boolean,
): number | undefined {
  if (value === undefined || baseline === undefined) return undefined;
  return lowerIsBetter ? baseline - value : value - baseline;
}

/** How the texts of a pair are asked for; an id that is empty is of nothing. */
export function pairQuery(ids: readonly string[]) {
  return {
    ...createQueryOptions(
      BenchmarkService.method.batchGetEvaluations,
      { ids: ids.filter((id) => id !== ""), view: EvaluationView.FULL },
      { transport },
    ),
    staleTime: 60_000,
  };
}
