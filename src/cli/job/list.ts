import { type Job, JobOrder, JobSchema, JobStatus } from "../../../gen/ltb/v1/job_pb.ts";
import { countCharacters, cutText } from "../../text.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { formatMinute } from "../shared/output.ts";
import { printList } from "../shared/pages.ts";
import { type JobStatusName, jobStatuses, jobStatusName } from "./status.ts";

const orders = ["newest", "queue"] as const;

interface Options extends ServiceOptions {
  status?: JobStatusName;
  type?: string;
  worker?: string;
  benchmark?: string;
  order: (typeof orders)[number];
  limit: number;
}

export function addCommand(job: Command): void {
  addServiceCommand(job, "list")
    .withReplica()
    .description("Lists jobs, newest first or in the order in which they will be run.")
    .choice("--status <status>", "only those in this status", Object.keys(jobStatuses))
    .option("--type <type>", "only those of this type")
    .option("--worker <id>", "only those that this worker holds or last held")
    .option("--benchmark <benchmark>", `only those of this benchmark: ${NEWEST}`)
    .choice("--order <order>", "queue: those that wait, the next to be run first", orders, "newest")
    .withLimit()
    .examples(
      "ltb job list",
      "ltb job list --status failed --type grade --limit 500",
      ["ltb job list --order queue", "what is run next"],
      "ltb job list --status failed --json | jq -r .jobs[].id",
    )
    .callService(list);
}

async function list({ jobs, benchmarks }: ServiceClient, options: Options): Promise<void> {
  const { status, type, worker, benchmark } = options;
  const queue = options.order === "queue";
  // The order of the queue is one of pending jobs only.
  const wanted = status ?? (queue ? "pending" : undefined);
  const filter = {
    status: wanted === undefined ? JobStatus.UNSPECIFIED : jobStatuses[wanted],
    jobType: type ?? "",
    workerId: worker ?? "",
    benchmarkId: await findBenchmarkId(benchmarks, benchmark),
    orderBy: queue ? JobOrder.PRIORITY : JobOrder.CREATED_AT,
  };
  await printList("jobs", options, {
    schema: JobSchema,
    read: (page) => jobs.listJobs({ ...filter, ...page }),
    columns: ["id", "type", "status", ">priority", ">retries", "worker", "created (UTC)", ""],
    row,
  });
}

function row(job: Job) {
  const { id, jobType, priority, retryCount, maxRetries, assignedWorkerId, progress, error } = job;
  const running = job.status === JobStatus.RUNNING;
  const detail = running && progress > 0 ? `${Math.round(progress * 100)} %` : error;
  return [
    id,
    jobType,
    jobStatusName(job),
    priority,
    `${retryCount}/${maxRetries}`,
    assignedWorkerId || "-",
    formatMinute(job.createdAt),
    countCharacters(detail) > 60 ? `${cutText(detail, 59)}…` : detail,
  ];
}
