import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Option } from "commander";
import { JobSchema } from "../../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import { toDuration } from "../../wire/duration.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { requireAnswer, UsageError } from "../shared/errors.ts";
import { gatherValues, given, parseDuration, parseTime, parseWhole } from "../shared/options.ts";
import { print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";
import { readPayload } from "./payload.ts";

interface Options extends ServiceOptions {
  priority?: number;
  maxRetries?: number;
  timeout?: number;
  tag?: string[];
  runAt?: Date;
  in?: number;
  limitKey?: string;
  payload?: string;
  metadata?: string;
}

const INT32 = 2 ** 31 - 1;
const jsonObject = "JSON object; - reads it from standard input, @FILE from a file";

export function addCommand(job: Command): void {
  addServiceCommand(job, "update")
    .description("Changes a job that is waiting. What is not named stays as it is, and so does its age.")
    .argument("<id>", "id of the job")
    .option("--priority <n>", "higher is run first", parseWhole(-INT32 - 1, INT32))
    .option("--max-retries <n>", "retries after a failure, 0 to 100", parseWhole(0, 100))
    .option(
      "--timeout <seconds>",
      "longest time that an attempt may run; 0: no limit",
      parseWhole(0, 604_800),
    )
    .option(
      "--tag <tag>",
      "a tag that the worker must have, instead of the former ones; may be given again",
      gatherValues,
    )
    .addOption(new Option("--run-at <time>", "not before this time").argParser(parseTime).conflicts("in"))
    .option("--in <duration>", "not before this much time has passed, such as 5m; 0s: at once", parseDuration)
    .option("--limit-key <key>", "counts against this limit")
    .option("--payload <json>", `new input for the worker: ${jsonObject}`)
    .option("--metadata <json>", `new further data: ${jsonObject}`)
    .examples("ltb job update 01890a5d-ac96-774b-bcce-b302099a8057 --priority 10", [
      "ltb job update 01890a5d-ac96-774b-bcce-b302099a8057 --in 0s",
      "to be run now",
    ])
    .callService(update);
}

async function update({ jobs }: ServiceClient, id: string, options: Options): Promise<void> {
  const { priority, maxRetries, timeout, tag, runAt, in: delayMs, limitKey, payload, metadata } = options;
  const changes = given({
    priority,
    maxRetries,
    timeoutSeconds: timeout,
    requiredTags: tag,
    runAt: runAt && timestampFromDate(runAt),
    delay: delayMs === undefined ? undefined : toDuration(delayMs),
    limitKey,
    payloadJson: payload && (await readPayload(payload, "--payload")),
    metadataJson: metadata && (await readPayload(metadata, "--metadata")),
  });
  if (Object.keys(changes).length === 0)
    throw new UsageError(
      "say what to change: --priority, --max-retries, --timeout, --tag, --run-at, --in, --limit-key, --payload, --metadata",
    );
  const { job } = await jobs.updateJob({ id, ...changes, jsonFormat: JsonFormat.TEXT });
  requireAnswer(job, "job");
  if (options.json) printJson(toPlain(JobSchema, job));
  else print(`changed ${job.id}`);
}
