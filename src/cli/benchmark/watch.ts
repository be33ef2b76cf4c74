import type { CallOptions } from "@connectrpc/connect";
import { BenchmarkStatus } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { CliError, UsageError } from "../shared/errors.ts";
import { findBenchmarkId } from "../shared/find-benchmark.ts";
import { follow } from "../shared/follow.ts";
import { finalStatuses } from "../shared/status.ts";
import { stopOnSignal } from "../shared/stop-on-signal.ts";

/** Most ids of one watch. */
const WATCH_IDS = 1000;

type Options = ServiceOptions & { dataset?: string; provider?: string };

export function addWatch(benchmark: Command): void {
  addServiceCommand(benchmark, "watch")
    .summary("follow benchmarks as they run")
    .description(
      "Shows how far benchmarks are, live: evaluations done and failed, and the mean score. Of those given until all have ended, else of " +
        "all that change until Ctrl-C. Exits with 1 if one of them failed, was cancelled or was deleted. A connection that breaks is " +
        "resumed without a gap. With --json: a JSON object a line.",
    )
    .argument("[benchmark...]", "ids, or names (the newest with it)")
    .option("--dataset <dataset>", "only those on this dataset")
    .option("--provider <provider>", "only those of this provider")
    .examples(
      ["ltb benchmark watch gsm8k", "until it has ended"],
      ["ltb benchmark watch --dataset mmlu", "until Ctrl-C"],
      "ltb benchmark watch gsm8k --json | jq .mean_score",
    )
    .callService(watch);
}

async function watch({ benchmarks }: ServiceClient, references: string[], options: Options): Promise<void> {
  const { dataset, provider } = options;
  if (references.length > 0 && (dataset ?? provider) !== undefined)
    throw new UsageError("give either benchmarks, or --dataset and --provider");
  if (references.length > WATCH_IDS) throw new UsageError(`give at most ${WATCH_IDS} benchmarks`);
  const open = new Set<string>();
  for (const reference of references) open.add(await findBenchmarkId(benchmarks, reference));
  const ids = [...open];
  const stop = stopOnSignal({});

  let isGood = true;
  const filter = { ids, dataset: dataset ?? "", provider: provider ?? "" };
  const watching = (afterCursor: string, call: CallOptions) =>
    benchmarks.watchBenchmarks({ ...filter, afterCursor, jsonFormat: JsonFormat.TEXT }, call);
  const { displayOf } = await import("./display.ts");
  using display = displayOf(options);
  for await (const message of follow("benchmarks", watching, stop)) {
    const { benchmark, deleted } = message;
    // The dataset and the provider of a deleted benchmark are no longer known.
    if (benchmark === undefined || (deleted && (dataset ?? provider) !== undefined)) continue;
    display.show(message);
    if (ids.length === 0 || (!deleted && !finalStatuses.includes(benchmark.status))) continue;
    if (deleted || benchmark.status !== BenchmarkStatus.COMPLETED) isGood = false;
    open.delete(benchmark.id);
    if (open.size === 0) break;
  }
  const unfinished = `interrupted; ${open.size} of ${ids.length} benchmarks have not ended`;
  if (open.size > 0) throw new CliError(unfinished, { code: "CANCELLED" });
  if (!isGood) process.exitCode = 1;
}
