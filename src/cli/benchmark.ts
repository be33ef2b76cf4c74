import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { type Benchmark, BenchmarkSchema, BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { type BenchmarkClient, createClient, type ServiceOptions, withServiceOptions } from "./client.ts";
import { CliError } from "./errors.ts";
import { examples } from "./examples.ts";
import { findBenchmark } from "./find-benchmark.ts";
import { note, pairs, plain, print, printable, printJson, table } from "./output.ts";
import { statuses, statusName } from "./status.ts";

interface ListOptions extends ServiceOptions {
  name?: string;
  status?: keyof typeof statuses;
  provider?: string;
  model?: string;
  dataset?: string;
  limit: number;
}

export function benchmarkCommand(program: Command): void {
  const benchmark = program
    .command("benchmark")
    .summary("list, show or delete benchmarks")
    .description("Lists, shows and deletes benchmarks.");
  withServiceOptions(benchmark.command("list"))
    .description("Lists benchmarks, newest first.")
    .option("--name <name>", "only those with exactly this name")
    .addOption(new Option("--status <status>", "only those in this status").choices(Object.keys(statuses)))
    .option("--provider <provider>", "only those of this provider")
    .option("--model <model>", "only those of this model")
    .option("--dataset <dataset>", "only those on this dataset")
    .option("--limit <n>", "at most this many", count, 50)
    .addHelpText(
      "after",
      examples(
        ["ltb benchmark list", ""],
        ["ltb benchmark list --status completed --model gpt-4 --limit 200", ""],
      ),
    )
    .action(list);
  withServiceOptions(benchmark.command("show"))
    .description("Shows every field of a benchmark.")
    .argument("<benchmark>", "id, or name (the newest with it)")
    .addHelpText(
      "after",
      examples(["ltb benchmark show gsm8k", ""], ["ltb benchmark show gsm8k --json | jq .metadata", ""]),
    )
    .action(show);
  withServiceOptions(benchmark.command("delete"))
    .description("Deletes a benchmark with all its evaluations.")
    .argument("<benchmark>", "id, or name if only one benchmark has it")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", examples(["ltb benchmark delete 01890a5d-ac96-774b-bcce-b302099a8057 --yes", ""]))
    .action(remove);
}

async function list(options: ListOptions): Promise<void> {
  using client = createClient(options);
  const benchmarks: Benchmark[] = [];
  for await (const benchmark of pages(client.benchmarks, options)) {
    benchmarks.push(benchmark);
    if (benchmarks.length > options.limit) break;
  }
  const more = benchmarks.length > options.limit;
  if (more) benchmarks.pop();
  if (options.json)
    printJson({ benchmarks: benchmarks.map((benchmark) => plain(BenchmarkSchema, benchmark)), more });
  else if (benchmarks.length === 0) note("no benchmarks");
  else {
    print(
      table(
        ["id", "name", "model", "dataset", "status", "done", "failed", "created"],
        benchmarks.map(row),
        [5, 6],
      ),
    );
    if (more) note(`note: there are more; --limit ${options.limit * 10} shows them`);
  }
}

async function* pages(client: BenchmarkClient, options: ListOptions): AsyncGenerator<Benchmark> {
  const { name, provider, model, dataset, status, limit } = options;
  const filters = Object.entries({ name, provider, model, dataset }).filter(
    ([, value]) => value !== undefined,
  );
  const request = {
    ...Object.fromEntries(filters),
    status: status === undefined ? BenchmarkStatus.UNSPECIFIED : statuses[status],
    pageSize: Math.min(limit + 1, 1000),
  };
  let pageToken = "";
  do {
    const page = await client.listBenchmarks({ ...request, pageToken });
    yield* page.benchmarks;
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
}

function row(benchmark: Benchmark): string[] {
  const { id, name, provider, model, dataset, status, totalIterations: total } = benchmark;
  const { created_at } = plain(BenchmarkSchema, benchmark);
  const done = `${benchmark.completedIterations}${total > 0 ? `/${total}` : ""}`;
  const created = String(created_at).slice(0, 16).replace("T", " ");
  return [
    id,
    name,
    `${provider}/${model}`,
    dataset,
    statusName(status),
    done,
    String(benchmark.failedIterations),
    created,
  ];
}

async function show(reference: string, options: ServiceOptions): Promise<void> {
  using client = createClient(options);
  const { id } = await findBenchmark(client.benchmarks, reference);
  const { benchmark } = await client.benchmarks.getBenchmark({ id });
  if (benchmark === undefined)
    throw new CliError("the service answered without the benchmark", { code: "INTERNAL" });
  const fields = plain(BenchmarkSchema, benchmark);
  if (options.json) return printJson(fields);
  const shown = { ...fields, status: statusName(benchmark.status) };
  print(pairs(shown));
}

async function remove(reference: string, options: ServiceOptions & { yes?: boolean }): Promise<void> {
  using client = createClient(options);
  const benchmark = await findBenchmark(client.benchmarks, reference, { only: true });
  const { id, name, completedIterations, failedIterations } = benchmark;
  if (!options.yes)
    await confirm(`Delete ${name} (${id}) with its ${completedIterations + failedIterations} evaluations?`);
  await client.benchmarks.deleteBenchmark({ id });
  if (options.json) printJson({ deleted: id });
  else print(`deleted ${printable(name)} (${id})`);
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new CliError("nobody can be asked here: add --yes to delete", { usage: true });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${printable(question)} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("nothing was deleted", { code: "CANCELLED" });
  } finally {
    lines.close();
  }
}

function count(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0))
    throw new InvalidArgumentError("Expected a whole number, 1 or more.");
  return value;
}
