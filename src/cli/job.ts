import type { Command } from "commander";
import { cancelCommand } from "./job/cancel.ts";
import { deleteCommand } from "./job/delete.ts";
import { listCommand } from "./job/list.ts";
import { pauseCommand, resumeCommand } from "./job/pause.ts";
import { retryCommand } from "./job/retry.ts";
import { showCommand } from "./job/show.ts";
import { jobStatsCommand } from "./job/stats.ts";
import { submitCommand } from "./job/submit.ts";
import { watchCommand } from "./job/watch.ts";

export function jobCommand(program: Command): void {
  const job = program
    .command("job")
    .summary("submit, follow and steer jobs")
    .description(
      "Submits jobs to the queue, lists and follows them, cancels, retries, pauses and deletes them.",
    );
  submitCommand(job);
  listCommand(job);
  showCommand(job);
  watchCommand(job);
  cancelCommand(job);
  retryCommand(job);
  deleteCommand(job);
  pauseCommand(job);
  resumeCommand(job);
  jobStatsCommand(job);
}
