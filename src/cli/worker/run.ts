import { InvalidArgumentError } from "commander";
import type { JobHandler, WorkerLog } from "../../client/index.ts";
import { JobAbortedError, JobError } from "../../client/worker/outcome.ts";
import { messageOf } from "../../thrown.ts";
import { formatSpan } from "../../time-span.ts";
import { version } from "../../version.ts";
import { apiKeyFor } from "../shared/api-key.ts";
import type { ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { gatherValues, parseDuration, parseWhole } from "../shared/options.ts";
import { note, oneLine, print, printJson } from "../shared/output.ts";
import { stopOnSignal } from "../shared/stop-on-signal.ts";
import { tlsOf } from "../shared/tls.ts";
import { execute } from "./execute.ts";

interface Options extends ServiceOptions {
  id: string;
  type: Record<string, string>;
  capacity: number;
  tag?: string[];
  drain: number;
}

export function addRun(worker: Command): void {
  addServiceCommand(worker, "run")
    .summary("run jobs by a command")
    .description(
      "Runs jobs until Ctrl-C or SIGTERM, each by a shell command. The command gets the payload as a line of JSON on stdin, and " +
        "LTB_JOB_ID, LTB_JOB_TYPE and LTB_ATTEMPT in its environment. What it writes to stdout is the result: JSON if it parses, else " +
        "text. Exit code 0 completes the job; any other fails the attempt with the last lines of stderr as its error, to be tried " +
        "again while retries are left; 65 fails it for good. When the job is cancelled or out of time the command gets SIGTERM, and " +
        "SIGKILL after 5 s. The worker waits for a service that is away, and survives its restarts.",
    )
    .requiredOption("--id <id>", "name of the worker: one running process a name, the same after a restart")
    .requiredOption(
      "--type <type=command>",
      "runs jobs of this type by this command; may be given again; '*=COMMAND' is for all other types",
      typeWithCommand,
    )
    .option("--capacity <n>", "most jobs at the same time", parseWhole(1, 10_000), 1)
    .option("--tag <tag>", "offers this tag, which jobs may require; may be given again", gatherValues)
    .option(
      "--drain <duration>",
      "how long jobs may go on when the worker is told to stop, before they are given back",
      parseDuration,
      30_000,
    )
    .examples(
      ["ltb worker run --id w1 --type echo=cat", "the payload is the result"],
      `ltb worker run --id gpu-1 --type 'grade=python grade.py' --capacity 8 --tag gpu`,
      [
        `ltb worker run --id w1 --type 'length=jq ".prompt | length"' --json`,
        "a JSON object a line for each attempt",
      ],
    )
    .action(run);
}

async function run({ id, type, capacity, tag, drain, ...options }: Options): Promise<void> {
  const handlers = Object.fromEntries(
    Object.entries(type).map(([jobType, command]) => [jobType, handlerOf(command, options)]),
  );
  const { runWorker } = await import("../../client/index.ts");
  const worker = runWorker({
    address: options.address,
    apiKey: apiKeyFor(options),
    tls: tlsOf(options),
    workerId: id,
    capacity,
    tags: tag ?? [],
    handlers,
    version: `ltb ${version}`,
    drainTimeoutMs: drain,
    log: commandLog(),
  });
  const stop = stopOnSignal({
    first: (signal) =>
      note(`${signal}: finishing what runs, for at most ${formatSpan(drain)}; once more to stop at once`),
  });
  stop.addEventListener("abort", () => void worker.stop(), { once: true });
  await worker.done;
}

/** Makes a handler that runs the command, and tells how that went. */
function handlerOf(command: string, { json = false }: ServiceOptions): JobHandler {
  return async (job, context) => {
    const { id, jobType } = job;
    const { attempt } = context.lease;
    const startedAt = performance.now();
    const tell = (outcome: "done" | "failed" | JobAbortedError["reason"], error?: string) => {
      const duration_ms = Math.round(performance.now() - startedAt);
      if (json)
        return printJson({
          job_id: id,
          job_type: jobType,
          attempt,
          outcome,
          duration_ms,
          error: error ?? null,
        });
      const what = `${outcome} in ${formatSpan(duration_ms)}${attempt > 1 ? `, attempt ${attempt}` : ""}`;
      print(oneLine(`${id}  ${jobType}  ${what}${error === undefined ? "" : `: ${error}`}`));
    };
    try {
      const result = await execute(command, job, context);
      tell("done");
      return result;
    } catch (error) {
      if (error instanceof JobAbortedError) tell(error.reason, error.message);
      else tell("failed", messageOf(error));
      throw error;
    }
  };
}

/** The runtime's own messages, on stderr; one that repeats, as while the service is away, comes once. */
function commandLog(): WorkerLog {
  let last = "";
  const line = (fields: object & { err?: unknown; jobId?: unknown }, message: string) => {
    const { err, jobId } = fields;
    // The outcome of a command has been reported.
    if (err instanceof JobError) return;
    const about = jobId === undefined ? "" : ` (job ${jobId})`;
    const text = `${message}${about}${err instanceof Error ? `: ${err.message}` : ""}`;
    if (text !== last) note(text);
    last = text;
  };
  return { debug: () => undefined, info: line, warn: line, error: line };
}

function typeWithCommand(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, type, command] = /^([^=]+)=(.*\S.*)$/s.exec(text) ?? [];
  if (type === undefined || command === undefined)
    throw new InvalidArgumentError("Expected TYPE=COMMAND, such as echo=cat.");
  return { ...before, [type]: command };
}
