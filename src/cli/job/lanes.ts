import { durationMs } from "@bufbuild/protobuf/wkt";
import { type JobLane, JobLaneSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { formatSpan } from "../../time-span.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { printList } from "../shared/pages.ts";

type Options = ServiceOptions & { type?: string; limitKey?: string; limit: number };

export function addCommand(job: Command): void {
  addServiceCommand(job, "lanes")
    .description(
      "Lists the lanes of the queue that have jobs, each with what holds them up. Jobs of one type, tags and limit key are a lane.",
    )
    .option("--type <type>", "only those of this type")
    .option("--limit-key <key>", "only those with this limit key")
    .withLimit()
    .examples("ltb job lanes", "ltb job lanes --type grade --json | jq '.lanes[] | select(.paused)'")
    .callService(({ jobs }: ServiceClient, options: Options) =>
      printList("lanes", options, {
        schema: JobLaneSchema,
        read: (page) =>
          jobs.listJobLanes({ jobType: options.type ?? "", limitKey: options.limitKey ?? "", ...page }),
        columns: ["type", "tags", "limit key", ">ready", ">oldest waits", ">running", ">workers", ""],
        row,
      }),
    );
}

/** The answer counts no further. */
const COUNTED = 10_000;

function row(lane: JobLane) {
  const { ready, oldestReadyAge: age } = lane;
  return [
    lane.jobType,
    lane.requiredTags.join(", ") || "-",
    lane.limitKey || "-",
    ready < COUNTED ? ready : `${COUNTED} or more`,
    age === undefined ? "-" : formatSpan(durationMs(age)),
    lane.running,
    lane.matchingWorkers,
    stateOf(lane),
  ];
}

/** What holds the lane up; "open": nothing. */
function stateOf({ paused, atLimit, matchingWorkers }: JobLane): string {
  if (paused) return "paused";
  if (atLimit) return "at its limit";
  return matchingWorkers === 0 ? "no worker for it" : "open";
}
