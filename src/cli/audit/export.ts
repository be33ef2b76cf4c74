import { toJson } from "@bufbuild/protobuf";
import type { Command } from "commander";
import { type AuditLog, AuditLogSchema } from "../../../gen/ltb/v1/audit_pb.ts";
import {
  createClient,
  noDeadline,
  type ServiceOptions,
  withReplicaOption,
  withServiceOptions,
} from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { note } from "../shared/output.ts";
import { resumed } from "../transfer/resumed.ts";
import { writeToFile, writeToStdout } from "../transfer/write-text.ts";
import { type Filter, filterOf, withFilter } from "./filter.ts";

interface Options extends ServiceOptions, Filter {
  output?: string;
}

export function addCommand(audit: Command): void {
  withReplicaOption(withServiceOptions(withFilter(audit.command("export"))))
    .description(
      "Writes entries as JSON Lines, oldest first, in constant memory; a connection that breaks is resumed. Takes role admin.",
    )
    .option("-o, --output <file>", "write to this file, which appears when it is complete (default: stdout)")
    .addHelpText(
      "after",
      examples(
        ["ltb audit export -o audit.jsonl", ""],
        ["ltb audit export --after 2026-01-01 --before 2026-02-01 | gzip > january.jsonl.gz", ""],
        ["ltb audit export --action login_failed | jq -r .ipAddress | sort | uniq -c", ""],
      ),
    )
    .action(exportEntries);
}

async function exportEntries({ output, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const filter = await filterOf(client, options);
  let entries = 0;
  const chunks = resumed((pageToken) => client.audit.exportAuditLogs({ ...filter, pageToken }, noDeadline));
  async function* lines() {
    for await (const { auditLogs } of chunks) {
      entries += auditLogs.length;
      yield auditLogs.map(line).join("");
    }
  }
  if (output === undefined) return writeToStdout(lines());
  await writeToFile(output, lines());
  note(`wrote ${entries} entries to ${output}`);
}

function line(entry: AuditLog): string {
  return `${JSON.stringify(toJson(AuditLogSchema, entry))}\n`;
}
