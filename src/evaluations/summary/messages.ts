import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type IntervalMethod,
  IntervalMethodSchema,
  type MetricSummarySchema,
  type Missing,
  MissingSchema,
} from "../../../gen/ltb/v1/benchmark_pb.ts";
import { omitNulls } from "../../wire/convert.ts";
import { wireEnum } from "../../wire/enums.ts";
import type { MetricSummary } from "./summary.ts";

/** What a mean does with missing samples, as the contract says it. */
export const wireMissing = wireEnum<typeof Missing>(MissingSchema);

/** How an interval was computed, as the contract says it. */
export const intervals = wireEnum<typeof IntervalMethod>(IntervalMethodSchema).values;

export function metricMessage(metric: MetricSummary): MessageInitShape<typeof MetricSummarySchema> {
  const { intervalMethod: method, repetitions, clusters, coverage, missing, bounds, ...figures } = metric;
  return {
    ...omitNulls(figures),
    ...(method && { intervalMethod: intervals[method] }),
    ...(repetitions && { repetitions: omitNulls(repetitions) }),
    ...(bounds && { bounds: omitNulls(bounds) }),
    coverage: omitNulls(coverage),
    missing: wireMissing.values[missing],
    ...(clusters && { clusters: omitNulls(clusters) }),
  };
}
