import { createHash } from "node:crypto";
import { fromJson } from "@bufbuild/protobuf";
import { TimestampSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Benchmark } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { uuidOf } from "../../ids.ts";
import type { ImportedBenchmark } from "../../import/types.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { requireAnswer } from "../shared/errors.ts";
import { given } from "../shared/options.ts";
import { finalStatuses, statuses } from "../shared/status.ts";
import { type Upload, type UploadOptions, uploadEvaluations } from "./upload.ts";

/** A benchmark of a log and what became of it in the service. */
export interface ImportResult extends Upload {
  id: string;
  name: string;
  /** False: it was there before. */
  created: boolean;
}

/**
 * Creates the benchmark, or goes on with the one that an earlier import made, sends its evaluations, and then
 * sets status, times and results, if all could be read and the status is not final already.
 * @throws ConnectError where a call fails
 */
export async function importBenchmark(
  client: BenchmarkClient,
  imported: ImportedBenchmark,
  options: UploadOptions,
): Promise<ImportResult> {
  const { benchmark, created } = await createOrGet(client, imported);
  const upload = await uploadEvaluations(client, benchmark.id, imported.evaluations, options);
  if (upload.failure === undefined && !finalStatuses.includes(benchmark.status))
    await finish(client, benchmark, imported, upload);
  return { id: benchmark.id, name: benchmark.name, created, ...upload };
}

/** Sends the evaluations to a benchmark that is there already, and leaves all else of it as it is. */
export async function importInto(
  client: BenchmarkClient,
  id: string,
  imported: ImportedBenchmark,
  options: UploadOptions,
): Promise<ImportResult> {
  const benchmark = await get(client, id);
  const upload = await uploadEvaluations(client, benchmark.id, withoutIds(imported.evaluations), options);
  return { id: benchmark.id, name: benchmark.name, created: false, ...upload };
}

/** An id belongs to one evaluation of one benchmark, so it becomes the sample id of a copy without one. */
async function* withoutIds(evaluations: ImportedBenchmark["evaluations"]) {
  for await (const { id, ...evaluation } of evaluations)
    yield { ...evaluation, sampleId: evaluation.sampleId || (id ?? "") };
}

/**
 * The id of an imported benchmark: the same for the same run of the same source, so that importing it again
 * finds it. A benchmark that we exported keeps its id; the others get a UUIDv8 (RFC 9562, 5.8) made of the
 * SHA-256 of their key.
 */
export function importedId(key: string): string {
  const exported = /^ltb:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(key);
  if (exported?.[1] !== undefined) return exported[1].toLowerCase();
  const bytes = createHash("sha256").update(`llm-test-bench import\0${key}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return uuidOf(bytes);
}

async function createOrGet(
  client: BenchmarkClient,
  { key, name, description, provider, model, dataset, totalIterations, labels, metadata }: ImportedBenchmark,
): Promise<{ benchmark: Benchmark; created: boolean }> {
  const id = importedId(key);
  const optional = given({ description, totalIterations, labels, metadata });
  try {
    const { benchmark } = await client.createBenchmark({ id, name, provider, model, dataset, ...optional });
    if (benchmark !== undefined) return { benchmark, created: true };
  } catch (error) {
    if (!(error instanceof ConnectError && error.code === Code.AlreadyExists)) throw error;
  }
  return { benchmark: await get(client, id), created: false };
}

async function finish(
  client: BenchmarkClient,
  { id, totalIterations }: Benchmark,
  imported: ImportedBenchmark,
  { received }: Upload,
): Promise<void> {
  const { status, error, startedAt, completedAt, metrics, results } = imported;
  const { completedIterations = 0, failedIterations = 0 } = imported;
  await client.updateBenchmark({
    id,
    status: statuses[status],
    // A source that does not say how many there were to be has been read to its end.
    ...(totalIterations === 0 && imported.totalIterations === undefined && { totalIterations: received }),
    ...given({ error, metrics }),
    ...(startedAt !== undefined && { startedAt: fromJson(TimestampSchema, startedAt) }),
    ...(completedAt !== undefined && { completedAt: fromJson(TimestampSchema, completedAt) }),
    ...(results !== undefined && { results: fromJson(ValueSchema, results) }),
  });
  // A benchmark that keeps no evaluations here has only the counts that its owner set.
  if (received === 0 && completedIterations + failedIterations > 0)
    await client.updateBenchmark({ id, completedIterations, failedIterations });
}

async function get(client: BenchmarkClient, id: string): Promise<Benchmark> {
  const { benchmark } = await client.getBenchmark({ id });
  requireAnswer(benchmark, "benchmark");
  return benchmark;
}
