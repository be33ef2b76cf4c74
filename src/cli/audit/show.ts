import type { Command } from "commander";
import { AuditLogSchema } from "../../../gen/ltb/v1/audit_pb.ts";
import { createClient, type ServiceOptions, withServiceOptions } from "../shared/client.ts";
import { CliError } from "../shared/errors.ts";
import { examples } from "../shared/examples.ts";
import { pairs, plain, print, printable, printJson } from "../shared/output.ts";

export function addCommand(audit: Command): void {
  withServiceOptions(audit.command("show"))
    .description("Shows every field of an entry, with the former and the new values of what changed.")
    .argument("<id>", "id of the entry")
    .addHelpText("after", examples(["ltb audit show 01890a5d-ac96-774b-bcce-b302099a8057", ""]))
    .action(show);
}

async function show(id: string, options: ServiceOptions): Promise<void> {
  using client = createClient(options);
  const { auditLog } = await client.audit.getAuditLog({ id });
  if (auditLog === undefined)
    throw new CliError("the service answered without the entry", { code: "INTERNAL" });
  const fields = plain(AuditLogSchema, auditLog);
  if (options.json) return printJson(fields);
  const { changes, ...rest } = fields;
  print(pairs(rest));
  if (changes !== null) print(`\nchanges\n${printable(JSON.stringify(changes, undefined, 2))}`);
}
