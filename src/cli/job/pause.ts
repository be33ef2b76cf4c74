import { type JobLane, JobLaneSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { toDuration } from "../../wire/duration.ts";
import type { ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { UsageError } from "../shared/errors.ts";
import { parseDuration } from "../shared/options.ts";
import { formatTable, note, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";

type Options = ServiceOptions & { type?: string; limitKey?: string; for?: number };

export function addCommand(job: Command): void {
  withLaneOptions(addServiceCommand(job, "pause"))
    .description(
      "Keeps jobs of a type or limit key from being started, also those created later, until ltb job resume. Running ones go on.",
    )
    .option("--for <duration>", "the pause ends by itself after this much time, such as 10m", parseDuration)
    .examples(
      ["ltb job pause --limit-key openai/gpt-4", "no more calls to this model"],
      ["ltb job pause --type grade --for 10m", "until then, or until ltb job resume"],
    )
    .callService(({ jobs }, options: Options) => {
      const duration = options.for === undefined ? undefined : toDuration(options.for);
      return callPauses((target) => jobs.pauseJobs({ ...target, duration }), options);
    });
}

/** Adds `resume`. */
export function addResume(job: Command): void {
  withLaneOptions(addServiceCommand(job, "resume"))
    .description("Ends a pause made with the same options.")
    .examples("ltb job resume --limit-key openai/gpt-4")
    .callService(({ jobs }, options: Options) => callPauses(jobs.resumeJobs, options));
}

function withLaneOptions(command: Command): Command {
  return command
    .option("--type <type>", "jobs of this type")
    .option("--limit-key <key>", "jobs with this limit key; with --type: only those that have both");
}

async function callPauses(
  call: (target: { jobType: string; limitKey: string }) => Promise<{ lanes: JobLane[] }>,
  { type, limitKey, json }: Options,
): Promise<void> {
  if (type === undefined && limitKey === undefined)
    throw new UsageError("say which jobs: --type, --limit-key or both");
  const { lanes } = await call({ jobType: type ?? "", limitKey: limitKey ?? "" });
  if (json) return printJson({ lanes: lanes.map((lane) => toPlain(JobLaneSchema, lane)) });
  if (lanes.length === 0) note("done; there are no such jobs now");
  else print(formatTable(["type", "tags", "limit key", ""], lanes.map(row)));
}

function row({ jobType, requiredTags, limitKey, paused }: JobLane): string[] {
  return [jobType, requiredTags.join(", ") || "-", limitKey || "-", paused ? "paused" : "open"];
}
