import { createClient, type ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { forEachId } from "../shared/for-each-id.ts";
import { note, print, printJson } from "../shared/output.ts";
import { type FilterOptions, filterOf, plainJob, withFilterOptions } from "./filter.ts";

export function addCommand(job: Command): void {
  withFilterOptions(addServiceCommand(job, "retry"), ["failed", "cancelled"])
    .description(
      "Puts failed and cancelled jobs back into the queue, by id or all that match, with all their retries again.",
    )
    .argument("[id...]", "ids of the jobs")
    .examples(
      "ltb job retry 01890a5d-ac96-774b-bcce-b302099a8057",
      "ltb job retry --benchmark gsm8k --status failed",
    )
    .action(retry);
}

async function retry(ids: string[], options: ServiceOptions & FilterOptions): Promise<void> {
  using client = createClient(options);
  const filter = await filterOf(client, ids, options);
  if (filter !== undefined) {
    let retried = 0;
    let skipped = 0;
    for (let more = true; more; ) {
      const answer = await client.jobs.retryJobs(filter);
      retried += answer.affected;
      skipped += answer.skipped;
      more = answer.more;
    }
    if (options.json) return printJson({ retried, skipped });
    print(`${retried} jobs are in the queue again`);
    if (skipped > 0) note(`note: ${skipped} were left as they are: another live job has their unique key`);
    return;
  }
  await forEachId(ids, options, {
    field: "jobs",
    work: async (id) => plainJob((await client.jobs.retryJob({ id })).job),
    done: (id) => `${id} is in the queue again`,
  });
}
