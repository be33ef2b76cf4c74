import type { Evaluation } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { limits } from "../../limits.ts";

const units: Record<string, string> = {
  latency_ms: "latency (ms)",
  input_tokens: "input tokens",
  output_tokens: "output tokens",
  cost_usd: "cost (US dollars)",
};

/** The name of a metric with its unit, for an axis. */
export function unitOf(metric: string): string {
  return units[metric] ?? metric;
}

/** The value that GetBenchmarkSummary counts for this metric; see `MetricSummary.name` in the contract. */
export function metricValue(evaluation: Evaluation, metric: string): number | undefined {
  const value = storedValue(evaluation, metric);
  if (typeof value === "boolean") return Number(value);
  return typeof value === "number" && Math.abs(value) < limits.metricMagnitude ? value : undefined;
}

function storedValue(evaluation: Evaluation, metric: string): unknown {
  switch (metric) {
    case "score":
      return evaluation.score;
    case "latency_ms":
      return evaluation.latencyMs;
    case "input_tokens":
      return evaluation.inputTokens;
    case "output_tokens":
      return evaluation.outputTokens;
    case "cost_usd":
      return evaluation.costUsd;
    default:
      return evaluation.metrics?.[metric] ?? evaluation.metrics?.[metric.replace(/^metrics\./, "")];
  }
}
