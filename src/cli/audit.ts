import type { Command } from "commander";
import { exportCommand } from "./audit/export.ts";
import { listCommand } from "./audit/list.ts";
import { showCommand } from "./audit/show.ts";
import { verifyCommand } from "./audit/verify.ts";

export function auditCommand(program: Command): void {
  const audit = program
    .command("audit")
    .summary("who changed what, when and from where")
    .description(
      "Reads and checks the audit log, which has an entry for every change, for every login and for calls that were denied, and for " +
        "every attempt of a worker at a job.",
    );
  listCommand(audit);
  showCommand(audit);
  exportCommand(audit);
  verifyCommand(audit);
}
