import { type JobLane, JobLaneSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { createClient, type ServiceOptions } from "../shared/client.ts";
import type { Command } from "../shared/command.ts";
import { UsageError } from "../shared/errors.ts";
import { formatTable, note, print, printJson, toPlain } from "../shared/output.ts";

export interface Options extends ServiceOptions {
  type?: string;
  limitKey?: string;
}

export function addCommand(job: Command): void {
  withLaneOptions(job.command("pause"))
    .description(
      "Keeps jobs of a type or limit key from being started, also those created later, until ltb job resume. Running ones go on.",
    )
    .examples(
      ["ltb job pause --limit-key openai/gpt-4", "no more calls to this model"],
      "ltb job pause --type grade",
    )
    .action(async (options: Options) => {
      using client = createClient(options);
      const { lanes } = await client.jobs.pauseJobs(laneOf(options));
      show(lanes, options);
    });
}

export function withLaneOptions(command: Command): Command {
  return command
    .forService()
    .option("--type <type>", "jobs of this type")
    .option("--limit-key <key>", "jobs with this limit key; with --type: only those that have both");
}

export function laneOf({ type, limitKey }: Options) {
  if (type === undefined && limitKey === undefined)
    throw new UsageError("say which jobs: --type, --limit-key or both");
  return { jobType: type ?? "", limitKey: limitKey ?? "" };
}

export function show(lanes: JobLane[], { json }: Options): void {
  if (json) {
    printJson({ lanes: lanes.map((lane) => toPlain(JobLaneSchema, lane)) });
    return;
  }
  if (lanes.length === 0) note("done; there are no such jobs now");
  else print(formatTable(["type", "tags", "limit key", ""], lanes.map(row)));
}

function row({ jobType, requiredTags, limitKey, paused }: JobLane): string[] {
  return [jobType, requiredTags.join(", ") || "-", limitKey || "-", paused ? "paused" : "open"];
}
