import { type Dataset, DatasetSchema } from "../../gen/ltb/v1/benchmark_pb.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { formatMinute } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";

/** More metrics of a dataset than these are only counted in the table. */
const SHOWN_METRICS = 6;

export function addCommand(program: Command): void {
  addServiceCommand(program, "datasets")
    .withReplica()
    .summary("list the datasets that benchmarks are on")
    .description(
      "Lists the datasets that benchmarks are on, with the latest benchmark and the metrics of each.",
    )
    .withLimit()
    .examples("ltb datasets", "ltb datasets --json")
    .callService(list);
}

async function list({ benchmarks }: ServiceClient, options: ServiceOptions & { limit: number }) {
  await printList("datasets", options, {
    schema: DatasetSchema,
    read: benchmarks.listDatasets,
    columns: ["dataset", ">benchmarks", "latest", "created (UTC)", "metrics"],
    row,
  });
}

function row({ dataset, benchmarkCount, latestBenchmarkName, latestCreatedAt, metrics }: Dataset) {
  const more = metrics.length > SHOWN_METRICS ? [`${metrics.length - SHOWN_METRICS} more`] : [];
  const shown = [...metrics.slice(0, SHOWN_METRICS), ...more].join(", ");
  return [dataset, benchmarkCount, latestBenchmarkName, formatMinute(latestCreatedAt), shown];
}
