import type { Command } from "commander";
import { type AuditLog, AuditLogSchema } from "../../../gen/ltb/v1/audit_pb.ts";
import {
  createClient,
  type ServiceOptions,
  withReplicaOption,
  withServiceOptions,
} from "../shared/client.ts";
import { examples } from "../shared/examples.ts";
import { count } from "../shared/options.ts";
import { note, plain, print, printJson, second, table } from "../shared/output.ts";
import { collect, noteMore } from "../shared/pages.ts";
import { type Filter, filterOf, withFilter } from "./filter.ts";

interface Options extends ServiceOptions, Filter {
  limit: number;
}

export function addCommand(audit: Command): void {
  withReplicaOption(withServiceOptions(withFilter(audit.command("list"))))
    .description("Lists entries, newest first. Without role admin those of your own.")
    .option("--limit <n>", "at most this many", count, 50)
    .addHelpText(
      "after",
      examples(
        ["ltb audit list", ""],
        ["ltb audit list --user ada --after 2026-01-31", ""],
        [
          "ltb audit list --entity job/01890a5d-ac96-774b-bcce-b302099a8057",
          "its history, with the attempts",
        ],
        ["ltb audit list --action denied --json | jq .audit_logs[].changes.after", ""],
      ),
    )
    .action(list);
}

async function list({ limit, ...options }: Options): Promise<void> {
  using client = createClient(options);
  const filter = await filterOf(client, options);
  const { items, more } = await collect(limit, async (page) => {
    const { auditLogs, nextPageToken } = await client.audit.listAuditLogs({ ...filter, ...page });
    return { items: auditLogs, nextPageToken };
  });
  if (options.json) return printJson({ audit_logs: items.map((item) => plain(AuditLogSchema, item)), more });
  if (items.length === 0) return note("no entries");
  print(table(["id", "time", "who", "action", "entity", "address"], items.map(row)));
  noteMore(more, limit);
}

function row({ id, createdAt, actor, userId, action, entityType, entityId, ipAddress }: AuditLog): string[] {
  const entity = entityId === "" ? entityType : `${entityType}/${entityId}`;
  return [id, second(createdAt), actor || userId || "-", action, entity, ipAddress || "-"];
}
