import { detectFormat } from "./detect.ts";
import { readHelm, readHelmRuns } from "./helm.ts";
import { ImportError } from "./import-error.ts";
import { readInspectJson, readInspectZip } from "./inspect.ts";
import { readLmEvalResults, readLmEvalSamples } from "./lm-eval.ts";
import { readLtbExport } from "./ltb-export.ts";
import { readOpenaiEvals } from "./openai-evals.ts";
import { readPromptfoo } from "./promptfoo.ts";
import { readRows } from "./rows.ts";
import { type Source, sourceOf } from "./source.ts";
import { accepted, type DetectedFormat, type ImportedBenchmark, type ReadOptions } from "./types.ts";
import { requireScore, watchLog } from "./watch-log.ts";

type Benchmarks = AsyncIterable<ImportedBenchmark | ImportError>;

const readers: Record<DetectedFormat, (source: Source) => Benchmarks> = {
  "inspect-zip": readInspectZip,
  "inspect-json": readInspectJson,
  "lm-eval-samples": readLmEvalSamples,
  "lm-eval-results": readLmEvalResults,
  helm: readHelm,
  "helm-runs": readHelmRuns,
  "promptfoo-json": (source) => readPromptfoo(source, "json"),
  "promptfoo-summary": (source) => readPromptfoo(source, "summary"),
  "promptfoo-jsonl": (source) => readPromptfoo(source, "jsonl"),
  "openai-evals": readOpenaiEvals,
  parquet: async function* (source) {
    const { readParquet } = await import("./parquet.ts");
    yield* readParquet(source);
  },
  jsonl: (source) => readRows(source, "jsonl"),
  json: (source) => readRows(source, "json"),
  "json-object": (source) => readRows(source, "json-object"),
  ltb: readLtbExport,
};

/**
 * Reads the benchmarks of one log: a file, the folder of a HELM run, or of several. It reads nothing ahead of
 * the caller. The evaluations of a benchmark may be read while it is the current one or later, and more than
 * once. A benchmark that cannot be read, beside others that can, is an error in its place.
 *
 * @throws {ImportError} if no benchmark, or no other, can be read, with the file, the place in it and the
 * expected content. Everything before it has been returned by then.
 */
export async function* readLogs(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<ImportedBenchmark | ImportError> {
  const source = sourceOf(path, options);
  const { file } = source;
  const found = await detectFormat(source);
  const { format = "auto" } = options;
  const wanted: readonly DetectedFormat[] = format === "auto" ? [found] : accepted[format];
  if (!wanted.includes(found))
    throw new ImportError({ file }, `expected ${format}, this looks like ${found}`);
  const reader = readerOf(found, options);
  if (options.map && !rowReaders.includes(reader))
    throw new ImportError(
      { file },
      `a field map is for JSON and JSONL; this looks like ${found}. Rows are read with --format json or jsonl`,
    );
  const isOurs = reader === "ltb" || reader === "parquet";
  for await (const benchmark of readers[reader](source)) {
    if (benchmark instanceof ImportError || isOurs) yield benchmark;
    else {
      const isScorable = !rowReaders.includes(reader);
      const isChosen = isScorable && options.score !== undefined;
      const missing = isChosen ? await requireScore(benchmark, source) : undefined;
      yield missing ?? watchLog(benchmark, source, { isScorable });
    }
  }
}

const rowReaders: readonly DetectedFormat[] = ["jsonl", "json", "json-object"];

function readerOf(found: DetectedFormat, { format = "auto", rows }: ReadOptions): DetectedFormat {
  if (rows !== undefined) return "json-object";
  if (format === "jsonl") return "jsonl";
  return format === "json" && found !== "json-object" ? "json" : found;
}
