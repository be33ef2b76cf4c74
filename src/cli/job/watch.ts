import { text } from "node:stream/consumers";
import { timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import type { CallOptions } from "@connectrpc/connect";
import { type Job, JobStatus } from "../../../gen/ltb/v1/job_pb.ts";
import { type WatchJobsRequest, WatchJobsResponseSchema } from "../../../gen/ltb/v1/job_service_pb.ts";
import { formatSpan } from "../../time-span.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { CliError, UsageError } from "../shared/errors.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { follow } from "../shared/follow.ts";
import { formatClock, joinCells, note, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";
import { stopOnSignal } from "../shared/stop-on-signal.ts";
import { paint } from "../shared/terminal.ts";
import { hasEnded, jobStatusName } from "./status.ts";

/** Most ids of one watch. */
const WATCH_IDS = 1000;

type Options = ServiceOptions & { type?: string; benchmark?: string };

/** The jobs to follow: at most 1000 ids, or a type and a benchmark. */
type Followed = Partial<Pick<WatchJobsRequest, "ids" | "jobType" | "benchmarkId">>;

export function addCommand(job: Command): void {
  addServiceCommand(job, "watch")
    .summary("follow jobs as they change")
    .description(
      "Prints a line for every change of the jobs: of those given until all have ended, else of all jobs until Ctrl-C. " +
        "Exits with 1 if one of them failed, was cancelled or does not exist. A connection that breaks is resumed without a gap. With --json: a JSON object a line.",
    )
    .argument("[id...]", "ids of the jobs; - reads them from standard input")
    .option("--type <type>", "only jobs of this type")
    .option("--benchmark <benchmark>", `only jobs of this benchmark: ${NEWEST}`)
    .examples(
      "ltb job watch 01890a5d-ac96-774b-bcce-b302099a8057",
      "ltb job submit grade --jsonl samples.jsonl | ltb job watch -",
      ["ltb job watch --benchmark gsm8k", "until Ctrl-C"],
    )
    .callService(watch);
}

async function watch(client: ServiceClient, args: string[], options: Options): Promise<void> {
  const { type, benchmark } = options;
  const ids = args.includes("-") ? await idsFromInput(args) : [...new Set(args)];
  if (ids.length > 0 && (type ?? benchmark) !== undefined)
    throw new UsageError("give either ids, or --type and --benchmark");
  // Nothing to watch is not everything.
  if (args.length > 0 && ids.length === 0) return note("no jobs to watch");
  const stop = stopOnSignal({});

  const open = new Set(ids);
  const notDone = new Set<string>();
  const isMany = ids.length > 1 && !options.json;
  /** How each of many jobs stands, by id. */
  const states = new Map<string, string>();
  const show = async (followed: Followed) => {
    const mine = new Set(followed.ids);
    const watch = (afterCursor: string, call: CallOptions) =>
      client.jobs.watchJobs({ ...followed, afterCursor }, call);
    for await (const message of follow("jobs", watch, stop)) {
      const { job, deleted } = message;
      // The type and the benchmark of a deleted job are no longer known.
      if (job === undefined || (deleted && (type ?? benchmark) !== undefined)) continue;
      const { id, status } = job;
      const isBad =
        status === JobStatus.FAILED || status === JobStatus.CANCELLED || (deleted && mine.has(id));
      if (isBad) notDone.add(id);
      else notDone.delete(id);
      // How many jobs stand at first is told once for all, but for those that went wrong.
      const isFirst = isMany && !states.has(id);
      if (options.json) printJson(toPlain(WatchJobsResponseSchema, message));
      else if (!isFirst || isBad) showChange(job, deleted);
      if (isMany) states.set(id, stateOf(job, deleted));
      if (isFirst && states.size === ids.length) note(`${ids.length} jobs: ${countStates(states)}`);
      if (!deleted && !hasEnded(job)) continue;
      open.delete(id);
      mine.delete(id);
      if (followed.ids !== undefined && mine.size === 0) return;
    }
  };
  if (ids.length === 0) {
    const benchmarkId = await findBenchmarkId(client.benchmarks, benchmark);
    await show({ jobType: type ?? "", benchmarkId });
  } else {
    const starts = ids.keys().filter((index) => index % WATCH_IDS === 0);
    await Promise.all(starts.map((start) => show({ ids: ids.slice(start, start + WATCH_IDS) })));
  }
  const unfinished = `interrupted; ${open.size} of ${ids.length} jobs have not ended`;
  if (open.size > 0) throw new CliError(unfinished, { code: "CANCELLED" });
  if (isMany) print(countStates(states));
  if (notDone.size > 0) process.exitCode = 1;
}

async function idsFromInput(args: string[]): Promise<string[]> {
  const read = (await text(process.stdin)).split(/\s+/);
  return [...new Set([...args, ...read])].filter((id) => id !== "" && id !== "-");
}

const colours: Record<string, "green" | "red"> = { completed: "green", failed: "red", deleted: "red" };

function stateOf(job: Job, deleted: boolean): string {
  return deleted ? "deleted" : jobStatusName(job);
}

/** As in `3 completed, 1 failed`. */
function countStates(states: ReadonlyMap<string, string>): string {
  const counts = Object.entries(Object.groupBy(states.values(), (state) => state));
  return counts.map(([state, all = []]) => `${all.length} ${state}`).join(", ");
}

function showChange(job: Job, deleted: boolean): void {
  const time = job.updatedAt === undefined ? new Date() : timestampDate(job.updatedAt);
  const state = stateOf(job, deleted);
  const before = joinCells([formatClock(time), job.id, job.jobType]);
  const detail = deleted ? "" : joinCells([detailOf(job)]);
  const colour = colours[state];
  const word = colour === undefined ? state : paint(colour, state);
  print(
    `${before}  ${word}${detail === "" ? "" : `${" ".repeat(Math.max(0, 9 - state.length))}  ${detail}`}`,
  );
}

function detailOf(job: Job): string {
  const { status, error, progress, progressMessage, assignedWorkerId, retryCount, maxRetries } = job;
  switch (status) {
    case JobStatus.PENDING:
      return retryCount > 0 ? `retry ${retryCount} of ${maxRetries}: ${error}` : "";
    case JobStatus.RUNNING: {
      const share = progress > 0 ? ` ${Math.round(progress * 100)} %` : "";
      return `${assignedWorkerId}${share}${progressMessage === "" ? "" : `: ${progressMessage}`}`;
    }
    case JobStatus.COMPLETED: {
      const { startedAt, completedAt } = job;
      if (startedAt === undefined || completedAt === undefined) return assignedWorkerId;
      return `${assignedWorkerId} in ${formatSpan(timestampMs(completedAt) - timestampMs(startedAt))}`;
    }
    default:
      return error;
  }
}
