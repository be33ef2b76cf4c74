import { extname } from "node:path";
import { EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { JsonFormat } from "../../gen/ltb/v1/json_pb.ts";
import { type FilterOptions, filterOf, withFilterOptions } from "./evaluation/filter.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer, UsageError } from "./shared/errors.ts";
import { findBenchmark, NEWEST } from "./shared/find-benchmark.ts";
import { note, oneLine } from "./shared/output.ts";
import { readEvaluations } from "./transfer/read-evaluations.ts";
import { csvLines, jsonLines, metricNames } from "./transfer/text-formats.ts";
import { writeToFile, writeToStdout } from "./transfer/write-text.ts";

const formats = ["jsonl", "csv", "parquet"] as const;
type Format = (typeof formats)[number];

type Options = ServiceOptions & FilterOptions & { format?: Format; output?: string; safeFormulas?: boolean };

export function addCommand(program: Command): void {
  withFilterOptions(addServiceCommand(program, "export").withReplica())
    .summary("write a benchmark and its evaluations as JSONL, Parquet or CSV")
    .description(
      "Writes a benchmark with its evaluations, oldest first, in constant memory; a connection that breaks is resumed. JSONL " +
        "and Parquet hold everything, and `ltb import` reads them. CSV has a column for each metric, and nothing about the benchmark.",
    )
    .argument("<benchmark>", NEWEST)
    .choice("--format <format>", "form of the output (default: by the file's extension, else jsonl)", formats)
    .option("-o, --output <file>", "write to this file, which appears when it is complete (default: stdout)")
    .option(
      "--safe-formulas",
      "in CSV put ' before texts that a spreadsheet would run as a formula, such as =HYPERLINK(…) in an output; without it texts are as they are",
    )
    .examples(
      "ltb export gsm8k -o gsm8k.jsonl",
      ["ltb export gsm8k -o gsm8k.parquet", "for DuckDB, pandas, Spark"],
      "ltb export gsm8k --format csv | head",
      ["ltb export gsm8k -o gsm8k.csv --safe-formulas", "for Excel, LibreOffice, Google Sheets"],
      ["ltb export gsm8k --failed --metadata split=test -o failed.jsonl", "a part of them"],
      "ltb export gsm8k | gzip > gsm8k.jsonl.gz",
      ["ltb export gsm8k | tail -n +2 | jq .score", "without the first line, which is the benchmark"],
    )
    .callService(exportBenchmark);
}

async function exportBenchmark(
  { benchmarks }: ServiceClient,
  reference: string,
  { output: path, safeFormulas = false, ...options }: Options,
): Promise<void> {
  const output = path === "-" ? undefined : path;
  const format = options.format ?? formatOf(output);
  if (safeFormulas && format !== "csv") throw new UsageError("--safe-formulas is for --format csv");
  if (format === "parquet" && output === undefined && process.stdout.isTTY)
    throw new UsageError("Parquet is not for a terminal: add -o FILE, or redirect the output");
  const { id, name } = await findBenchmark(benchmarks, reference);
  const evaluations = (view: EvaluationView) => readEvaluations(benchmarks, id, view, filterOf(options));
  const pieces = async (): Promise<AsyncIterable<string | Uint8Array>> => {
    if (format === "csv") {
      // The head names every metric, so the rows are read twice; the first time without their texts.
      const metrics = await metricNames(evaluations(EvaluationView.BASIC));
      return csvLines(metrics, evaluations(EvaluationView.FULL), { safeFormulas });
    }
    const { benchmark } = await benchmarks.getBenchmark({ id, jsonFormat: JsonFormat.TEXT });
    requireAnswer(benchmark, "benchmark");
    if (format === "parquet") {
      const { parquetPieces } = await import("./transfer/parquet.ts");
      return parquetPieces(benchmark, evaluations(EvaluationView.FULL));
    }
    return jsonLines(benchmark, evaluations(EvaluationView.FULL));
  };
  if (output === undefined) return writeToStdout(await pieces());
  await writeToFile(output, await pieces());
  note(`wrote ${oneLine(name)} (${id}) to ${output}`);
}

function formatOf(output = ""): Format {
  const extension = extname(output).slice(1).toLowerCase();
  return formats.find((format) => format === extension) ?? "jsonl";
}
