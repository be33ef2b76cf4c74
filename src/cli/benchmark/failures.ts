import { ListFailureGroupsResponseSchema } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { cutText } from "../../text.ts";
import type { ServiceClient, ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { findBenchmarkId, NEWEST } from "../shared/find-benchmark.ts";
import { countOf, formatMinute, formatTable, note, print, printJson, toPlain } from "../shared/output.ts";

/** Most groups that the service tells of. */
const GROUPS = 200;

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
  const { groups, groupsLeftOut, failuresRead, more } = answer;
  if (groups.length === 0) return note("no failures");
  const rows = groups.map(({ count, example, lastAt, evaluationIds: [id = ""] }) => {
    return [count, cutText(example, 100), formatMinute(lastAt), id];
  });
  print(formatTable([">count", "error, for example", "last (UTC)", "id of the last"], rows));
  if (groupsLeftOut > 0) note(`note: ${countOf(groupsLeftOut, "smaller group")} left out`);
  if (more) note(`note: only the newest ${failuresRead} failures were read`);
}
