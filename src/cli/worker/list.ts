import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type Command, Option } from "commander";
import { type Worker, WorkerSchema, WorkerStatus } from "../../../gen/ltb/v1/worker_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { count, duration, repeated } from "../shared/options.ts";
import { note, plain, print, printJson, table } from "../shared/output.ts";
import { collect, noteMore } from "../shared/pages.ts";
import { healthName, silence, workerStatuses, workerStatusName } from "./status.ts";

interface Options extends ServiceOptions {
  status?: keyof typeof workerStatuses;
  tag?: string[];
  activeWithin?: number;
  limit: number;
}

export function addCommand(worker: Command): void {
  withServiceOptions(worker.command("list"))
    .description("Lists workers, latest registration first.")
    .addOption(
      new Option("--status <status>", "only those in this status").choices(Object.keys(workerStatuses)),
    )
    .option("--tag <tag>", "only those with this tag; may be given again", repeated)
    .option("--active-within <duration>", "only those heard of within this time, such as 1m", duration)
    .option("--limit <n>", "at most this many", count, 50)
    .addHelpText(
      "after",
      examples(["ltb worker list", ""], ["ltb worker list --tag gpu --active-within 30s", ""]),
    )
    .action(list);
}

async function list({ status, tag, activeWithin, limit, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const filter = {
    status: status === undefined ? WorkerStatus.UNSPECIFIED : workerStatuses[status],
    tags: tag ?? [],
    ...(activeWithin !== undefined && { activeWithin: durationFromMs(activeWithin) }),
  };
  const { items, more } = await collect(limit, async (page) => {
    const { workers, nextPageToken } = await client.workers.listWorkers({ ...filter, ...page });
    return { items: workers, nextPageToken };
  });
  if (options.json) return printJson({ workers: items.map((worker) => plain(WorkerSchema, worker)), more });
  if (items.length === 0) return note("no workers");
  const head = ["worker", "status", "health", "running", "completed", "failed", "types", "tags", "heard of"];
  print(table(head, items.map(row), [3, 4, 5]));
  noteMore(more, limit);
}

function row(worker: Worker): string[] {
  return [
    worker.workerId,
    workerStatusName(worker),
    healthName(worker),
    `${worker.currentTasks}/${worker.capacity}`,
    String(worker.completedTasks),
    String(worker.failedTasks),
    worker.jobTypes.join(", ") || "all",
    worker.tags.join(", ") || "-",
    silence(worker),
  ];
}
