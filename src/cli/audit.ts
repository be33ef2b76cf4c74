import type { Command } from "commander";
import { addCommands } from "./shared/commands.ts";

export async function addCommand(program: Command, args: readonly string[]): Promise<void> {
  const audit = program
    .command("audit")
    .summary("who changed what, when and from where")
    .description(
      "Reads and checks the audit log, which has an entry for every change, for every login and for calls that were denied, and for " +
        "every attempt of a worker at a job.",
    );
  await addCommands(audit, args, {
    "Commands:": {
      list: () => import("./audit/list.ts"),
      show: () => import("./audit/show.ts"),
      export: () => import("./audit/export.ts"),
      verify: () => import("./audit/verify.ts"),
    },
  });
}
