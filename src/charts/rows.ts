import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { LeaderboardEntry, MetricRun } from "../../gen/ltb/v1/benchmark_pb.ts";
import type {
  GetMetricHistogramResponse,
  GetMetricHistoryResponse,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { isOpen, lacksValues } from "../statistics/lacking.ts";
import { type Figures, leaveOpen, type Verdict } from "../statistics/verdict.ts";
import { formatUtcMinute } from "../text.ts";
import type { Bin, Interval, Moment } from "./data.ts";

// What charts show of the answers of the service, on pages of the command line and in the console alike.

/** The bars of one benchmark of a response: its different values if they are few, else bins of its scale. */
export function binsOf({ edges, values, histograms }: GetMetricHistogramResponse, index = 0): Bin[] {
  const { counts = [], valueCounts = [] } = histograms[index] ?? {};
  if (values.length > 0)
    return values.map((value, bar) => ({ low: value, high: value, count: valueCounts[bar] ?? 0 }));
  return counts.map((count, bar) => ({ low: edges[bar] ?? 0, high: edges[bar + 1] ?? 0, count }));
}

/** An entry of a leaderboard; those that may be the best stand on shaded ground. */
export function standingOf(entry: LeaderboardEntry): Interval & { isShaded: boolean } {
  const { rank, benchmarkName, mean, ci95Low, ci95High, rankedLow, rankedHigh, band } = entry;
  return {
    name: `${rank}. ${benchmarkName}`,
    value: mean,
    low: ci95Low,
    high: ci95High,
    isShaded: band === 1,
    ...(isOpen(entry) && { reach: { low: rankedLow ?? -Infinity, high: rankedHigh ?? Infinity } }),
  };
}

type Ends = Pick<Interval, "low" | "high">;
type Difference = Pick<Figures, "meanDifference" | "bounds"> & {
  ci95Low?: Ends["low"];
  ci95High?: Ends["high"];
};

/** A mean difference, unless there is none, with the reach that verdicts go by where samples are missing. */
export function differenceOf(
  name: string,
  { meanDifference, ci95Low, ci95High, bounds }: Difference,
  verdict: Verdict,
): Interval[] {
  if (meanDifference === undefined) return [];
  return [
    {
      ...{ name, value: meanDifference, low: ci95Low, high: ci95High },
      tone: verdict === "better" ? "good" : verdict === "worse" ? "bad" : undefined,
      ...(leaveOpen(bounds) && {
        reach: { low: bounds.ci95Low ?? bounds.low, high: bounds.ci95High ?? bounds.high },
      }),
    },
  ];
}

/** The runs of a history, and its baseline. */
export function timelineOf({ runs, baseline, lowerIsBetter }: GetMetricHistoryResponse): {
  moments: Moment[];
  level: Interval | undefined;
} {
  return {
    moments: runs.map((run) => momentOf(run, lowerIsBetter)),
    level: baseline && intervalOf(baseline),
  };
}

function momentOf(run: MetricRun, lowerIsBetter: boolean): Moment {
  const changes = [run.sincePrevious, run.sinceBaseline];
  const settled = changes.find((change) => change?.firstSignificant);
  const change = settled ?? changes.find((one) => one?.firstUnsettled);
  return {
    ...intervalOf(run),
    time: run.createdAt ? formatUtcMinute(timestampDate(run.createdAt)) : "",
    isMarked: settled !== undefined,
    ...(change && {
      tone: change.difference > 0 !== lowerIsBetter ? "good" : "bad",
      isUnsettled: settled === undefined,
    }),
  };
}

function intervalOf(run: MetricRun): Interval {
  const { benchmarkName, mean, ci95Low, ci95High, leastMean = -Infinity, greatestMean = Infinity } = run;
  const [low, high] = [ci95Low ?? mean, ci95High ?? mean];
  return {
    ...{ name: benchmarkName, value: mean, low: ci95Low, high: ci95High },
    ...(lacksValues(run) && { reach: { low: Math.min(low, leastMean), high: Math.max(high, greatestMean) } }),
  };
}
