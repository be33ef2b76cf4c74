import { type Benchmark, BenchmarkSchema } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import { readJson, readPayload } from "../job/payload.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { noteConsole } from "../shared/console-link.ts";
import { requireAnswer, UsageError } from "../shared/errors.ts";
import { findBenchmark } from "../shared/find-benchmark.ts";
import { gatherPairs, given, parseWhole } from "../shared/options.ts";
import { print, printFields, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";
import { statuses, statusName } from "../shared/status.ts";

interface Options extends ServiceOptions {
  name?: string;
  description?: string;
  total?: number;
  repetitions?: number;
  plannedSamples?: number;
  label?: Record<string, string>;
  metadata?: string;
}

interface CreateOptions extends Options {
  id?: string;
  provider: string;
  model: string;
  dataset: string;
}

interface UpdateOptions extends Options {
  status?: keyof typeof statuses;
  error?: string;
  results?: string;
}

const upToInt32 = parseWhole(0, 2 ** 31 - 1);
const jsonObject = "JSON object; - reads it from standard input, @FILE from a file";

export function addCreate(benchmark: Command): void {
  withFields(addServiceCommand(benchmark, "create"))
    .description(
      "Creates a benchmark, which waits for its evaluations, and prints its id. `ltb import` makes those of a log by itself.",
    )
    .argument("<name>", "what people call it; several may have the same name")
    .requiredOption("--model <model>", "model under test")
    .requiredOption("--dataset <dataset>", "dataset that the model is run on")
    .requiredOption("--provider <provider>", "provider of the model")
    .option(
      "--id <id>",
      "a UUID of yours, so that a repetition creates nothing (default: one of the service)",
    )
    .examples(
      "ltb benchmark create nightly --provider openai --model gpt-4 --dataset gsm8k --total 1319",
      "ltb benchmark create trial --provider local --model llama --dataset mmlu --label team=search",
    )
    .callService(create);
}

export function addUpdate(benchmark: Command): void {
  withFields(addServiceCommand(benchmark, "update"))
    .description("Changes a benchmark. What is not named stays as it is.")
    .argument("<benchmark>", "id, or name if only one benchmark has it")
    .option("--name <name>", "new name")
    .choice("--status <status>", "new status", Object.keys(statuses))
    .option("--error <text>", "why it failed; an empty text removes it")
    .option(
      "--results <json>",
      "results in any form, as JSON; - reads them from standard input, @FILE from a file",
    )
    .examples(
      "ltb benchmark update trial --name baseline",
      "ltb benchmark update trial --status completed --results @results.json",
      ["ltb benchmark update trial --label team=search --label run=7", "these labels and no others"],
    )
    .callService(update);
}

function withFields(command: Command): Command {
  return command
    .option("--description <text>", "what it is about")
    .option("--total <n>", "planned number of evaluations; 0: unknown", upToInt32)
    .option("--repetitions <n>", "evaluations that each sample is to have; 0: not said", upToInt32)
    .option(
      "--planned-samples <n>",
      "samples that there are to be; 0: total by repetitions, if that is known",
      upToInt32,
    )
    .option("--label <key=value>", "a label to filter by; may be given again", gatherPairs)
    .option("--metadata <json>", `further data: ${jsonObject}`);
}

async function create(client: ServiceClient, name: string, options: CreateOptions): Promise<void> {
  const { id = "", provider, model, dataset } = options;
  const request = { id, name, provider, model, dataset, ...(await fieldsOf(options)) };
  const { benchmark } = await client.benchmarks.createBenchmark({ ...request, jsonFormat: JsonFormat.TEXT });
  requireAnswer(benchmark, "benchmark");
  if (options.json) printJson(toPlain(BenchmarkSchema, benchmark));
  else print(benchmark.id);
  await noteConsole(client, options, `benchmarks/${benchmark.id}`);
}

async function update(
  { benchmarks }: ServiceClient,
  reference: string,
  options: UpdateOptions,
): Promise<void> {
  const { name, status, error, results } = options;
  const changes = {
    ...given({ name, error, status: status && statuses[status] }),
    ...(await fieldsOf(options)),
    ...(results !== undefined && { resultsJson: await readJson(results, "--results") }),
  };
  if (Object.keys(changes).length === 0)
    throw new UsageError(
      "say what to change: --name, --description, --status, --total, --repetitions, --planned-samples, --label, --metadata, --results, --error",
    );
  const { id } = await findBenchmark(benchmarks, reference, { only: true });
  const { benchmark } = await benchmarks.updateBenchmark({ id, ...changes, jsonFormat: JsonFormat.TEXT });
  requireAnswer(benchmark, "benchmark");
  showBenchmark(benchmark, options);
}

/** Prints every field of a benchmark. */
export function showBenchmark(benchmark: Benchmark, options: { json?: boolean }): void {
  const { status, repetitions, plannedSamples, totalIterations } = benchmark;
  // 0 stands for what nobody has declared.
  printFields(BenchmarkSchema, benchmark, options, {
    status: statusName(status),
    repetitions: repetitions || null,
    planned_samples: plannedSamples || null,
    total_iterations: totalIterations || null,
  });
}

async function fieldsOf({ description, total, label, metadata, ...counts }: Options) {
  const { repetitions, plannedSamples } = counts;
  const read = metadata === undefined ? undefined : await readPayload(metadata, "--metadata");
  return given({
    ...{ description, totalIterations: total, repetitions, plannedSamples },
    ...{ labels: label, metadataJson: read },
  });
}
