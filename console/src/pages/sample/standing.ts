import type { GetMetricHistogramResponse } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { binsOf } from "../../../../src/charts/rows.ts";

/** Where a value stands among those of its benchmark. */
interface Standing {
  /** The share of the values that are lower, from 0 to 1. */
  lower: number;
  /** The share that is the same, or in the same bin, its own included. */
  same: number;
  /** `same` are values of one bin, not of one value. */
  isAbout: boolean;
  /** How many values there are. */
  count: number;
}

/** Where a value stands among all values of its metric in a benchmark. Undefined where there are none. */
export function standingOf(value: number, histogram: GetMetricHistogramResponse): Standing | undefined {
  const bins = binsOf(histogram);
  const count = histogram.histograms[0]?.count ?? 0;
  if (count === 0) return undefined;
  // The last bin has the values at its end, too.
  const at = bins.findLastIndex(({ low }) => low <= value);
  const lower = bins.slice(0, Math.max(0, at)).reduce((sum, bin) => sum + bin.count, 0);
  return {
    lower: lower / count,
    same: (bins[at]?.count ?? 0) / count,
    isAbout: histogram.values.length === 0,
    count,
  };
}
