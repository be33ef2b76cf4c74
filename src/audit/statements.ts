import { z } from "zod";
import { currentOrigin } from "../call-scope.ts";
import { fetched, page } from "../database/statement/page.ts";
import { columnsOf, equalities, example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import { limits } from "../limits.ts";
import { uuid } from "../validation.ts";
import { jobsOfAttemptId } from "./attempt.ts";
import type { AuditPosition, ParsedAuditFilter } from "./input.ts";
import { type AuditLog, auditRow } from "./rows.ts";

const orders = {
  newest: { direction: sql.fragment`desc`, beyond: sql.fragment`<`, upTo: sql.fragment`>=` },
  oldest: { direction: sql.fragment`asc`, beyond: sql.fragment`>`, upTo: sql.fragment`<=` },
};

export type Order = keyof typeof orders;

const samplePosition = { createdAt: example.time, id: example.id, epoch: 1 };
const jobFilter = { entityType: "job", entityId: example.id };
const times = { after: example.time, before: example.time };
const fullFilter = { userId: example.id, ...jobFilter, action: "create", ...times };

// The columns of entries in both tables. An attempt has the time of its end, and its actor is its worker.
const logEntry = sql.fragment`
  l.created_at as at, l.id, 0 as epoch, l.user_id, l.api_key_id, l.actor::text as actor,
  l.action::text as action, l.entity_type::text as entity_type, l.entity_id::text as entity_id, l.changes,
  l.ip_address::text as ip_address, l.user_agent, l.request_id::text as request_id,
  null::timestamptz as started_at, l.external`;
const attemptEntry = sql.fragment`
  a.ended_at as at, a.job_id as id, a.epoch, null::uuid as user_id, null::uuid as api_key_id,
  a.worker_id::text as actor, 'attempt' as action, 'job' as entity_type, a.job_id::text as entity_id,
  jsonb_build_object(
    'epoch', a.epoch, 'attempt', a.attempt, 'worker_id', a.worker_id, 'outcome', a.outcome, 'error', a.error
  ) as changes,
  null::text as ip_address, null::text as user_agent, null::text as request_id, a.started_at,
  false as external`;

/**
 * The head of the queue of unsealed entries. An entry older than all in it is sealed. For younger ones, and
 * with a long queue, the answer may be "not yet" too often, but never "sealed" too early.
 */
const line = sql.fragment`
  line as materialized (
    select created_at, entry_ids from audit_unsealed order by id limit ${limits.sealLineRows}
  ), line_head as materialized (
    select min(created_at) as oldest, count(*) >= ${limits.sealLineRows} as is_long from line
  )`;
const isSealed = sql.fragment`(
  case when h.oldest is null or r.at < h.oldest then true when h.is_long then false
    else not exists (select from line where r.id = any (line.entry_ids)) end)`;

const columns = (sealed: Fragment) => columnsOf(auditRow, "r", { createdAt: sql.fragment`r.at`, sealed });
const sealedColumns = columns(isSealed);
const lineJoin = sql.fragment`cross join line_head h`;

type OwnColumn = "id" | "action" | "entityType" | "entityId" | "userId" | "actor" | "ipAddress" | "userAgent";
/** An entry with the JSON text of its changes; the other columns are those of the call. */
type LogToInsert = Pick<AuditLog, OwnColumn> & { changes: string | null };

export const insertLog = statement("audit_create", {
  row: auditRow,
  build: (log: LogToInsert) => {
    const { keyId, requestId } = currentOrigin() ?? {};
    return sql.fragment`
    with l as (
      insert into audit_logs
        (id, action, entity_type, entity_id, changes, user_id, api_key_id, actor, ip_address, user_agent,
        request_id, external)
      values (
        ${log.id}, ${log.action}, ${log.entityType}, ${log.entityId}, ${log.changes}::jsonb, ${log.userId},
        ${keyId ?? null}, ${log.actor}, ${log.ipAddress}, ${log.userAgent}, ${requestId ?? null},
        true
      )
      on conflict (id) do nothing
      returning *
    ), queued as (
      insert into audit_unsealed (entry_kind, entry_ids) select 'audit_log', array[id] from l
    )
    select ${columns(sql.fragment`false`)}
    from (select ${logEntry} from l) r`;
  },
  examples: [
    [
      {
        ...{ id: example.id, action: "deploy", entityType: "model", entityId: "m", changes: "{}" },
        ...{ userId: null, actor: null, ipAddress: null, userAgent: null },
      },
    ],
  ],
});

export const findUser = statement("audit_find_user", {
  row: z.object({ username: z.string() }),
  build: (id: string) => sql.fragment`select username from users where id = ${id}`,
  examples: [[example.id]],
});

// An attempt is found by the range of its job's id, which holds hardly more than that job.
export const getLog = statement("audit_get", {
  row: auditRow,
  build: (id: string) => {
    const { first, last } = jobsOfAttemptId(id);
    return sql.fragment`
    with ${line}
    select ${sealedColumns}
    from (
      select ${logEntry} from audit_logs l where l.id = ${id}
      union all
      select ${attemptEntry} from job_attempts a where a.job_id between ${first}::uuid and ${last}::uuid
    ) r ${lineJoin}`;
  },
  examples: [[example.id]],
});

interface ListParts {
  filter: ParsedAuditFilter;
  order: Order;
  limit: number;
  after?: AuditPosition | undefined;
  maxBytes?: number | undefined;
  /** The last entry to look at. */
  until?: AuditPosition | undefined;
}

// Entries come by entity from idx_audit_logs_entity, else by user from idx_audit_logs_user, else from
// idx_audit_logs_created_at; attempts come from the primary key of job_attempts or idx_job_attempts_ended_at.
// Other filters apply to the rows read from these; `until` bounds their number.
export const listLogs = statement("audit_list", {
  row: auditRow.extend(fetched),
  prepared: false,
  build: ({ filter, order, limit, after, until, maxBytes }: ListParts) => {
    const { direction } = orders[order];
    const sources: Fragment[] = [];
    if (filter.action !== "attempt") {
      sources.push(sql.fragment`(
        select ${logEntry} from audit_logs l
        where ${sql.and([
          ...logConditions(filter),
          ...range(sql.fragment`l.created_at, l.id`, { order, after, until }, logPosition),
        ])}
        order by l.created_at ${direction}, l.id ${direction} limit ${limit}
      )`);
    }
    if (mayBeAttempts(filter)) {
      sources.push(sql.fragment`(
        select ${attemptEntry} from job_attempts a
        where ${sql.and([
          ...attemptConditions(filter),
          ...range(sql.fragment`a.ended_at, a.job_id, a.epoch`, { order, after, until }, attemptPosition),
        ])}
        order by a.ended_at ${direction}, a.job_id ${direction}, a.epoch ${direction} limit ${limit}
      )`);
    }
    const rows = page({
      rows: sql.fragment`
        select * from (${sql.join(sources, sql.fragment` union all `)}) u
        order by at ${direction}, id ${direction}, epoch ${direction} limit ${limit}`,
      columns: sealedColumns,
      joins: lineJoin,
      size: sql.fragment`
        700 + coalesce(pg_column_size(r.changes #> '{}'), 0) + coalesce(octet_length(r.user_agent), 0)`,
      order: sql.fragment`r.at ${direction}, r.id ${direction}, r.epoch ${direction}`,
      maxBytes,
    });
    return sql.fragment`with ${line} ${rows}`;
  },
  examples: [
    [{ filter: {}, order: "newest", limit: 2 }],
    [{ filter: { action: "attempt" }, order: "oldest", limit: 2, after: samplePosition }],
    [{ filter: fullFilter, order: "newest", limit: 2, after: samplePosition, until: samplePosition }],
    [{ filter: { ...jobFilter, before: example.time }, order: "oldest", limit: 2, until: samplePosition }],
  ],
});

// The statement finds how far a page may look whose filter no index serves.
export const scanEnd = statement("audit_scan_end", {
  row: z.object({ createdAt: z.string(), id: z.string() }),
  prepared: false,
  build: (filter: ParsedAuditFilter, order: Order, after: AuditPosition | undefined) => {
    const { direction } = orders[order];
    return sql.fragment`
      select l.created_at, l.id from audit_logs l
      where ${sql.and([
        ...logConditions(indexed(filter)),
        ...range(sql.fragment`l.created_at, l.id`, { order, after }, logPosition),
      ])}
      order by l.created_at ${direction}, l.id ${direction} offset ${limits.scanRows - 1} limit 1`;
  },
  examples: [
    [{}, "newest", undefined],
    [{ userId: example.id, after: example.time }, "oldest", samplePosition],
    [jobFilter, "newest", samplePosition],
  ],
});

/** The part of the filter that an index serves together with the order. */
function indexed({ userId, entityType, entityId, after, before }: ParsedAuditFilter): ParsedAuditFilter {
  if (entityId !== undefined) return { entityType, entityId, after, before };
  return { userId, after, before };
}

/** True if a page also looks at entries that do not match. */
export function isScanned(filter: ParsedAuditFilter): boolean {
  const { action, entityType, entityId, userId } = filter;
  if (action !== undefined) return action !== "attempt";
  return entityId === undefined ? entityType !== undefined : userId !== undefined;
}

function logConditions({ after, before, ...filter }: ParsedAuditFilter) {
  return [
    ...equalities(filter, "l"),
    after !== undefined && sql.fragment`l.created_at >= ${after}`,
    before !== undefined && sql.fragment`l.created_at < ${before}`,
  ];
}

/** Attempts are made by workers, and are about jobs. */
function mayBeAttempts({ userId, entityType, entityId, action }: ParsedAuditFilter): boolean {
  return (
    userId === undefined &&
    (action === undefined || action === "attempt") &&
    (entityType === undefined || entityType === "job") &&
    (entityId === undefined || uuid.safeParse(entityId).success)
  );
}

function attemptConditions({ entityId, after, before }: ParsedAuditFilter) {
  return [
    entityId !== undefined && sql.fragment`a.job_id = ${entityId}::uuid`,
    after !== undefined && sql.fragment`a.ended_at >= ${after}`,
    before !== undefined && sql.fragment`a.ended_at < ${before}`,
  ];
}

const logPosition = ({ createdAt, id }: AuditPosition) =>
  sql.fragment`${createdAt}::timestamptz, ${id}::uuid`;
const attemptPosition = ({ createdAt, id, epoch }: AuditPosition) =>
  sql.fragment`${createdAt}::timestamptz, ${id}::uuid, ${epoch}::integer`;

function range(
  key: Fragment,
  { order, after, until }: Pick<ListParts, "order" | "after" | "until">,
  of: (position: AuditPosition) => Fragment,
) {
  const { beyond, upTo } = orders[order];
  return [
    after && sql.fragment`(${key}) ${beyond} (${of(after)})`,
    until && sql.fragment`(${key}) ${upTo} (${of(until)})`,
  ];
}
