import { InvalidArgumentError, Option } from "commander";
import { type FieldMap, parseFieldMap } from "../import/field-map.ts";
import { ImportError } from "../import/import-error.ts";
import { type LogFormat, logFormats, type ReadOptions } from "../import/types.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { describeError, isTransient, showError } from "./shared/describe-error.ts";
import { CliError } from "./shared/errors.ts";
import { makePrintable, note, print, printJson } from "./shared/output.ts";
import { type ImportResult, importBenchmark, importInto } from "./transfer/import-benchmark.ts";
import { type Progress, showProgress } from "./transfer/progress.ts";
import type { UploadOptions } from "./transfer/upload.ts";

/** Evaluations that were not stored are told one by one up to this many a benchmark. */
const SHOWN_ISSUES = 5;

interface Options
  extends ServiceOptions,
    Pick<ReadOptions, "name" | "provider" | "model" | "dataset" | "score"> {
  format: LogFormat;
  map?: FieldMap;
  benchmark?: string;
}

export function addCommand(program: Command): void {
  addServiceCommand(program, "import")
    .summary("import the logs of an evaluation tool")
    .description(
      "Imports benchmarks with their evaluations: Inspect .eval and .json, lm-evaluation-harness samples_*.jsonl and " +
        "results_*.json, HELM run folders, promptfoo's JSON and JSONL, OpenAI evals' JSONL, JSON arrays, JSONL, and what " +
        "`ltb export` wrote as JSONL or Parquet; each but .eval and Parquet also packed by gzip. Importing a log again stores nothing " +
        "twice: it goes on where an import was cut off.",
    )
    .argument("<file...>", "logs; for HELM the folder of a run")
    .choice("--format <format>", "what the files are; auto tells it by their content", logFormats, "auto")
    .addOption(
      new Option(
        "--map <fields>",
        "JSON and JSONL: target=field,… where a field is a path (a.b[0]), a number, 'text' or arithmetic over them; " +
          "targets are input, output, expected, score, sample_id, repetition, error, latency_ms, input_tokens, " +
          "output_tokens, cost_usd, created_at, provider, model, dataset and metrics.NAME",
      ).argParser(fieldMap),
    )
    .option("--name <name>", "name of the benchmark, instead of what the log says")
    .option("--provider <provider>", "provider of the model, instead of what the log says")
    .option("--model <model>", "model, instead of what the log says")
    .option("--dataset <dataset>", "dataset, instead of what the log says")
    .option("--score <metric>", "all but JSON and JSONL: the metric that becomes the score")
    .option("--benchmark <id>", "add the evaluations to this benchmark, which is left as it is otherwise")
    .examples(
      ["ltb import logs/2026-01-31_gsm8k.eval", "an Inspect log"],
      ["ltb import out/samples_gsm8k_*.jsonl", "lm-evaluation-harness"],
      ["ltb import runs/mmlu:subject=philosophy,model=gpt2", "a HELM run"],
      ["ltb import output.json", "promptfoo: a benchmark for each prompt with each provider"],
      ["ltb import evallogs/230501_gpt-4_match.jsonl.gz", "OpenAI evals, packed"],
      "ltb import rows.json --map input=prompt,output=answer,score=grade/10 --model gpt-4",
    )
    .callService(importFiles);
}

async function importFiles(client: ServiceClient, files: string[], options: Options): Promise<void> {
  const { limits } = await client.system.getInfo({});
  const stop = new AbortController();
  const told = "interrupted; what was sent is stored, and importing again sends the rest";
  const interrupted = new CliError(told, { code: "CANCELLED" });
  // Only the first time: the second Ctrl-C ends the process.
  process.once("SIGINT", () => stop.abort(interrupted));
  const upload = { maxMessageBytes: limits?.maxMessageBytes ?? 4_194_304, signal: stop.signal };

  const results: ImportResult[] = [];
  let failed = false;
  try {
    for (const file of files) {
      stop.signal.throwIfAborted();
      try {
        for await (const result of importFile(client, file, options, upload)) {
          results.push(result);
          if (!options.json) show(result);
          failed ||= result.rejected > 0 || result.conflicts > 0;
          if (result.failure !== undefined) throw result.failure;
        }
      } catch (error) {
        // One bad file does not keep the others from being imported; a service that fails does.
        if (!(error instanceof ImportError)) {
          if (isTransient(error))
            note("note: what the service took is stored; importing again sends the rest");
          throw error;
        }
        failed = true;
        showError(describeError(error), { json: options.json ?? false, cause: error });
      }
    }
  } finally {
    if (options.json) printJson({ benchmarks: results.map(jsonOf) });
  }
  if (failed) process.exitCode = 1;
}

async function* importFile(
  { benchmarks }: ServiceClient,
  file: string,
  options: Options,
  upload: UploadOptions,
): AsyncGenerator<ImportResult> {
  const { readLogs } = await import("../import/read-logs.ts");
  let progress: Progress | undefined;
  const onBytes = (bytes: number) => progress?.read(bytes);
  const onSent = (rows: number) => progress?.sent(rows);
  for await (const imported of readLogs(file, { ...options, onBytes })) {
    progress = await showProgress(file, "evaluations");
    const sending =
      options.benchmark === undefined
        ? importBenchmark(benchmarks, imported, { ...upload, onSent })
        : importInto(benchmarks, options.benchmark, imported, { ...upload, onSent });
    yield await sending.finally(progress.stop);
  }
}

function show({ id, name, created, inserted, duplicates, conflicts, rejected, issues }: ImportResult): void {
  const counts = `${inserted} inserted, ${duplicates} duplicates, ${conflicts} conflicts, ${rejected} rejected`;
  print(`${makePrintable(name)}  ${id}${created ? "" : " (was there)"}: ${counts}`);
  for (const { sampleId, outcome, field, reason } of issues.slice(0, SHOWN_ISSUES))
    note(`  ${outcome}: sample ${sampleId}: ${field === "" ? "" : `${field}: `}${reason}`);
  if (conflicts + rejected > SHOWN_ISSUES) note(`  … ${conflicts + rejected - SHOWN_ISSUES} more`);
}

function jsonOf({ failure, issues, ...result }: ImportResult): object {
  const told = issues.map(({ sampleId, ...issue }) => ({ sample_id: sampleId, ...issue }));
  return { ...result, complete: failure === undefined, issues: told };
}

function fieldMap(text: string): FieldMap {
  try {
    return parseFieldMap(text);
  } catch (error) {
    if (error instanceof ImportError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
