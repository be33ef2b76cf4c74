import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { JobStatus } from "../../../gen/ltb/v1/job_pb.ts";
import type { ServiceClient } from "../shared/client.ts";
import type { Command } from "../shared/command.ts";
import { UsageError } from "../shared/errors.ts";
import { findBenchmarkId } from "../shared/find-benchmark.ts";
import { parseTime } from "../shared/options.ts";
import { type JobStatusName, jobStatuses } from "./status.ts";

/** Options that pick many jobs at once. */
export interface FilterOptions {
  status?: JobStatusName;
  type?: string;
  benchmark?: string;
  limitKey?: string;
  createdAfter?: Date;
  createdBefore?: Date;
  dryRun?: boolean;
}

export function withFilterOptions(command: Command, statuses: JobStatusName[]): Command {
  return command
    .choice("--status <status>", "instead of ids: all in this status", statuses)
    .option("--type <type>", "instead of ids: all of this type")
    .option(
      "--benchmark <benchmark>",
      "instead of ids: all of this benchmark (id, or name: the newest with it)",
    )
    .option("--limit-key <key>", "instead of ids: all with this limit key")
    .option("--created-after <time>", "instead of ids: all created at this time or later", parseTime)
    .option("--created-before <time>", "instead of ids: all created before this time", parseTime)
    .option("--dry-run", "change nothing, and only count");
}

/**
 * The filter that the options make; undefined if ids are given, which make one only to be counted.
 * @throws UsageError if both or neither are
 */
export async function filterOf(
  { benchmarks }: ServiceClient,
  ids: readonly string[],
  { status, type, benchmark, limitKey, createdAfter, createdBefore, dryRun = false }: FilterOptions,
) {
  const filters = [status, type, benchmark, limitKey, createdAfter, createdBefore];
  const filtered = filters.some((value) => value !== undefined);
  if (filtered === ids.length > 0)
    throw new UsageError("give either ids, or options such as --type that pick jobs");
  if (!filtered) return dryRun ? { ids: [...ids], dryRun } : undefined;
  return {
    status: status === undefined ? JobStatus.UNSPECIFIED : jobStatuses[status],
    jobType: type ?? "",
    benchmarkId: await findBenchmarkId(benchmarks, benchmark),
    limitKey: limitKey ?? "",
    dryRun,
    ...(createdAfter && { createdAfter: timestampFromDate(createdAfter) }),
    ...(createdBefore && { createdBefore: timestampFromDate(createdBefore) }),
  };
}
