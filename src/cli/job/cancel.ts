import { createClient, type ServiceOptions } from "../shared/client.ts";
import { addServiceCommand, type Command } from "../shared/command.ts";
import { forEachId } from "../shared/for-each-id.ts";
import { print, printJson } from "../shared/output.ts";
import { type FilterOptions, filterOf, plainJob, withFilterOptions } from "./filter.ts";

interface Options extends ServiceOptions, FilterOptions {
  reason?: string;
}

export function addCommand(job: Command): void {
  withFilterOptions(addServiceCommand(job, "cancel"), ["pending", "running"])
    .description(
      "Cancels jobs that wait or run, by id or all that match. Whoever runs one is told to stop, and its result is refused.",
    )
    .argument("[id...]", "ids of the jobs")
    .option("--reason <text>", "why; kept as the error of the jobs")
    .examples(
      "ltb job cancel 01890a5d-ac96-774b-bcce-b302099a8057",
      [`ltb job cancel --benchmark gsm8k --reason "wrong prompt"`, "all that have not ended"],
      "ltb job cancel --type grade --status pending",
    )
    .action(cancel);
}

async function cancel(ids: string[], { reason = "", ...options }: Options): Promise<void> {
  using client = createClient(options);
  const filter = await filterOf(client, ids, options);
  if (filter !== undefined) {
    let cancelled = 0;
    for (let more = true; more; ) {
      const answer = await client.jobs.cancelJobs({ ...filter, reason });
      cancelled += answer.affected;
      more = answer.more;
    }
    return options.json ? printJson({ cancelled }) : print(`cancelled ${cancelled} jobs`);
  }
  await forEachId(ids, options, {
    field: "jobs",
    work: async (id) => plainJob((await client.jobs.cancelJob({ id, reason })).job),
    done: (id) => `cancelled ${id}`,
  });
}
