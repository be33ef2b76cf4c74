import { createHash } from "node:crypto";
import { fromJson } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Benchmark } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { uuidOf } from "../../ids.ts";
import { ImportError } from "../../import/import-error.ts";
import type { ImportedBenchmark } from "../../import/types.ts";
import { quote } from "../../text.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { CliError, requireAnswer } from "../shared/errors.ts";
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

interface ImportOptions extends UploadOptions {
  /** The name that the caller asked for, which a benchmark that is there already must have. */
  name?: string | undefined;
}

/**
 * Creates the benchmark, or goes on with the one that an earlier import made, sends its evaluations, and then
 * sets status, times and results, also of a log that could not be read to its end. A benchmark in a final
 * status keeps them, unless evaluations were missing in it.
 * @param userId the caller, empty if the service asks nobody who he is
 * @throws ConnectError where a call fails
 * @throws {CliError} if a benchmark with its id is not an earlier import of the caller
 */
export async function importBenchmark(
  client: BenchmarkClient,
  userId: string,
  imported: ImportedBenchmark,
  { name: asked, ...options }: ImportOptions,
): Promise<ImportResult> {
  const { benchmark, created } = await createOrGet(client, userId, imported, asked);
  const upload = await uploadEvaluations(client, benchmark.id, imported.evaluations, options);
  const isInterrupted = upload.failure !== undefined && !(upload.failure instanceof ImportError);
  const isFinal = finalStatuses.includes(benchmark.status);
  if (!isInterrupted && (!isFinal || upload.inserted > 0)) await finish(client, benchmark, imported, upload);
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
  for await (const read of evaluations) {
    if (read instanceof ImportError) yield read;
    else {
      const { id, ...evaluation } = read;
      yield { ...evaluation, sampleId: evaluation.sampleId || (id ?? "") };
    }
  }
}

/**
 * The id of an imported benchmark: the same for the same user and run of the same source, so that importing
 * it again finds it. A benchmark that we exported keeps its id; the others get a UUIDv8 (RFC 9562, 5.8) made
 * of the SHA-256 of user and key.
 */
export function importedId(userId: string, key: string): string {
  const exported = /^ltb:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(key);
  if (exported?.[1] !== undefined) return exported[1].toLowerCase();
  const bytes = createHash("sha256")
    .update(`llm-test-bench import\0${userId}\0${key}`)
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return uuidOf(bytes);
}

async function createOrGet(
  client: BenchmarkClient,
  userId: string,
  imported: ImportedBenchmark,
  asked: string | undefined,
): Promise<{ benchmark: Benchmark; created: boolean }> {
  const { key, name, provider, model, dataset } = imported;
  const { description, totalIterations, repetitions, plannedSamples, labels, metadata } = imported;
  const id = importedId(userId, key);
  const optional = given({ description, totalIterations, repetitions, plannedSamples, labels });
  try {
    const { benchmark } = await client.createBenchmark({
      ...{ id, name, provider, model, dataset, ...optional },
      ...(metadata !== undefined && { metadataJson: JSON.stringify(metadata) }),
    });
    if (benchmark !== undefined) return { benchmark, created: true };
  } catch (error) {
    if (!(error instanceof ConnectError && error.code === Code.AlreadyExists)) throw error;
  }
  const benchmark = await get(client, id);
  const differences = [
    userId !== "" && benchmark.createdBy !== userId && "of another user",
    benchmark.provider !== provider && `of provider ${benchmark.provider}`,
    benchmark.model !== model && `of model ${benchmark.model}`,
    benchmark.dataset !== dataset && `on dataset ${benchmark.dataset}`,
  ].filter((difference) => difference !== false);
  const isOther = differences.length > 0;
  if (asked !== undefined && benchmark.name !== asked) differences.push(`named ${benchmark.name}`);
  if (differences.length > 0) {
    const found = `benchmark ${id}, which this log would be, is there already, ${differences.join(", ")}`;
    const rename = `\`ltb benchmark update ${id} --name ${quote(asked ?? "")}\` renames it`;
    const ways = `--benchmark ${id} adds to it${isOther ? "" : `, ${rename}`}`;
    throw new CliError(`${found}; ${ways}`, { code: "ALREADY_EXISTS" });
  }
  return { benchmark, created: false };
}

async function finish(
  client: BenchmarkClient,
  { id, status: before, totalIterations, plannedSamples }: Benchmark,
  imported: ImportedBenchmark,
  { received, rejected, unreadable, failure }: Upload,
): Promise<void> {
  const { status, error, startedAt, completedAt, metrics, results } = imported;
  const { completedIterations = 0, failedIterations = 0 } = imported;
  const isCounted = imported.totalIterations === undefined && failure === undefined;
  // A sample that the source has twice was to be evaluated once, and so was one that is stored already.
  const stored = isCounted ? await countStored(client, id) : 0;
  const records = isCounted ? stored + rejected + unreadable : 0;
  // Nor were there to be more samples than it has, however often each was tried.
  const isPlanned = imported.plannedSamples !== undefined || stored < 2;
  const tried = isPlanned ? stored : await countSamples(client, id);
  const samples = tried < stored ? tried + rejected + unreadable : 0;
  await client.updateBenchmark({
    id,
    ...(!finalStatuses.includes(before) && { status: statuses[status] }),
    // A source that does not say how many there were to be has been read to its end.
    ...(totalIterations < records && { totalIterations: records }),
    ...(plannedSamples < samples && { plannedSamples: samples }),
    ...given({ error }),
    ...(metrics !== undefined && { metricsJson: JSON.stringify(metrics) }),
    ...(startedAt !== undefined && { startedAt: fromJson(TimestampSchema, startedAt) }),
    ...(completedAt !== undefined && { completedAt: fromJson(TimestampSchema, completedAt) }),
    ...(results !== undefined && { resultsJson: JSON.stringify(results) }),
  });
  // A benchmark that keeps no evaluations here has only the counts that its owner set.
  if (received === 0 && completedIterations + failedIterations > 0)
    await client.updateBenchmark({ id, completedIterations, failedIterations });
}

async function countStored(client: BenchmarkClient, id: string): Promise<number> {
  const { completedIterations, failedIterations } = await get(client, id);
  return completedIterations + failedIterations;
}

async function countSamples(client: BenchmarkClient, benchmarkId: string): Promise<number> {
  const { sampleCount } = await client.getBenchmarkSummary({ benchmarkId, metrics: ["score"] });
  return sampleCount;
}

async function get(client: BenchmarkClient, id: string): Promise<Benchmark> {
  const { benchmark } = await client.getBenchmark({ id });
  requireAnswer(benchmark, "benchmark");
  return benchmark;
}
