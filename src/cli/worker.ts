import type { Command } from "commander";
import { addCommands } from "./shared/commands.ts";

export async function addCommand(program: Command, args: readonly string[]): Promise<void> {
  const worker = program
    .command("worker")
    .summary("run jobs, and see who does")
    .description("Runs jobs by a command of yours; lists, shows, drains and removes workers.");
  await addCommands(worker, args, {
    "Commands:": {
      run: () => import("./worker/run.ts"),
      list: () => import("./worker/list.ts"),
      show: () => import("./worker/show.ts"),
      drain: () => import("./worker/drain.ts"),
      "remove-stale": () => import("./worker/remove-stale.ts"),
    },
  });
}
