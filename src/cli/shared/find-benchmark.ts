import type { Benchmark } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { BenchmarkClient } from "./client.ts";
import { CliError, UsageError } from "./errors.ts";
import { isUuid } from "./options.ts";
import { note, oneLine } from "./output.ts";
import { findSelected } from "./selector.ts";
import { commandLine } from "./shell.ts";

/** How help tells what may name a benchmark. */
export const NEWEST = "id, name (the newest with it), latest:DATASET,… or baseline:DATASET";

/** The id of the benchmark that `findBenchmark` finds; empty, as in a request, where none is named. */
export async function findBenchmarkId(
  client: BenchmarkClient,
  reference: string | undefined,
  options: { only?: boolean } = {},
): Promise<string> {
  return reference === undefined ? "" : (await findBenchmark(client, reference, options)).id;
}

/**
 * The benchmark with this id, that a selector stands for (`findSelected`), or the newest with this name.
 * @param only refuse a name that several benchmarks have, instead of a note on stderr
 */
export async function findBenchmark(
  client: BenchmarkClient,
  reference: string,
  { only = false } = {},
): Promise<Benchmark> {
  if (isUuid(reference)) {
    const { benchmark } = await client.getBenchmark({ id: reference });
    if (benchmark !== undefined) return benchmark;
  }
  const selected = await findSelected(client, reference);
  if (selected !== undefined) return selected;
  const { benchmarks } = await client.listBenchmarks({ name: reference, pageSize: 10 });
  const [newest] = benchmarks;
  if (newest === undefined)
    throw new CliError(
      `no benchmark has the id or name ${JSON.stringify(reference)}; ${commandLine("benchmark list")} shows them all`,
      { code: "NOT_FOUND" },
    );
  if (benchmarks.length > 1) {
    const several = `${benchmarks.length === 10 ? "10 or more" : benchmarks.length} benchmarks are named ${JSON.stringify(reference)}`;
    if (only) {
      const ids = benchmarks.map(({ id }) => id).join(", ");
      throw new CliError(`${several}: give the id of one (newest first: ${ids})`);
    }
    note(`note: ${several}; this is the newest, ${newest.id}`);
  }
  return newest;
}

/**
 * The names of a baseline and its candidates by their ids, the baseline first.
 * @throws {UsageError} where a candidate is the baseline itself
 */
export async function findSides(
  client: BenchmarkClient,
  baseline: string,
  candidates: readonly string[],
): Promise<Map<string, string>> {
  const { id: baselineId, name } = await findBenchmark(client, baseline);
  const names = new Map([[baselineId, name]]);
  for (const reference of candidates) {
    const { id, name } = await findBenchmark(client, reference);
    if (id === baselineId)
      throw new UsageError(`${oneLine(reference)} is the baseline itself: compare it with another benchmark`);
    names.set(id, name);
  }
  return names;
}
