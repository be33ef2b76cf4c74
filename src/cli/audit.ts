import { toJson } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type AuditLog, AuditLogSchema } from "../../gen/ltb/v1/audit_pb.ts";
import { GetAuditStatusResponseSchema } from "../../gen/ltb/v1/audit_service_pb.ts";
import { addVerify } from "./audit/verify.ts";
import { noDeadline, type ServiceClient, type ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import { requireAnswer, UsageError } from "./shared/errors.ts";
import { isUuid, parseTime } from "./shared/options.ts";
import { formatFields, formatSecond, note, print, printFields, printJson } from "./shared/output.ts";
import { printList } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";
import { resume } from "./transfer/resume.ts";
import { writeToFile, writeToStdout } from "./transfer/write-text.ts";

export function addCommand(program: Command): void {
  const audit = program
    .command("audit")
    .summary("who changed what, when and from where")
    .description(
      "Reads and checks the audit log, which has an entry for every change, for every login and for calls that were denied, and for " +
        "every attempt of a worker at a job.",
    );
  withFilter(addServiceCommand(audit, "list").withReplica())
    .description("Lists entries, newest first. Without role admin those of your own.")
    .withLimit()
    .examples(
      "ltb audit list",
      "ltb audit list --user ada --after 2026-01-31",
      ["ltb audit list --entity job/01890a5d-ac96-774b-bcce-b302099a8057", "its history, with the attempts"],
      "ltb audit list --action denied --json | jq .audit_logs[].changes.after",
    )
    .callService(list);
  addServiceCommand(audit, "show")
    .description("Shows every field of an entry, with the former and the new values of what changed.")
    .argument("<id>", "id of the entry")
    .examples("ltb audit show 01890a5d-ac96-774b-bcce-b302099a8057")
    .callService(show);
  withFilter(addServiceCommand(audit, "export").withReplica())
    .description(
      "Writes entries as JSON Lines, oldest first, in constant memory; a connection that breaks is resumed. Takes role admin.",
    )
    .option("-o, --output <file>", "write to this file, which appears when it is complete (default: stdout)")
    .examples(
      "ltb audit export -o audit.jsonl",
      "ltb audit export --after 2026-01-01 --before 2026-02-01 | gzip > january.jsonl.gz",
      "ltb audit export --action login_failed | jq -r .ipAddress | sort | uniq -c",
    )
    .callService(exportEntries);
  addServiceCommand(audit, "status")
    .description(
      "Shows the end of the chain of seals, what waits to be sealed, and the last verification. Verifies nothing. Takes role admin.",
    )
    .examples("ltb audit status", "ltb audit status --json | jq .entries_unsealed")
    .callService(async ({ audit }, options: ServiceOptions) => {
      printFields(GetAuditStatusResponseSchema, await audit.getAuditStatus({}), options);
    });
  addVerify(audit);
}

async function list(
  client: ServiceClient,
  options: ServiceOptions & Filter & { limit: number },
): Promise<void> {
  const filter = await filterOf(client, options);
  await printList("auditLogs", options, {
    schema: AuditLogSchema,
    read: (page) => client.audit.listAuditLogs({ ...filter, ...page }),
    columns: ["id", "time (UTC)", "who", "action", "entity", "address"],
    row,
    things: "entries",
  });
}

function row(entry: AuditLog): string[] {
  const { id, createdAt, actor, userId, entityType, entityId, ipAddress } = entry;
  const action = entry.external ? `${entry.action} (external)` : entry.action;
  const entity = entityId === "" ? entityType : `${entityType}/${entityId}`;
  return [id, formatSecond(createdAt), actor || userId || "-", action, entity, ipAddress || "-"];
}

async function show({ audit }: ServiceClient, id: string, { json }: ServiceOptions): Promise<void> {
  const { auditLog } = await audit.getAuditLog({ id });
  requireAnswer(auditLog, "entry");
  const fields = toPlain(AuditLogSchema, auditLog);
  if (json) return printJson(fields);
  const { changes, ...rest } = fields;
  print(formatFields(rest));
  if (changes !== null) print(`\nchanges\n${JSON.stringify(changes, undefined, 2)}`);
}

async function exportEntries(
  client: ServiceClient,
  { output, ...options }: Filter & { output?: string },
): Promise<void> {
  const filter = await filterOf(client, options);
  let entries = 0;
  const chunks = resume((pageToken) => client.audit.exportAuditLogs({ ...filter, pageToken }, noDeadline));
  async function* lines() {
    for await (const { auditLogs } of chunks) {
      entries += auditLogs.length;
      yield auditLogs.map((entry) => `${JSON.stringify(toJson(AuditLogSchema, entry))}\n`).join("");
    }
  }
  if (output === undefined || output === "-") return writeToStdout(lines());
  await writeToFile(output, lines());
  note(`wrote ${entries} entries to ${output}`);
}

interface Filter {
  user?: string;
  entity?: string;
  action?: string;
  after?: Date;
  before?: Date;
}

/** Adds the options that choose entries. */
function withFilter(command: Command): Command {
  return command
    .option("--user <user>", "only those of this user: id or username")
    .option("--entity <type[/id]>", "only those about this, for example job, or job/01890a5d-…")
    .option("--action <action>", "only those with this action, for example delete")
    .option("--after <time>", "only those from this time on", parseTime)
    .option("--before <time>", "only those before this time", parseTime);
}

/** The options as the service has them. */
async function filterOf({ users }: ServiceClient, { user, entity, action, after, before }: Filter) {
  const [, entityType = "", entityId = ""] = /^([^/]+)(?:\/(.+))?$/s.exec(entity ?? "") ?? [];
  if (entity !== undefined && entityType === "")
    throw new UsageError("--entity takes a type, or a type and an id, for example job/01890a5d-…");
  return {
    userId: user === undefined ? "" : await userIdOf(users, user),
    entityType,
    entityId,
    action: action ?? "",
    ...(after && { after: timestampFromDate(after) }),
    ...(before && { before: timestampFromDate(before) }),
  };
}

async function userIdOf(users: ServiceClient["users"], user: string): Promise<string> {
  if (isUuid(user)) return user;
  const found = await users.getUser({ key: { case: "username", value: user } });
  return found.user?.id ?? "";
}
