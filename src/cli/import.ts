import { InvalidArgumentError, Option } from "commander";
import { type FieldMap, parseFieldMap } from "../import/field-map.ts";
import { ImportError } from "../import/import-error.ts";
import { type ImportedBenchmark, type LogFormat, logFormats, type ReadOptions } from "../import/types.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { noteConsole } from "./shared/console-link.ts";
import { describeError, isTransient, showError } from "./shared/describe-error.ts";
import { CliError } from "./shared/errors.ts";
import { note, oneLine, print, printJson } from "./shared/output.ts";
import { type ImportResult, importBenchmark, importInto } from "./transfer/import-benchmark.ts";
import { openInput } from "./transfer/open-input.ts";
import { type Progress, showProgress } from "./transfer/progress.ts";
import type { UploadOptions } from "./transfer/upload.ts";

/** Evaluations that were not stored are told one by one up to this many a benchmark. */
const SHOWN_ISSUES = 20;

interface Options
  extends ServiceOptions,
    Pick<ReadOptions, "name" | "provider" | "model" | "dataset" | "score" | "rows" | "keepSecrets"> {
  format: LogFormat;
  map?: FieldMap;
  benchmark?: string;
}

/** What became of a benchmark, with what whoever imports it should know. */
interface NotedResult extends ImportResult {
  notes: string[];
}

export function addCommand(program: Command): void {
  addServiceCommand(program, "import")
    .summary("import the logs of an evaluation tool")
    .description(
      "Imports benchmarks with their evaluations: Inspect .eval and .json, lm-evaluation-harness samples_*.jsonl and " +
        "results_*.json (a group with an average, such as MMLU, as one benchmark), HELM run folders (those that differ in their subject, too), promptfoo's JSON and JSONL, OpenAI evals' JSONL, JSON arrays, JSONL, and what " +
        "`ltb export` wrote as JSONL or Parquet; each but .eval and Parquet also packed by gzip. Importing a log again stores nothing " +
        "twice: it goes on where an import was cut off.",
    )
    .argument(
      "<file...>",
      "logs; for HELM the folder of a run or of several; - reads one from standard input",
    )
    .choice("--format <format>", "what the files are; auto tells it by their content", logFormats, "auto")
    .addOption(
      new Option(
        "--map <fields>",
        "JSON and JSONL: target=field,… where a field is a path (a.b[0]), a number, 'text' or arithmetic over them, " +
          "and `a ?? 0` is 0 where a is null or missing; created_at is a time with its zone, or seconds or milliseconds; " +
          "targets are input, output, expected, score, sample_id, repetition, error, latency_ms, input_tokens, " +
          "output_tokens, cost_usd, created_at, provider, model, dataset and metrics.NAME",
      ).argParser(fieldMap),
    )
    .option("--name <name>", "name of the benchmark, instead of what the log says")
    .option("--provider <provider>", "provider of the model, instead of what the log says")
    .option("--model <model>", "model, instead of what the log says")
    .option("--dataset <dataset>", "dataset, instead of what the log says")
    .option("--score <metric>", "all but JSON and JSONL: the metric that becomes the score")
    .option("--rows <path>", "JSON: where in the file the array of rows is, as in results.rows")
    .option("--keep-secrets", "keep API keys, passwords and the like, which become [redacted] otherwise")
    .addOption(
      new Option(
        "--benchmark <id>",
        "add the evaluations to this benchmark, which is left as it is otherwise",
      ).conflicts(["name", "provider", "model", "dataset"]),
    )
    .examples(
      ["ltb import logs/2026-01-31_gsm8k.eval", "an Inspect log"],
      ["ltb import out/samples_gsm8k_*.jsonl", "lm-evaluation-harness"],
      [
        "ltb import out/results_2026-01-31T12-00-00.json",
        "all of its tasks; ltb summary mmlu:gpt2 --group-by task",
      ],
      ["ltb import runs/mmlu:subject=philosophy,model=gpt2", "a HELM run"],
      ["ltb import runs", "HELM runs; ltb summary mmlu:model=gpt2 --group-by subject"],
      ["ltb import output.json", "promptfoo: a benchmark for each prompt with each provider"],
      ["ltb import evallogs/230501_gpt-4_match.jsonl.gz", "OpenAI evals, packed"],
      ["aws s3 cp s3://logs/run.eval - | ltb import -", "from anywhere"],
      "ltb import rows.json --map input=prompt,output=answer,score=grade/10 --model gpt-4",
      [
        "ltb import results.json --rows results --map 'input=task,score=solved ?? 0'",
        "an unsolved task counts as 0",
      ],
    )
    .callService(importFiles);
}

async function importFiles(client: ServiceClient, files: string[], options: Options): Promise<void> {
  const [{ limits }, { user }] = await Promise.all([client.system.getInfo({}), client.users.whoAmI({})]);
  const stop = new AbortController();
  const told = "interrupted; what was sent is stored, and importing again sends the rest";
  const interrupted = new CliError(told, { code: "CANCELLED" });
  // Only the first time: the second Ctrl-C ends the process.
  process.once("SIGINT", () => stop.abort(interrupted));
  const upload = { maxMessageBytes: limits?.maxMessageBytes ?? 4_194_304, signal: stop.signal };

  const mine = { ...options, userId: user?.id ?? "" };
  const results: NotedResult[] = [];
  let failed = false;
  try {
    for (const file of files) {
      stop.signal.throwIfAborted();
      const told = new Set<string>();
      for await (const result of importFile(client, file, mine, upload)) {
        // The benchmarks of a file may meet the same error in it.
        if (result instanceof Error) {
          failed = true;
          if (told.has(result.message)) continue;
          told.add(result.message);
          showError(describeError(result), { json: options.json ?? false, cause: result });
        } else {
          results.push(result);
          if (!options.json) show(result);
          failed ||= result.rejected + result.conflicts + result.unreadable > 0;
        }
      }
    }
  } catch (error) {
    if (isTransient(error)) note("note: what the service took is stored; importing again sends the rest");
    throw error;
  } finally {
    if (options.json) printJson({ benchmarks: results.map(jsonOf) });
  }
  const [first, ...others] = results;
  if (first) await noteConsole(client, options, others.length > 0 ? "benchmarks" : `benchmarks/${first.id}`);
  if (failed) process.exitCode = 1;
}

/** Imports what can be read of a file. What cannot does not keep the rest, or other files, from it. */
async function* importFile(
  { benchmarks }: ServiceClient,
  argument: string,
  options: Options & { userId: string },
  upload: UploadOptions,
): AsyncGenerator<NotedResult | ImportError | CliError> {
  const { readLogs } = await import("../import/read-logs.ts");
  let progress: Progress | undefined;
  let notes: string[] = [];
  const onBytes = (bytes: number) => progress?.read(bytes);
  const onSent = (rows: number) => progress?.sent(rows);
  const onNote = (text: string) => notes.push(text);
  const send = (imported: ImportedBenchmark) =>
    options.benchmark === undefined
      ? importBenchmark(benchmarks, options.userId, imported, { ...upload, onSent, name: options.name })
      : importInto(benchmarks, options.benchmark, imported, { ...upload, onSent });
  const stop = () => {
    progress?.stop();
    progress = undefined;
  };
  await using input = await openInput(argument, upload.signal);
  const { path, file } = input;
  try {
    for await (const imported of readLogs(path, { ...options, file, onBytes, onNote })) {
      if (imported instanceof ImportError) yield imported;
      else {
        notes = [];
        progress = await showProgress(path, "evaluations", file);
        const result = await send(imported).catch(refusalOf).finally(stop);
        if (result instanceof CliError) yield result;
        else {
          yield { ...result, notes };
          if (result.failure instanceof ImportError) yield result.failure;
          else if (result.failure !== undefined) throw result.failure;
        }
      }
    }
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    yield error;
  }
}

/** Returns the error of a benchmark that is somebody else's, which is no reason to leave out the others. */
function refusalOf(error: unknown): CliError {
  if (error instanceof CliError && error.code === "ALREADY_EXISTS") return error;
  throw error;
}

function show({ id, name, created, issues, notes, ...counted }: NotedResult): void {
  const { inserted, duplicates, conflicts, rejected, unreadable } = counted;
  const counts = `${inserted} inserted, ${duplicates} duplicates, ${conflicts} conflicts, ${rejected} rejected`;
  const bad = unreadable > 0 ? `, ${unreadable} unreadable` : "";
  print(`${oneLine(name)}  ${id}${created ? "" : " (was there)"}: ${counts}${bad}`);
  const shown = issues.slice(0, SHOWN_ISSUES);
  for (const { sampleId, outcome, field, reason } of shown) {
    const place = outcome === "unreadable" ? "" : `sample ${sampleId}: ${field === "" ? "" : `${field}: `}`;
    note(`  ${outcome}: ${place}${reason}`);
  }
  const more = conflicts + rejected + unreadable - shown.length;
  if (more > 0) note(`  … ${more} more`);
  for (const text of notes) note(`  note: ${text}`);
}

function jsonOf({ failure, issues, ...result }: NotedResult): object {
  const told = issues.map(({ sampleId, ...issue }) => ({ sample_id: sampleId, ...issue }));
  return { ...result, complete: failure === undefined && result.unreadable === 0, issues: told };
}

function fieldMap(text: string): FieldMap {
  try {
    return parseFieldMap(text);
  } catch (error) {
    if (error instanceof ImportError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
