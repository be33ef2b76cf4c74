import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Option } from "commander";
import { DependencyFailure, JobSchema, UniqueConflict } from "../../../gen/ltb/v1/job_pb.ts";
import { JsonFormat } from "../../../gen/ltb/v1/json_pb.ts";
import { toDuration } from "../../wire/duration.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { noteConsole } from "../shared/console-link.ts";
import { requireAnswer, UsageError } from "../shared/errors.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import {
  gatherValues,
  given,
  parseDuration,
  parseFairWeight,
  parseTime,
  parseWhole,
} from "../shared/options.ts";
import { note, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";
import { readPayload } from "./payload.ts";
import { type JobFields, submitLines } from "./submit-lines.ts";

interface Options extends ServiceOptions {
  priority?: number;
  maxRetries?: number;
  maxSnoozes?: number;
  timeout?: number;
  tag?: string[];
  runAt?: Date;
  in?: number;
  startWithin?: number;
  dependsOn?: string[];
  runAfterFailure?: boolean;
  benchmark?: string;
  limitKey?: string;
  uniqueKey?: string;
  tokens?: number;
  fairKey?: string;
  fairWeight?: number;
  ifExists?: keyof typeof conflicts;
  requestId?: string;
  jsonl?: string;
}

const conflicts = {
  refuse: UniqueConflict.REFUSE,
  return: UniqueConflict.RETURN_EXISTING,
  replace: UniqueConflict.REPLACE,
} as const;

const INT32 = 2 ** 31 - 1;

export function addCommand(job: Command): void {
  addServiceCommand(job, "submit")
    .summary("create jobs")
    .description(
      "Creates a job, or with --jsonl one for each line of a file, and prints the ids. A worker that runs jobs of the type " +
        "gets it with the payload as its input.",
    )
    .argument("<type>", "kind of work, which decides the workers that may run it")
    .argument("[payload]", "JSON object; - reads it from standard input, @FILE from a file")
    .option("--priority <n>", "higher is run first (default: 0)", parseWhole(-INT32 - 1, INT32))
    .option("--max-retries <n>", "retries after a failure, 0 to 100 (default: 3)", parseWhole(0, 100))
    .option(
      "--max-snoozes <n>",
      "times that workers may put it off at no cost of a retry, 0 to 10000 (default: 1000)",
      parseWhole(0, 10_000),
    )
    .option(
      "--timeout <seconds>",
      "longest time that an attempt may run; 0: no limit (default: 300)",
      parseWhole(0, 604_800),
    )
    .option("--tag <tag>", "a tag that the worker must have; may be given again", gatherValues)
    .addOption(new Option("--run-at <time>", "not before this time").argParser(parseTime).conflicts("in"))
    .option("--in <duration>", "not before this much time has passed, such as 5m", parseDuration)
    .option(
      "--start-within <duration>",
      "cancelled if no worker has started it by then, such as 1h",
      parseDuration,
    )
    .option("--depends-on <id...>", "not before these jobs have ended; cancelled if one does not complete")
    .option("--run-after-failure", "run however the jobs of --depends-on have ended")
    .option("--benchmark <benchmark>", `the benchmark it works for: ${NEWEST}`)
    .option("--limit-key <key>", "counts against this limit; see ltb limit set")
    .option(
      "--tokens <n>",
      "tokens that an attempt is estimated to use, for limits of tokens a minute (default: 0)",
      parseWhole(0, 1_000_000_000),
    )
    .addOption(
      new Option("--unique-key <key>", "the only live job of the type that may have this key").conflicts(
        "jsonl",
      ),
    )
    .choice(
      "--if-exists <what>",
      "where a live job has the key: refuse, return that job, or replace it while it waits",
      Object.keys(conflicts),
      "refuse",
    )
    .option("--fair-key <key>", "takes turns with jobs of other keys")
    .option(
      "--fair-weight <n>",
      "0.01 to 100: of weight 2, two jobs start for one of weight 1 (default: 1)",
      parseFairWeight,
    )
    .option(
      "--request-id <id>",
      "repeating the command with the same id creates nothing twice (for 24 hours)",
    )
    .option("--jsonl <file>", "a job for each line, whose JSON object is the payload; - for standard input")
    .examples(
      `ltb job submit echo '{"prompt": "2 + 2?"}'`,
      "ltb job submit report @payload.json --in 5m --priority 10",
      "ltb job submit grade --jsonl samples.jsonl --benchmark gsm8k --limit-key openai/gpt-4",
      [
        "ltb job submit report --unique-key daily --if-exists replace --in 5m",
        "once, 5 minutes after the last",
      ],
      ["ltb job submit grade --jsonl samples.jsonl | ltb job watch -", "until all of them have ended"],
    )
    .callService(submit);
}

async function submit(
  client: ServiceClient,
  type: string,
  payload: string | undefined,
  options: Options,
): Promise<void> {
  const { jsonl, requestId = "" } = options;
  if (jsonl !== undefined && payload !== undefined)
    throw new UsageError("give either a payload or --jsonl, not both");
  // The payload is read before the first call, so that a wrong one is reported even without a service.
  const read = payload === undefined ? undefined : await readPayload(payload);
  const fields = await fieldsOf(client, type, options);
  if (jsonl !== undefined) return await submitLines(client, jsonl, fields, options);
  const { job, existing } = await client.jobs.createJob({
    ...fields,
    ...given({ payloadJson: read }),
    requestId,
    jsonFormat: JsonFormat.TEXT,
  });
  requireAnswer(job, "job");
  if (existing) note(`note: job ${job.id} has this unique key already`);
  if (options.json) printJson(toPlain(JobSchema, job));
  else print(job.id);
  await noteConsole(client, options, `jobs/${job.id}`);
}

async function fieldsOf(client: ServiceClient, jobType: string, options: Options): Promise<JobFields> {
  const { priority, maxRetries, maxSnoozes, timeout, tag, runAt, in: delayMs } = options;
  const { startWithin, limitKey, uniqueKey, ifExists, fairKey, fairWeight } = options;
  const { dependsOn, runAfterFailure } = options;
  return {
    jobType,
    benchmarkId: await findBenchmarkId(client.benchmarks, options.benchmark),
    ...given({ priority, maxRetries, maxSnoozes, timeoutSeconds: timeout, requiredTags: tag }),
    ...given({ limitKey, tokens: options.tokens, uniqueKey, fairKey, fairWeight, dependsOn }),
    ...(runAfterFailure && { onDependencyFailure: DependencyFailure.RUN }),
    ...given({ onUniqueConflict: ifExists && conflicts[ifExists] }),
    ...given({
      runAt: runAt && timestampFromDate(runAt),
      delay: delayMs === undefined ? undefined : toDuration(delayMs),
      startWithin: startWithin === undefined ? undefined : toDuration(startWithin),
    }),
  };
}
