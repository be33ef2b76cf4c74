import type { Command } from "commander";
import { createClient, type ServiceOptions, withServiceOptions } from "./client.ts";
import { examples } from "./examples.ts";
import { whole } from "./options.ts";
import { print, printJson } from "./output.ts";

interface Options extends ServiceOptions {
  jobsOlderThan: number;
}

export function cleanupCommand(program: Command): void {
  withServiceOptions(program.command("cleanup"))
    .summary("delete what is old")
    .description(
      "Deletes jobs that ended long ago. Their attempts stay, as part of the audit trail; jobs that wait or run, and evaluations, are never deleted.",
    )
    .requiredOption(
      "--jobs-older-than <days>",
      "jobs that ended more than this many days ago; 0: all that have ended",
      whole(0, 36_500),
    )
    .addHelpText("after", examples(["ltb cleanup --jobs-older-than 30", ""]))
    .action(cleanup);
}

async function cleanup({ jobsOlderThan: olderThanDays, ...options }: Options): Promise<void> {
  using client = createClient(options);
  let deleted = 0;
  for (let more = true; more; ) {
    const answer = await client.jobs.cleanupJobs({ olderThanDays });
    deleted += answer.deleted;
    more = answer.more;
  }
  if (options.json) printJson({ jobs_deleted: deleted });
  else print(`deleted ${deleted} jobs`);
}
