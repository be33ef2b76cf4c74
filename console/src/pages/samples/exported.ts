import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { ExportEvaluationsRequestSchema } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { type Evaluation, EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { JsonFormat } from "../../../../gen/ltb/v1/json_pb.ts";
import { csvLines, jsonLines, metricNames } from "../../../../src/cli/transfer/text-formats.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { answers } from "../../data/reach.ts";
import { isUnanswered } from "../../data/transport.ts";
import { bytes } from "../../parts/format.ts";

/** A tab holds no longer files, in bytes; `ltb export` has no such limit. */
export const longestFile = 200 * 1024 * 1024;

type Request = MessageInitShape<typeof ExportEvaluationsRequestSchema>;

export interface Exporting {
  benchmark: Benchmark;
  request: Request;
  format: "csv" | "jsonl";
  /** For spreadsheets: no text begins like a formula, and the file says that it is UTF-8. */
  forSpreadsheets: boolean;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
}

export interface Progress {
  evaluations: number;
  /** What the file has by now. 0 while the names of metrics are gathered, which CSV begins with */
  bytes: number;
}

/**
 * The evaluations that match as a file, oldest first, in the forms of `ltb export`.
 * @throws ConnectError OUT_OF_RANGE where the file would be longer than a tab holds
 */
export async function exportSamples(exporting: Exporting): Promise<Blob> {
  const { format, onProgress } = exporting;
  const parts: Blob[] = [];
  const progress = { evaluations: 0, bytes: 0 };
  for await (const text of await piecesOf(exporting, (count) => {
    progress.evaluations += count;
    onProgress({ ...progress });
  })) {
    const part = new Blob([text]);
    progress.bytes += part.size;
    if (progress.bytes > longestFile)
      throw new ConnectError(
        `The file would be larger than ${bytes(longestFile)}, which a tab does not hold.`,
        Code.OutOfRange,
      );
    parts.push(part);
  }
  return new Blob(parts, { type: format === "csv" ? "text/csv" : "application/jsonl" });
}

async function piecesOf(
  { benchmark, request, format, forSpreadsheets, signal }: Exporting,
  onRead: (count: number) => void,
): Promise<AsyncIterable<string>> {
  if (format === "jsonl") return jsonLines(benchmark, readAll(request, EvaluationView.FULL, signal, onRead));
  // The head names every metric, so the rows are read twice; the first time without their texts.
  const metrics = await metricNames(readAll(request, EvaluationView.BASIC, signal, () => undefined));
  const rows = csvLines(metrics, readAll(request, EvaluationView.FULL, signal, onRead), {
    safeFormulas: forSpreadsheets,
  });
  return forSpreadsheets ? marked(rows) : rows;
}

/** Excel takes a file for UTF-8 that begins with this mark. */
async function* marked(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  yield "\uFEFF";
  yield* pieces;
}

/** The chunks of an export. One that breaks is resumed where it was, once the service answers. */
async function* readAll(
  request: Request,
  view: EvaluationView,
  signal: AbortSignal,
  onRead: (count: number) => void,
): AsyncGenerator<Evaluation[]> {
  for (let pageToken = ""; ; ) {
    const asked = { ...request, view, pageToken, jsonFormat: JsonFormat.TEXT };
    try {
      for await (const chunk of benchmarkClient.exportEvaluations(asked, { timeoutMs: 0, signal })) {
        pageToken = chunk.nextPageToken;
        onRead(chunk.evaluations.length);
        yield chunk.evaluations;
      }
      return;
    } catch (error) {
      if (signal.aborted || pageToken === "" || !isUnanswered(error)) throw error;
      await answers();
    }
  }
}
