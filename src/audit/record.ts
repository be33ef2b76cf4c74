import { hash } from "node:crypto";
import { z } from "zod";
import { currentOrigin, type Origin, serviceOrigin } from "../call-scope.ts";
import { type Content, canonicalJson } from "../content-hash.ts";
import type { Executor } from "../database/statement/executor.ts";
import { type Fragment, snakeCase, sql, statement } from "../database/statement/sql.ts";
import { arrayOf, table } from "../database/statement/table.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import { anySecret, mayHoldSecret, withoutSecrets } from "../secrets.ts";
import { cutText } from "../text.ts";
import { isDeeper, type Json, type JsonObject, JsonText, type JsonValue } from "../validation.ts";
import type { AuditAction, AuditEntityType } from "./actions.ts";

// Every change is recorded here, in its own transaction: by a separate statement (`recordAudit`) or, where a
// round trip would cost too much, by CTEs of the changing statement itself (`auditEntries`, `auditRows`).

/** One entry of the audit trail, to be written with the change that it records. */
export interface AuditEntry {
  action: AuditAction;
  entityType: AuditEntityType;
  entityId: string | null;
  /** For an update only the fields that changed (see `difference`). It is stored as by `changesText`. */
  changes?: Changes | undefined;
  /** The actor. Default: `currentOrigin()`; without one, the service itself. */
  origin?: Origin | undefined;
}

/**
 * Makes CTEs that write entries within a statement, after the CTEs that make the change.
 * @param when a condition over `entry` (columns of audit_logs), to leave out those whose change was not made
 */
export function auditEntries(entries: readonly AuditEntry[], when: Fragment = sql.fragment`true`): Fragment {
  return auditLog(sql.fragment`
    select
      entry.id, entry.action, entry.entity_type, entry.entity_id, entry.changes::jsonb, entry.user_id,
      entry.api_key_id, entry.actor, entry.ip_address, entry.user_agent, entry.request_id, false
    from ${table("entry", entries.map(rowOf), entryColumns)}
    where ${when}`);
}

const entryColumns = {
  id: "uuid",
  action: "text",
  entityType: "text",
  entityId: "text",
  changes: "text",
  userId: "uuid",
  apiKeyId: "uuid",
  actor: "text",
  ipAddress: "text",
  userAgent: "text",
  requestId: "text",
} as const;

interface AuditRows {
  action: AuditAction | Fragment;
  entityType: AuditEntityType | Fragment;
  /** Text, of columns of `from`. */
  entityId: Fragment;
  /** jsonb, of columns of `from`. It bypasses `changesText`, so it must hold no secrets or large values. */
  changes: Fragment;
  /** The rows to write an entry for: a FROM item, with any clauses after it. */
  from: Fragment;
  /** The largest number of rows. More is an error of the caller and fails the statement. */
  atMost: number;
  origin?: Origin | undefined;
}

/** Makes such CTEs for changes that only the statement knows: one entry for each row it made or removed. */
export function auditRows(rows: AuditRows): Fragment {
  const { action, entityType, entityId, changes, from, atMost, origin } = rows;
  const by = originColumns(origin);
  const ids = Array.from({ length: atMost }, () => newId());
  return auditLog(sql.fragment`
    select
      (${arrayOf("uuid", ids)})[row_number() over ()] as id, ${word(action)} as action,
      ${word(entityType)} as entity_type, ${entityId} as entity_id, ${changes} as changes,
      ${by.userId ?? null}::uuid as user_id, ${by.apiKeyId ?? null}::uuid as api_key_id,
      ${by.actor}::text as actor, ${by.ipAddress}::text as ip_address, ${by.userAgent}::text as user_agent,
      ${by.requestId}::text as request_id, false as external
    from ${from}`);
}

/** Writes the entries of a select and queues them for the sealer, with one row per statement. */
function auditLog(entries: Fragment): Fragment {
  return sql.fragment`
    audit_written as (
      insert into audit_logs
        (id, action, entity_type, entity_id, changes, user_id, api_key_id, actor, ip_address, user_agent,
          request_id, external)
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

// Nearly all are short enough to be stored as they are.
const cut = (text: string | null | undefined, most: number) =>
  text == null ? null : (text.length > most ? cutText(text, most) : text).toWellFormed();

const insertEntries = statement("audit_insert", {
  row: z.object({ id: z.string() }),
  build: (entries: readonly AuditEntry[]) =>
    sql.fragment`with ${auditEntries(entries)} select id from audit_written`,
  examples: [
    [[{ action: "create", entityType: "benchmark", entityId: "b", changes: { after: { name: "n" } } }]],
  ],
});

/** Writes entries, in the caller's transaction, by one statement. */
export async function recordAudit(db: Executor, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await db.any(insertEntries(entries));
}

function rowOf({ action, entityType, entityId, changes, origin }: AuditEntry) {
  return {
    id: newId(),
    action,
    entityType,
    entityId: cut(entityId, limits.nameLength),
    changes: changes && changesText(changes),
    ...originColumns(origin),
  };
}

/** The columns of the actor, cut to their lengths, because an odd header must not fail the change. */
function originColumns(origin: Origin | undefined) {
  const by = origin ?? currentOrigin() ?? serviceOrigin;
  // The entries of a statement are mostly of one call.
  if (by !== last.by) last = { by, columns: cutOrigin(by) };
  return last.columns;
}

function cutOrigin(by: Origin) {
  return {
    userId: by.userId,
    apiKeyId: by.keyId,
    actor: cut(by.actor, limits.nameLength),
    ipAddress: cut(by.ipAddress, limits.ipAddressLength),
    userAgent: cut(by.userAgent, limits.userAgentLength),
    requestId: cut(by.requestId, limits.requestIdLength),
  };
}

let last = { by: serviceOrigin, columns: cutOrigin(serviceOrigin) };

/** The former and the new values of an entity's fields, spelled as in the repositories. */
export interface Changes {
  before?: object | undefined;
  after?: object | undefined;
}

/**
 * Makes the JSON text that an entry stores of `changes`; null if it stores nothing.
 *
 * - Fields are spelled as in the protos. Unset fields are left out.
 * - A value of more than `limits.auditValueBytes` (2,048) bytes as JSON, or nested more than 30 levels deep,
 *   is stored as `{ bytes, sha256 }`: for a string of its UTF-8, for any other value of its JSON text, with
 *   keys in order and no spaces.
 * - Secrets are never stored: see `withoutSecrets`.
 */
export function changesText({ before, after }: Changes): string | null {
  if (!before && !after) return null;
  return storable({
    ...(before && { before: keepFields(before) }),
    ...(after && { after: keepFields(after) }),
  });
}

/** The fields of `after` that differ from `before`, null where unset; undefined if they are equal. */
export function difference<Row extends object>(
  before: Row,
  after: Row,
  ignored: readonly (keyof Row)[] = [],
): { before: Partial<Row>; after: Partial<Row> } | undefined {
  const changed = (Object.keys(after) as (keyof Row)[]).filter(
    (name) =>
      !ignored.includes(name) &&
      canonicalJson((before[name] ?? null) as Content) !== canonicalJson((after[name] ?? null) as Content),
  );
  if (changed.length === 0) return undefined;
  const pick = (row: Row) =>
    Object.fromEntries(changed.map((name) => [name, row[name] ?? null])) as Partial<Row>;
  return { before: pick(before), after: pick(after) };
}

// \u in JSON text is a control character or half of a surrogate pair, which PostgreSQL may not take.
const suspicious = new RegExp(`${mayHoldSecret.source}|\\\\u`, "i");

/** JSON text that PostgreSQL can store, without secrets. */
export function storable(value: JsonValue): string {
  const text = JSON.stringify(value);
  // Every created job passes here, and few texts need the slow way.
  return suspicious.test(text) ? JSON.stringify(withoutSecrets(value, anySecret)) : text;
}

function keepFields(fields: object): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) result[snakeCase(name)] = shorten(value as Json);
  }
  return result;
}

function shorten(json: Json): JsonValue {
  const value = json instanceof JsonText ? json.toJSON() : json;
  if (typeof value === "string") return isShort(value) ? value : summarize(value);
  if (typeof value !== "object" || value === null) return value;
  // A short text is that of a short value.
  const isSmall = (json instanceof JsonText && isShort(json.text)) || isShort(JSON.stringify(value));
  const isKept = isSmall && !isDeeper(value, keptLevels);
  return isKept ? value : summarize(canonicalJson(value));
}

/** An entry puts its values two levels deeper, into "before" and "after". */
const keptLevels = limits.jsonDepth - 2;

function isShort(text: string): boolean {
  const most = limits.auditValueBytes;
  return text.length * 3 <= most || (text.length <= most && Buffer.byteLength(text) <= most);
}

function summarize(text: string): JsonObject {
  return { bytes: Buffer.byteLength(text), sha256: hash("sha256", text, "hex") };
}
