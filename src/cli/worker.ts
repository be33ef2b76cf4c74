import { durationFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  type HealthStatus,
  HealthStatusSchema,
  type Worker,
  WorkerSchema,
  WorkerStatus,
  WorkerStatusSchema,
} from "../../gen/ltb/v1/worker_pb.ts";
import { RemoveStaleWorkersResponseSchema } from "../../gen/ltb/v1/worker_service_pb.ts";
import { formatSpan } from "../time-span.ts";
import { wireEnum } from "../wire/enums.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer } from "./shared/errors.ts";
import { gatherValues, parseDuration } from "./shared/options.ts";
import { formatFields, oneLine, print, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";
import { addRun } from "./worker/run.ts";

const workerStatus = wireEnum<typeof WorkerStatus>(WorkerStatusSchema);
const healthStatus = wireEnum<typeof HealthStatus>(HealthStatusSchema);

/** The states of a worker by the names that people use. */
const workerStatuses = workerStatus.values;

export function addCommand(program: Command): void {
  const worker = program
    .command("worker")
    .summary("run jobs, and see who does")
    .description("Runs jobs by a command of yours; lists, shows, drains and removes workers.");
  addRun(worker);
  addServiceCommand(worker, "list")
    .description("Lists workers, latest registration first.")
    .choice("--status <status>", "only those in this status", Object.keys(workerStatuses))
    .option("--tag <tag>", "only those with this tag; may be given again", gatherValues)
    .option("--active-within <duration>", "only those heard of within this time, such as 1m", parseDuration)
    .withLimit()
    .examples("ltb worker list", "ltb worker list --tag gpu --active-within 30s")
    .callService(list);
  addServiceCommand(worker, "show")
    .description("Shows every field of a worker.")
    .argument("<id>", "name of the worker")
    .examples("ltb worker show gpu-1", "ltb worker show gpu-1 --json | jq .load")
    .callService(show);
  addServiceCommand(worker, "drain")
    .description(
      "Stops a worker from getting new jobs. It finishes those it holds, and ends the drain by registering again.",
    )
    .argument("<id>", "name of the worker")
    .option("--reason <text>", "why; shown with the worker")
    .examples(`ltb worker drain gpu-1 --reason "new driver"`)
    .callService(drain);
  addServiceCommand(worker, "remove-stale")
    .description("Removes workers that have been silent for long. Jobs that they still hold are retried.")
    .requiredOption("--older-than <duration>", "silent for longer than this, such as 10m", parseDuration)
    .examples("ltb worker remove-stale --older-than 10m")
    .callService(removeStale);
}

interface ListOptions extends ServiceOptions {
  status?: keyof typeof workerStatuses;
  tag?: string[];
  activeWithin?: number;
  limit: number;
}

async function list({ workers }: ServiceClient, options: ListOptions): Promise<void> {
  const { status, tag = [], activeWithin } = options;
  const filter = {
    status: status === undefined ? WorkerStatus.UNSPECIFIED : workerStatuses[status],
    tags: tag,
    ...(activeWithin !== undefined && { activeWithin: durationFromMs(activeWithin) }),
  };
  await printList("workers", options, {
    schema: WorkerSchema,
    read: (page) => workers.listWorkers({ ...filter, ...page }),
    columns: ["worker", "status", "health", ">running", ">completed", ">failed", "types", "tags", "heard of"],
    row,
  });
}

function row(worker: Worker) {
  const { workerId, currentTasks, capacity, completedTasks, failedTasks, jobTypes, tags } = worker;
  const [status, health] = [workerStatus.describe(worker.status), healthStatus.describe(worker.health)];
  const counts = [`${currentTasks}/${capacity}`, completedTasks, failedTasks];
  const lists = [jobTypes.join(", ") || "all", tags.join(", ") || "-"];
  return [workerId, status, health, ...counts, ...lists, silence(worker)];
}

async function show({ workers }: ServiceClient, workerId: string, options: ServiceOptions): Promise<void> {
  const { worker } = await workers.getWorker({ workerId });
  requireAnswer(worker, "worker");
  const { metadata = null, ...fields } = toPlain(WorkerSchema, worker);
  if (options.json) return printJson({ ...fields, metadata });
  const status = workerStatus.describe(worker.status);
  const health = healthStatus.describe(worker.health);
  const given = metadata === null ? {} : { metadata: JSON.stringify(metadata) };
  print(formatFields({ ...fields, status, health, ...given }));
}

async function drain(
  { workers }: ServiceClient,
  workerId: string,
  { reason = "", json }: ServiceOptions & { reason?: string },
): Promise<void> {
  const { worker } = await workers.drainWorker({ workerId, reason });
  requireAnswer(worker, "worker");
  if (json) return printJson(toPlain(WorkerSchema, worker));
  print(`${oneLine(workerId)} gets no more jobs; it holds ${worker.currentTasks}`);
}

async function removeStale(
  { workers }: ServiceClient,
  { olderThan, json }: ServiceOptions & { olderThan: number },
): Promise<void> {
  const answer = await workers.removeStaleWorkers({ olderThan: durationFromMs(olderThan) });
  if (json) return printJson(toPlain(RemoveStaleWorkersResponseSchema, answer));
  print(`removed ${answer.removed} workers; ${answer.jobsRequeued} jobs are pending again`);
}

/** How long ago the worker was last heard of. */
function silence({ lastHeartbeat }: Worker): string {
  if (lastHeartbeat === undefined) return "-";
  // The clocks of the service and of this machine may differ a little.
  const ms = Math.max(0, Date.now() - timestampMs(lastHeartbeat));
  return ms < 1000 ? "now" : `${formatSpan(ms)} ago`;
}
