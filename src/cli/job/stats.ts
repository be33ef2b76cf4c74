import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import { type GetJobStatsResponse, GetJobStatsResponseSchema } from "../../../gen/ltb/v1/job_service_pb.ts";
import { formatSpan } from "../../time-span.ts";
import { createClient, type ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { findBenchmark } from "../shared/find-benchmark.ts";
import { formatTable, print, printJson, toPlain } from "../shared/output.ts";

interface Options extends ServiceOptions {
  type?: string;
  benchmark?: string;
}

export function addCommand(job: Command): void {
  addServiceCommand(job, "stats")
    .description("Counts the jobs by type and status, and tells how long the oldest has been waiting.")
    .option("--type <type>", "only those of this type")
    .option("--benchmark <benchmark>", "only those of this benchmark: id, or name (the newest with it)")
    .examples("ltb job stats", "ltb job stats --benchmark gsm8k --json | jq .failed")
    .action(stats);
}

async function stats({ type, benchmark, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const benchmarkId = benchmark === undefined ? "" : (await findBenchmark(client.benchmarks, benchmark)).id;
  const answer = await client.jobs.getJobStats({ jobType: type ?? "", benchmarkId });
  if (options.json) return printJson(toPlain(GetJobStatsResponseSchema, answer));
  const columns = ["type", ...statuses.map((name) => `>${name}`), ">oldest waits"];
  const rows = answer.byType.map((counts) => [counts.jobType, ...cells(counts)]);
  print(formatTable(columns, [...rows, ["all", ...cells(answer)]]));
}

const statuses = ["pending", "scheduled", "running", "completed", "failed", "cancelled", "total"] as const;

type Counts = Pick<GetJobStatsResponse, (typeof statuses)[number]> & {
  oldestPendingAge?: Duration | undefined;
};

function cells(counts: Counts): (string | number)[] {
  const { oldestPendingAge: age } = counts;
  return [...statuses.map((name) => counts[name]), age === undefined ? "-" : formatSpan(durationMs(age))];
}
