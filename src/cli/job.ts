import type { Command } from "./shared/command.ts";
import { addCommands } from "./shared/commands.ts";

export async function addCommand(program: Command, args: readonly string[]): Promise<void> {
  const job = program
    .command("job")
    .summary("submit, follow and steer jobs")
    .description(
      "Submits jobs to the queue, lists and follows them, changes, cancels, retries, pauses and deletes them.",
    );
  await addCommands(job, args, {
    "Commands:": {
      submit: () => import("./job/submit.ts"),
      list: () => import("./job/list.ts"),
      show: () => import("./job/show.ts"),
      watch: () => import("./job/watch.ts"),
      update: () => import("./job/update.ts"),
      cancel: async () => ({ addCommand: (await import("./job/transitions.ts")).addCancel }),
      retry: async () => ({ addCommand: (await import("./job/transitions.ts")).addRetry }),
      delete: async () => ({ addCommand: (await import("./job/transitions.ts")).addDelete }),
      pause: () => import("./job/pause.ts"),
      resume: async () => ({ addCommand: (await import("./job/pause.ts")).addResume }),
      lanes: () => import("./job/lanes.ts"),
      failures: () => import("./job/failures.ts"),
      stats: () => import("./job/stats.ts"),
    },
  });
}
