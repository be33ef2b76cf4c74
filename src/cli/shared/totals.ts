import type { GetBenchmarkSummaryResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { countOf, formatNumber } from "./output.ts";

/** What a benchmark comes to, in words. What no evaluation tells is left out: it is unknown, not 0. */
export function totalsOf(summary: GetBenchmarkSummaryResponse): string {
  const { evaluationCount, failedCount, inputTokens, outputTokens, costUsd, metrics } = summary;
  const known = (metric: string, text: string) => {
    const { count = evaluationCount } = metrics.find(({ name }) => name === metric) ?? {};
    return count === evaluationCount ? text : `${text} (of ${countOf(count, "evaluation")})`;
  };
  const parts = [countOf(evaluationCount, "evaluation"), `${failedCount} with an error`];
  if (inputTokens !== undefined) parts.push(known("input_tokens", `${inputTokens} tokens in`));
  if (outputTokens !== undefined) parts.push(known("output_tokens", `${outputTokens} tokens out`));
  if (costUsd !== undefined) parts.push(known("cost_usd", `${formatNumber(costUsd)} USD`));
  return parts.join(", ");
}
