import { type Command, Option } from "commander";
import { EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "./client.ts";
import { CliError } from "./errors.ts";
import { examples } from "./examples.ts";
import { findBenchmark } from "./find-benchmark.ts";
import { note } from "./output.ts";
import { csvLines, metricNames } from "./transfer/csv.ts";
import { jsonLines } from "./transfer/jsonl.ts";
import { readEvaluations } from "./transfer/read-evaluations.ts";
import { writeToFile, writeToStdout } from "./transfer/write-text.ts";

interface Options extends ServiceOptions {
  format: "jsonl" | "csv";
  output?: string;
}

export function exportCommand(program: Command): void {
  withServiceOptions(program.command("export"))
    .summary("write a benchmark and its evaluations as JSONL or CSV")
    .description(
      "Writes a benchmark with its evaluations, oldest first, in constant memory; a connection that breaks is resumed. JSONL " +
        "holds everything, and `ltb import` reads it. CSV has a column for each metric.",
    )
    .argument("<benchmark>", "id, or name (the newest with it)")
    .addOption(
      new Option("--format <format>", "form of the output").choices(["jsonl", "csv"]).default("jsonl"),
    )
    .option("-o, --output <file>", "write to this file, which appears when it is complete (default: stdout)")
    .addHelpText(
      "after",
      examples(
        ["ltb export gsm8k -o gsm8k.jsonl", ""],
        ["ltb export gsm8k --format csv -o gsm8k.csv", ""],
        ["ltb export gsm8k | gzip > gsm8k.jsonl.gz", ""],
        ["ltb export gsm8k | tail -n +2 | jq .score", "without the first line, which is the benchmark"],
      ),
    )
    .action(exportBenchmark);
}

async function exportBenchmark(reference: string, { format, output, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const { id, name } = await findBenchmark(client.benchmarks, reference);
  const evaluations = (view: EvaluationView) => readEvaluations(client.benchmarks, id, view);
  const pieces = async () => {
    if (format === "csv") {
      // The head names every metric, so the rows are read twice; the first time without their texts.
      const metrics = await metricNames(evaluations(EvaluationView.BASIC));
      return csvLines(metrics, evaluations(EvaluationView.FULL));
    }
    const { benchmark } = await client.benchmarks.getBenchmark({ id });
    if (benchmark === undefined)
      throw new CliError("the service answered without the benchmark", { code: "INTERNAL" });
    return jsonLines(benchmark, evaluations(EvaluationView.FULL));
  };
  if (output === undefined) return writeToStdout(await pieces());
  await writeToFile(output, await pieces());
  note(`wrote ${name} (${id}) to ${output}`);
}
