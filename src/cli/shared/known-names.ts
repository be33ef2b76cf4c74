import { type Benchmark, BenchmarkField } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { BenchmarkClient } from "./client.ts";
import { CliError } from "./errors.ts";

/** Most names that a message lists. */
const SHOWN_NAMES = 20;

/** So many of the newest benchmarks are looked at for one that tells which metrics there are. */
const NEWEST_BENCHMARKS = 10;

/**
 * Refuses metrics that no evaluation of a benchmark has. Of several, the first with values of any is asked:
 * one without, as where everything has failed, may still get them.
 * @throws {CliError} that names those that it has
 */
export async function requireMetrics(
  client: BenchmarkClient,
  benchmarks: readonly Pick<Benchmark, "id" | "name">[],
  wanted: readonly string[],
): Promise<void> {
  for (const { id, name } of benchmarks) {
    const { metrics, metricsLeftOut } = await client.getBenchmarkSummary({ benchmarkId: id });
    const known = metrics.map((metric) => metric.name);
    const missing = wanted.filter((metric) => !known.includes(metric));
    // It may be among those that a benchmark with very many of them shows with --exact only.
    if (missing.length > 0 && known.length > 0 && metricsLeftOut === 0)
      throw unknown(`${name} has no values of`, missing, known);
    if (known.length > 0) return;
  }
}

/**
 * Refuses a dataset that no benchmark is on, and a metric that none on it has.
 * @throws {CliError} that names those that there are
 */
export async function requireRanked(client: BenchmarkClient, dataset: string, metric: string): Promise<void> {
  const { benchmarks } = await client.listBenchmarks({ dataset, pageSize: NEWEST_BENCHMARKS });
  if (benchmarks.length === 0) throw unknown("no benchmark is on", [dataset], await datasetsOf(client));
  const { totalCount, pendingCount } = await client.getLeaderboard({ dataset, metric, pageSize: 1 });
  if (totalCount + pendingCount === 0) await requireMetrics(client, benchmarks, [metric]);
}

/** The datasets that benchmarks are on, at most 1000. */
export async function datasetsOf(client: BenchmarkClient): Promise<string[]> {
  return (await client.listBenchmarkFieldValues({ field: BenchmarkField.DATASET, limit: 1000 })).values;
}

function unknown(problem: string, names: readonly string[], known: readonly string[]): CliError {
  const rest = known.length > SHOWN_NAMES ? ", …" : "";
  const hint =
    known.length === 0 ? "there are none" : `there are ${known.slice(0, SHOWN_NAMES).join(", ")}${rest}`;
  return new CliError(`${problem} ${names.join(", ")}; ${hint}`, { code: "NOT_FOUND" });
}
