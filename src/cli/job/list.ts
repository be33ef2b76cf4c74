import { type Job, JobOrder, JobSchema, JobStatus } from "../../../gen/ltb/v1/job_pb.ts";
import { countCharacters, cutText } from "../../text.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { parseTime } from "../shared/options.ts";
import { formatMinute } from "../shared/output.ts";
import { printList } from "../shared/pages.ts";
import { type EndedOptions, endedOf, type MatchOptions, matchOf, withMatchOptions } from "./filter.ts";
import { type JobStatusName, jobStatuses, jobStatusName } from "./status.ts";

const orders = { newest: JobOrder.CREATED_AT, ended: JobOrder.ENDED_AT, queue: JobOrder.PRIORITY } as const;

interface Options extends ServiceOptions, MatchOptions, EndedOptions {
  status?: JobStatusName;
  worker?: string;
  order: keyof typeof orders;
  limit: number;
}

export function addCommand(job: Command): void {
  const list = addServiceCommand(job, "list")
    .withReplica()
    .description("Lists jobs: newest first, by when they ended, or in the order in which they will be run.")
    .choice("--status <status>", "only those in this status", Object.keys(jobStatuses))
    .option("--worker <id>", "only those that this worker holds or last held");
  withMatchOptions(list, "only those")
    .option("--ended-after <time>", "with an ended --status: only those that ended then or later", parseTime)
    .option("--ended-before <time>", "with an ended --status: only those that ended before", parseTime)
    .choice(
      "--order <order>",
      "ended: with an ended --status, the last to end first; queue: those that wait, the next to be run first",
      Object.keys(orders),
      "newest",
    )
    .withLimit()
    .examples(
      "ltb job list",
      "ltb job list --status failed --type grade --limit 500",
      ["ltb job list --status failed --ended-after 2026-01-31", "what has failed since then"],
      [`ltb job list --status failed --error "rate limit"`, "those whose error says so"],
      ["ltb job list --order queue", "what is run next"],
      "ltb job list --status failed --json | jq -r .jobs[].id",
    )
    .callService(listJobs);
}

async function listJobs(client: ServiceClient, options: Options): Promise<void> {
  const { status, worker, order } = options;
  // The order of the queue is one of pending jobs only.
  const wanted = status ?? (order === "queue" ? "pending" : undefined);
  const filter = {
    ...(await matchOf(client, options)),
    ...endedOf(options),
    status: wanted === undefined ? JobStatus.UNSPECIFIED : jobStatuses[wanted],
    workerId: worker ?? "",
    orderBy: orders[order],
  };
  await printList("jobs", options, {
    schema: JobSchema,
    read: (page) => client.jobs.listJobs({ ...filter, ...page }),
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
