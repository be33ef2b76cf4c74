import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ListJobFailureGroupsResponseSchema } from "../../../gen/ltb/v1/job_service_pb.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { GROUPS, printGroups } from "../shared/failure-groups.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { parseTime } from "../shared/options.ts";
import { printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";

type Options = ServiceOptions & {
  type?: string;
  benchmark?: string;
  endedAfter?: Date;
  endedBefore?: Date;
  limit: number;
};

export function addCommand(job: Command): void {
  addServiceCommand(job, "failures")
    .withReplica()
    .description("Shows the errors of failed jobs in groups, the largest first: of the newest 5,000.")
    .option("--type <type>", "only those of this type")
    .option("--benchmark <benchmark>", `only those of this benchmark: ${NEWEST}`)
    .option("--ended-after <time>", "only those that ended at this time or later", parseTime)
    .option("--ended-before <time>", "only those that ended before this time", parseTime)
    .withLimit()
    .examples("ltb job failures", "ltb job failures --type grade --ended-after 2026-01-31")
    .callService(showFailures);
}

async function showFailures({ jobs, benchmarks }: ServiceClient, options: Options): Promise<void> {
  const { type = "", endedAfter, endedBefore, limit } = options;
  const answer = await jobs.listJobFailureGroups({
    jobType: type,
    benchmarkId: await findBenchmarkId(benchmarks, options.benchmark),
    ...(endedAfter && { endedAfter: timestampFromDate(endedAfter) }),
    ...(endedBefore && { endedBefore: timestampFromDate(endedBefore) }),
    limit: Math.min(limit, GROUPS),
  });
  if (options.json) printJson(toPlain(ListJobFailureGroupsResponseSchema, answer));
  else printGroups(answer, ({ jobIds }) => jobIds);
}
