import type { Evaluation } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { limits } from "../../limits.ts";

/** The measures that are fields of their own, with the words for an axis. */
const measures = {
  score: { field: "score", unit: "score" },
  latency_ms: { field: "latencyMs", unit: "latency (ms)" },
  input_tokens: { field: "inputTokens", unit: "input tokens" },
  output_tokens: { field: "outputTokens", unit: "output tokens" },
  cost_usd: { field: "costUsd", unit: "cost (US dollars)" },
} as const;

function isMeasure(metric: string): metric is keyof typeof measures {
  return Object.hasOwn(measures, metric);
}

/** The name of a metric with its unit, for an axis. */
export function unitOf(metric: string): string {
  return isMeasure(metric) ? measures[metric].unit : metric;
}

/** The value that GetBenchmarkSummary counts for this metric; see `MetricSummary.name` in the contract. */
export function metricValue(evaluation: Evaluation, metric: string): number | undefined {
  const value = storedValue(evaluation, metric);
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" && Math.abs(value) < limits.metricMagnitude ? value : undefined;
}

function storedValue(evaluation: Evaluation, metric: string): unknown {
  if (isMeasure(metric)) return evaluation[measures[metric].field];
  return evaluation.metrics?.[metric] ?? evaluation.metrics?.[metric.replace(/^metrics\./, "")];
}
