import { z } from "zod";
import { currentOrigin, type Origin, serviceOrigin } from "../call-scope.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Fragment, sql, statement } from "../database/statement/sql.ts";
import { arrayOf } from "../database/statement/table.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { AuditAction, AuditEntityType } from "./actions.ts";
import { type Changes, changesText } from "./document.ts";

// Whoever changes something records it here, in the transaction of the change: by a statement beside it (`recordAudit`) or,
// where a round trip would cost too much, by CTEs of the changing statement itself (`auditEntries`, `auditRows`).

/** One entry of the audit trail, to be written with the change it tells of. */
export interface AuditEntry {
  action: AuditAction;
  entityType: AuditEntityType;
  entityId: string | null;
  /** Of an update only the fields that changed: see `difference`. What is kept of the values: see `changesText`. */
  changes?: Changes | undefined;
  /** Who did it. Default: `currentOrigin()`; without any, the service itself. */
  origin?: Origin | undefined;
}

/** Writes entries, in the caller's transaction, by one statement. */
export async function recordAudit(db: Executor, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await db.any(insertEntries(entries));
}

/**
 * CTEs that write entries within a statement: they follow those that make the change.
 * @param when a condition over the entry `e` (columns of audit_logs), for those whose change was not made after all
 */
export function auditEntries(entries: readonly AuditEntry[], when: Fragment = sql.fragment`true`): Fragment {
  const origins = entries.map(({ origin }) => origin ?? currentOrigin() ?? serviceOrigin);
  const texts = (value: (origin: Origin) => string | null) => arrayOf("text", origins.map(value));
  return auditLog(sql.fragment`
    select
      e.id, e.action, e.entity_type, e.entity_id, e.changes::jsonb, e.user_id, e.api_key_id, e.actor, e.ip_address,
      e.user_agent, e.request_id
    from unnest(
      ${arrayOf(
        "uuid",
        entries.map(() => newId()),
      )},
      ${arrayOf(
        "text",
        entries.map(({ action }) => action),
      )},
      ${arrayOf(
        "text",
        entries.map(({ entityType }) => entityType),
      )},
      ${arrayOf(
        "text",
        entries.map(({ entityId }) => entityId?.slice(0, limits.nameLength)),
      )},
      ${arrayOf(
        "text",
        entries.map(({ changes }) => changes && changesText(changes)),
      )},
      ${arrayOf(
        "uuid",
        origins.map(({ userId }) => userId),
      )},
      ${arrayOf(
        "uuid",
        origins.map(({ keyId }) => keyId),
      )},
      ${texts(actorOf)}, ${texts(addressOf)}, ${texts(agentOf)}, ${texts(requestOf)}
    ) as e (
      id, action, entity_type, entity_id, changes, user_id, api_key_id, actor, ip_address, user_agent, request_id
    )
    where ${when}`);
}

interface AuditRows {
  action: AuditAction | Fragment;
  entityType: AuditEntityType | Fragment;
  /** Text, over `c`. */
  entityId: Fragment;
  /** jsonb, over `c`: `changesText` does not see it, so it must hold neither secrets nor large values. */
  changes: Fragment;
  /** The rows to write an entry for: a FROM item named `c`, and what may follow one. */
  from: Fragment;
  /** How many rows that may be. More is an error of the caller's and fails the statement. */
  atMost: number;
  origin?: Origin | undefined;
}

/** As `auditEntries`, for changes that only the statement itself knows: one entry for each row that it made or removed. */
export function auditRows({
  action,
  entityType,
  entityId,
  changes,
  from,
  atMost,
  origin,
}: AuditRows): Fragment {
  const by = origin ?? currentOrigin() ?? serviceOrigin;
  const ids = Array.from({ length: atMost }, () => newId());
  return auditLog(sql.fragment`
    select
      (${arrayOf("uuid", ids)})[row_number() over ()] as id, ${word(action)} as action, ${word(entityType)} as entity_type,
      ${entityId} as entity_id, ${changes} as changes, ${by.userId ?? null}::uuid as user_id,
      ${by.keyId ?? null}::uuid as api_key_id, ${actorOf(by)}::text as actor, ${addressOf(by)}::text as ip_address,
      ${agentOf(by)}::text as user_agent, ${requestOf(by)}::text as request_id
    from ${from}`);
}

/** Writes the entries of a select, and puts them in line for the sealer: one row a statement. */
function auditLog(entries: Fragment): Fragment {
  return sql.fragment`
    audit_written as (
      insert into audit_logs
        (id, action, entity_type, entity_id, changes, user_id, api_key_id, actor, ip_address, user_agent, request_id)
      ${entries}
      returning id
    ), audit_queued as (
      insert into audit_unsealed (entry_kind, entry_ids)
      select 'audit_log', array_agg(id) from audit_written having count(*) > 0
    )`;
}

function word(value: string | Fragment): Fragment {
  return typeof value === "string" ? sql.fragment`${sql.literalValue(value)}` : value;
}

// Cut to what the columns hold: an odd header must not fail the change.
const cut = (text: string | undefined, length: number) => text?.slice(0, length).toWellFormed() ?? null;
const actorOf = ({ actor }: Origin) => cut(actor, limits.nameLength);
const addressOf = ({ ipAddress }: Origin) => cut(ipAddress, 45);
const agentOf = ({ userAgent }: Origin) => cut(userAgent, limits.userAgentLength);
const requestOf = ({ requestId }: Origin) => cut(requestId, limits.requestIdLength);

const insertEntries = statement("audit_insert", {
  row: z.object({ id: z.string() }),
  build: (entries: readonly AuditEntry[]) => sql.fragment`
    with ${auditEntries(entries)} select id from audit_written`,
  examples: [
    [[{ action: "create", entityType: "benchmark", entityId: "b", changes: { after: { name: "n" } } }]],
  ],
});
