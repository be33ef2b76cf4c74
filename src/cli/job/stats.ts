import { durationMs } from "@bufbuild/protobuf/wkt";
import { type GetJobStatsResponse, GetJobStatsResponseSchema } from "../../../gen/ltb/v1/job_service_pb.ts";
import { formatSpan } from "../../time-span.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { formatTable, print, printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";

type Options = ServiceOptions & { type?: string; benchmark?: string };

export function addCommand(job: Command): void {
  addServiceCommand(job, "stats")
    .description("Counts the jobs by type and status, and tells how long the oldest has been waiting.")
    .option("--type <type>", "only those of this type")
    .option("--benchmark <benchmark>", `only those of this benchmark: ${NEWEST}`)
    .examples("ltb job stats", "ltb job stats --benchmark gsm8k --json | jq .failed")
    .callService(stats);
}

async function stats({ jobs, benchmarks }: ServiceClient, options: Options): Promise<void> {
  const benchmarkId = await findBenchmarkId(benchmarks, options.benchmark);
  const answer = await jobs.getJobStats({ jobType: options.type ?? "", benchmarkId });
  if (options.json) return printJson(toPlain(GetJobStatsResponseSchema, answer));
  const columns = ["type", ...statuses.map((name) => `>${name}`), ">oldest waits"];
  const rows = answer.byType.map((counts) => [counts.jobType, ...cells(counts)]);
  print(formatTable(columns, [...rows, ["all", ...cells(answer)]]));
}

const statuses = ["pending", "scheduled", "running", "completed", "failed", "cancelled", "total"] as const;

type Counts = Pick<GetJobStatsResponse, (typeof statuses)[number] | "oldestPendingAge">;

function cells(counts: Counts): (string | number)[] {
  const { oldestPendingAge: age } = counts;
  return [...statuses.map((name) => counts[name]), age === undefined ? "-" : formatSpan(durationMs(age))];
}
