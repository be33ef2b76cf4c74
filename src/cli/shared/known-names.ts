import type { Benchmark } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { BenchmarkClient } from "./client.ts";
import { CliError } from "./errors.ts";

/** Most names that a message lists. */
const SHOWN_NAMES = 20;

/**
 * Refuses metrics that no evaluation of the benchmark has. One without evaluations may still get them.
 * @throws {CliError} that names those that it has
 */
export async function requireMetrics(
  client: BenchmarkClient,
  { id, name }: Pick<Benchmark, "id" | "name">,
  wanted: readonly string[],
): Promise<void> {
  const { metrics, metricsLeftOut, evaluationCount } = await client.getBenchmarkSummary({ benchmarkId: id });
  const known = metrics.map(({ name }) => name);
  const missing = wanted.filter((metric) => !known.includes(metric));
  // It may be among those that a benchmark with very many of them shows with --exact only.
  if (missing.length > 0 && evaluationCount > 0 && metricsLeftOut === 0)
    throw unknown(`${name} has no values of`, missing, known);
}

/**
 * Refuses a dataset that no benchmark is on, and a metric that none on it has.
 * @throws {CliError} that names those that there are
 */
export async function requireRanked(client: BenchmarkClient, dataset: string, metric: string): Promise<void> {
  const { benchmarks } = await client.listBenchmarks({ dataset, pageSize: 1 });
  const [newest] = benchmarks;
  if (newest === undefined) throw unknown("no benchmark is on", [dataset], await datasetsOf(client));
  const { totalCount, pendingCount } = await client.getLeaderboard({ dataset, metric, pageSize: 1 });
  if (totalCount + pendingCount === 0) await requireMetrics(client, newest, [metric]);
}

/** The datasets of the newest benchmarks. */
export async function datasetsOf(client: BenchmarkClient): Promise<string[]> {
  const { benchmarks } = await client.listBenchmarks({ pageSize: 1000 });
  return [...new Set(benchmarks.map(({ dataset }) => dataset))];
}

function unknown(problem: string, names: readonly string[], known: readonly string[]): CliError {
  const rest = known.length > SHOWN_NAMES ? ", …" : "";
  const hint =
    known.length === 0 ? "there are none" : `there are ${known.slice(0, SHOWN_NAMES).join(", ")}${rest}`;
  return new CliError(`${problem} ${names.join(", ")}; ${hint}`, { code: "NOT_FOUND" });
}
