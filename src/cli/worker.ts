import type { Command } from "commander";
import { drainCommand } from "./worker/drain.ts";
import { listCommand } from "./worker/list.ts";
import { removeStaleCommand } from "./worker/remove-stale.ts";
import { runCommand } from "./worker/run.ts";
import { showCommand } from "./worker/show.ts";

export function workerCommand(program: Command): void {
  const worker = program
    .command("worker")
    .summary("run jobs, and see who does")
    .description("Runs jobs by a command of yours; lists, shows, drains and removes workers.");
  runCommand(worker);
  listCommand(worker);
  showCommand(worker);
  drainCommand(worker);
  removeStaleCommand(worker);
}
