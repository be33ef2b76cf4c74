import { createInterface } from "node:readline/promises";
import { type Benchmark, BenchmarkSchema, BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { JsonFormat } from "../../gen/ltb/v1/json_pb.ts";
import { addCreate, addUpdate, showBenchmark } from "./benchmark/edit.ts";
import { addFailures } from "./benchmark/failures.ts";
import { addWatch } from "./benchmark/watch.ts";
import { longDeadline, type ServiceClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { CliError, requireAnswer, UsageError } from "./shared/errors.ts";
import { findBenchmark, findBenchmarkId, NEWEST } from "./shared/find-benchmark.ts";
import { gatherPairs, given } from "./shared/options.ts";
import { countOf, formatMinute, oneLine, print, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { statuses, statusName } from "./shared/status.ts";

interface ListOptions extends ServiceOptions {
  name?: string;
  search?: string;
  status?: keyof typeof statuses;
  provider?: string;
  model?: string;
  dataset?: string;
  label?: Record<string, string>;
  limit: number;
}

export function addCommand(program: Command): void {
  const benchmark = program
    .command("benchmark")
    .summary("create, list, follow and change benchmarks")
    .description("Creates, lists, shows, follows, changes and deletes benchmarks.");
  addCreate(benchmark);
  addServiceCommand(benchmark, "list")
    .withReplica()
    .description("Lists benchmarks, newest first.")
    .option("--name <name>", "only those with exactly this name")
    .option("--search <text>", "only those with this text in their name")
    .choice("--status <status>", "only those in this status", Object.keys(statuses))
    .option("--provider <provider>", "only those of this provider")
    .option("--model <model>", "only those of this model")
    .option("--dataset <dataset>", "only those on this dataset")
    .option("--label <key=value>", "only those with this label; may be given again", gatherPairs)
    .withLimit()
    .examples("ltb benchmark list", "ltb benchmark list --status completed --label team=search")
    .callService(list);
  addServiceCommand(benchmark, "show")
    .description("Shows every field of a benchmark.")
    .argument("<benchmark>", NEWEST)
    .examples("ltb benchmark show gsm8k", "ltb benchmark show gsm8k --json | jq .metadata")
    .callService(show);
  addUpdate(benchmark);
  addWatch(benchmark);
  addFailures(benchmark);
  addServiceCommand(benchmark, "delete")
    .description(
      "Deletes a benchmark with all its evaluations, however long it takes. Interrupted, it is finished by the service; started again, " +
        "it waits for that.",
    )
    .argument("<benchmark>", "id, or name if only one benchmark has it")
    .option("-y, --yes", "do not ask")
    .examples("ltb benchmark delete 01890a5d-ac96-774b-bcce-b302099a8057 --yes")
    .callService(remove);
}

async function list({ benchmarks }: ServiceClient, options: ListOptions): Promise<void> {
  const { name, search, provider, model, dataset, label, status } = options;
  const request = {
    ...given({ name, nameContains: search, provider, model, dataset, labels: label }),
    status: status === undefined ? BenchmarkStatus.UNSPECIFIED : statuses[status],
    jsonFormat: JsonFormat.TEXT,
  };
  await printList("benchmarks", options, {
    schema: BenchmarkSchema,
    read: (page) => benchmarks.listBenchmarks({ ...request, ...page }),
    columns: ["id", "name", "model", "dataset", "status", ">done", ">failed", "created (UTC)"],
    row,
  });
}

function row(benchmark: Benchmark) {
  const { id, name, provider, model, dataset, totalIterations: total, failedIterations } = benchmark;
  const done = `${benchmark.completedIterations}${total > 0 ? `/${total}` : ""}`;
  const [status, created] = [statusName(benchmark.status), formatMinute(benchmark.createdAt)];
  return [id, name, `${provider}/${model}`, dataset, status, done, failedIterations, created];
}

async function show(
  { benchmarks }: ServiceClient,
  reference: string,
  options: ServiceOptions,
): Promise<void> {
  const id = await findBenchmarkId(benchmarks, reference);
  const { benchmark } = await benchmarks.getBenchmark({ id, jsonFormat: JsonFormat.TEXT });
  requireAnswer(benchmark, "benchmark");
  showBenchmark(benchmark, options);
}

async function remove(
  { benchmarks }: ServiceClient,
  reference: string,
  options: ServiceOptions & { yes?: boolean },
): Promise<void> {
  const benchmark = await findBenchmark(benchmarks, reference, { only: true });
  const { id, name, completedIterations, failedIterations } = benchmark;
  if (!options.yes)
    await confirm(
      `Delete ${name} (${id}) with its ${countOf(completedIterations + failedIterations, "evaluation")}?`,
    );
  await benchmarks.deleteBenchmark({ id }, longDeadline);
  if (options.json) printJson({ deleted: id });
  else print(`deleted ${oneLine(name)} (${id})`);
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new UsageError("nobody can be asked here: add --yes to delete");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${oneLine(question)} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError("nothing was deleted", { code: "CANCELLED" });
  } finally {
    lines.close();
  }
}
