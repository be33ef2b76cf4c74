import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { JobStatus } from "../../../gen/ltb/v1/job_pb.ts";
import type { ServiceClient } from "../shared/client.ts";
import type { Command } from "../shared/command.ts";
import { UsageError } from "../shared/errors.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { gatherValues, parseTime } from "../shared/options.ts";
import { readPayload } from "./payload.ts";
import { type JobStatusName, jobStatuses } from "./status.ts";

/** Options by which `list`, `cancel` and `retry` find jobs. */
export interface MatchOptions {
  type?: string;
  benchmark?: string;
  limitKey?: string;
  fairKey?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  createdBy?: string;
  tag?: string[];
  error?: string;
  metadata?: string;
}

/** @param only how the descriptions begin, as "only those" */
export function withMatchOptions(command: Command, only: string): Command {
  return command
    .option("--type <type>", `${only} of this type`)
    .option("--benchmark <benchmark>", `${only} of this benchmark: ${NEWEST}`)
    .option("--limit-key <key>", `${only} with this limit key`)
    .option("--fair-key <key>", `${only} with this fair key`)
    .option("--created-after <time>", `${only} created at this time or later`, parseTime)
    .option("--created-before <time>", `${only} created before this time`, parseTime)
    .option("--created-by <id>", `${only} that the user with this id created`)
    .option("--tag <tag>", `${only} that require this tag; may be given again`, gatherValues)
    .option("--error <text>", `${only} whose error has this text in it, in any case`)
    .option("--metadata <json>", `${only} whose metadata contain this object`);
}

/** The fields of a request that these options make. */
export async function matchOf({ benchmarks }: ServiceClient, options: MatchOptions) {
  const { type, benchmark, limitKey, fairKey, createdAfter, createdBefore, createdBy } = options;
  const { tag, error, metadata } = options;
  return {
    jobType: type ?? "",
    benchmarkId: await findBenchmarkId(benchmarks, benchmark),
    limitKey: limitKey ?? "",
    fairKey: fairKey ?? "",
    ...(createdAfter && { createdAfter: timestampFromDate(createdAfter) }),
    ...(createdBefore && { createdBefore: timestampFromDate(createdBefore) }),
    createdBy: createdBy ?? "",
    requiredTags: tag ?? [],
    errorContains: error ?? "",
    ...(metadata !== undefined && {
      metadata: JSON.parse(await readPayload(metadata, "--metadata")) as JsonObject,
    }),
  };
}

/** Options by which `list` and `retry` find jobs that have ended. */
export interface EndedOptions {
  endedAfter?: Date;
  endedBefore?: Date;
}

export const endedOf = ({ endedAfter, endedBefore }: EndedOptions) => ({
  ...(endedAfter && { endedAfter: timestampFromDate(endedAfter) }),
  ...(endedBefore && { endedBefore: timestampFromDate(endedBefore) }),
});

/** Options that pick many jobs at once. */
export interface FilterOptions extends MatchOptions, EndedOptions {
  status?: JobStatusName;
  dryRun?: boolean;
}

const INSTEAD = "instead of ids: all";

export function withFilterOptions(command: Command, statuses: JobStatusName[]): Command {
  const chosen = command.choice("--status <status>", `${INSTEAD} in this status`, statuses);
  return withMatchOptions(chosen, INSTEAD).option("--dry-run", "change nothing, and only count");
}

export const withEndedOptions = (command: Command): Command =>
  command
    .option("--ended-after <time>", `${INSTEAD} that ended at this time or later`, parseTime)
    .option("--ended-before <time>", `${INSTEAD} that ended before this time`, parseTime);

/** The options that pick jobs, any of which stands in for ids. */
const picks = [
  "status",
  "type",
  "benchmark",
  "limitKey",
  "fairKey",
  "createdAfter",
  "createdBefore",
  "createdBy",
  "tag",
  "error",
  "metadata",
  "endedAfter",
  "endedBefore",
] as const satisfies readonly (keyof FilterOptions)[];

/**
 * The filter that the options make; undefined if ids are given, which make one only to be counted.
 * @throws UsageError if both or neither are
 */
export async function filterOf(client: ServiceClient, ids: readonly string[], options: FilterOptions) {
  const { status, dryRun = false } = options;
  const filtered = picks.some((name) => options[name] !== undefined);
  if (filtered === ids.length > 0)
    throw new UsageError("give either ids, or options such as --type that pick jobs");
  if (!filtered) return dryRun ? { ids: [...ids], dryRun } : undefined;
  return {
    status: status === undefined ? JobStatus.UNSPECIFIED : jobStatuses[status],
    ...(await matchOf(client, options)),
    ...endedOf(options),
    dryRun,
  };
}
