import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Job, type JobAttempt, JobSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import { formatSpan } from "../../time-span.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { noteConsole } from "../shared/console-link.ts";
import { requireAnswer } from "../shared/errors.ts";
import { formatFields, formatSecond, formatTable, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";
import { jobStatusName, outcomeName } from "./status.ts";

export function addCommand(job: Command): void {
  addServiceCommand(job, "show")
    .description("Shows every field of a job, and its attempts: who ran it when, and how that ended.")
    .argument("<id>", "id of the job")
    .examples(
      "ltb job show 01890a5d-ac96-774b-bcce-b302099a8057",
      "ltb job show 01890a5d-ac96-774b-bcce-b302099a8057 --json | jq .result",
    )
    .callService(show);
}

async function show(client: ServiceClient, id: string, options: ServiceOptions): Promise<void> {
  const { job } = await client.jobs.getJob({ id, jsonFormat: JsonFormat.TEXT });
  requireAnswer(job, "job");
  const fields = toPlain(JobSchema, job);
  if (options.json) return printJson(fields);
  const { attempts: _, payload, result, metadata, ...rest } = fields;
  const json = Object.entries({ payload, result, metadata }).filter(([, value]) => value !== null);
  const texts = json.map(([name, value]) => [name, JSON.stringify(value)]);
  print(formatFields({ ...rest, status: jobStatusName(job), ...Object.fromEntries(texts) }));
  if (job.attempts.length > 0) print(`\n${attemptsOf(job)}`);
  await noteConsole(client, options, `jobs/${job.id}`);
}

function attemptsOf({ attempts }: Job): string {
  const head = [">attempt", ">epoch", "worker", "started (UTC)", ">took", "outcome", "error"];
  return formatTable(head, attempts.map(row));
}

function row(attempt: JobAttempt) {
  const { epoch, workerId, startedAt, endedAt, error } = attempt;
  const took = startedAt && endedAt ? formatSpan(timestampMs(endedAt) - timestampMs(startedAt)) : "-";
  return [attempt.attempt, epoch, workerId, formatSecond(startedAt), took, outcomeName(attempt), error];
}
