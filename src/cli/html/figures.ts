import { IntervalMethod } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { formatInterval, formatNumber } from "../shared/output.ts";
import type { Cell } from "./document.ts";

// Figures of metrics in the tables and notes of a page.

const units: Record<string, string> = {
  latency_ms: "latency (ms)",
  input_tokens: "input tokens",
  output_tokens: "output tokens",
  cost_usd: "cost (US dollars)",
};

/** The name of a metric with its unit, for an axis. */
export function unitOf(metric: string): string {
  return Object.hasOwn(units, metric) ? (units[metric] ?? metric) : metric;
}

/** How intervals are written in tables. */
export const interval = { digits: 4, between: " to ", none: "–" };

/** A mean, and below it its interval. */
export function withInterval(mean: number | undefined, ends: Parameters<typeof formatInterval>[0]): Cell {
  const below = formatInterval(ends, { ...interval, digits: 3, none: "" });
  return { text: formatNumber(mean, 4), below };
}

/** Says by which method the intervals of means were computed. */
export function intervalsOf(means: readonly { intervalMethod: IntervalMethod }[]): string {
  const has = (method: IntervalMethod) => means.some(({ intervalMethod }) => intervalMethod === method);
  if (has(IntervalMethod.CLUSTER_T)) return "by clusters of samples";
  const [t, wilson] = [has(IntervalMethod.STUDENT_T), has(IntervalMethod.WILSON)];
  if (t && wilson) return "Wilson's where every value is 0 or 1, else by Student's t distribution";
  if (wilson) return "Wilson's, since every value is 0 or 1";
  return t
    ? "by Student's t distribution"
    : "fewer than two values, and values that do not vary, determine none";
}
