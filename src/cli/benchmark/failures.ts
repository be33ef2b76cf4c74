import { ListFailureGroupsResponseSchema } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { GROUPS, printGroups } from "../shared/failure-groups.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { printJson } from "../shared/output.ts";
import { toPlain } from "../shared/plain.ts";

export function addFailures(benchmark: Command): void {
  addServiceCommand(benchmark, "failures")
    .withReplica()
    .description("Shows the errors of failed evaluations in groups, the largest first: of the newest 20,000.")
    .argument("<benchmark>", NEWEST)
    .withLimit()
    .examples("ltb benchmark failures gsm8k", "ltb evaluation list gsm8k --error 'rate limit'")
    .callService(showFailures);
}

async function showFailures(
  { benchmarks }: ServiceClient,
  reference: string,
  options: ServiceOptions & { limit: number },
): Promise<void> {
  const benchmarkId = await findBenchmarkId(benchmarks, reference);
  const limit = Math.min(options.limit, GROUPS);
  const answer = await benchmarks.listFailureGroups({ benchmarkId, limit });
  if (options.json) return printJson(toPlain(ListFailureGroupsResponseSchema, answer));
  printGroups(answer, ({ evaluationIds }) => evaluationIds);
}
