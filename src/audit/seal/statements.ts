import { z } from "zod";
import { columnsOf, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf, table } from "../../database/statement/table.ts";
import { attemptDigest, auditLogDigest } from "./digest.ts";
import { type Link, linkRow } from "./hash-chain.ts";
import { missingDigest, RECORD_BYTES, type SealRecord } from "./records.ts";

/** The number of the advisory lock on the chain: any that every server uses. It ends with its transaction. */
const CHAIN_LOCK = sql.fragment`7036420325`;

const bytes = z.instanceof(Buffer);

// The condition holds for every row of the queue, and makes a scan of its index possible. Connections have
// enable_seqscan off, and before PostgreSQL 18 a plan that reads a whole table then looks so expensive that
// it is compiled first (jit), for 400 ms.
export const anyId = sql.fragment`id >= '-9223372036854775808'::bigint`;

/** Takes the chain for this transaction unless another one has it. */
export const tryLockChain = statement("audit_chain_try_lock", {
  row: z.object({ locked: z.boolean() }),
  build: () => sql.fragment`select pg_try_advisory_xact_lock(${CHAIN_LOCK}) as locked`,
  examples: [[]],
});

/** Takes the chain for this transaction, after waiting for the transaction that has it. */
export const lockChain = statement("audit_chain_lock", {
  row: z.object({ locked: z.boolean() }),
  build: () => sql.fragment`select true as locked from pg_advisory_xact_lock(${CHAIN_LOCK})`,
  examples: [[]],
});

// Seals have only times in this range. One that was altered to another is read as null; the mac then fails.
const earliest = sql.fragment`'1900-01-01T00:00:00Z'::timestamptz`;
const latest = sql.fragment`'9999-12-31T23:59:59Z'::timestamptz`;
const time = (column: string) => {
  const name = sql.identifier([column]);
  return sql.fragment`case when ${name} between ${earliest} and ${latest} then ${name} end`;
};

const headerColumns = columnsOf(linkRow, "audit_seals", {
  sealedAt: time("sealed_at"),
  keyId: sql.fragment`encode(key_id, 'hex')`,
  firstAt: time("first_at"),
  lastAt: time("last_at"),
  cutoff: time("cutoff"),
});

const link = linkRow.extend({ contentHash: bytes });
const linkColumns = sql.fragment`${headerColumns}, pg_catalog.sha256(content) as content_hash`;

export const readTail = statement("audit_chain_tail", {
  row: link,
  build: () => sql.fragment`select ${linkColumns} from audit_seals order by sequence desc limit 1`,
  examples: [[]],
});

export const readLink = statement("audit_chain_link", {
  row: link,
  build: (sequence: number) =>
    sql.fragment`select ${linkColumns} from audit_seals where sequence = ${sequence}`,
  examples: [[1]],
});

/** Tells databases apart, copies included: by the number of the cluster, and that of the database in it. */
export const readDatabaseId = statement("audit_database_id", {
  row: z.object({ id: z.string() }),
  build: () => sql.fragment`
    select c.system_identifier || '/' || d.oid as id
    from pg_control_system() c, pg_database d where d.datname = current_database()`,
  examples: [[]],
});

/** Whether the database is as new: nothing can be missing from it. */
export const readIsUnused = statement("audit_is_unused", {
  row: z.object({ unused: z.boolean() }),
  build: () => sql.fragment`
    select not exists (select from audit_seals) and not exists (select from audit_logs)
      and not exists (select from users) as unused`,
  examples: [[]],
});

/** The last link that one of these keys has sealed. */
export const readLastOf = statement("audit_chain_last_of", {
  row: z.object({ sequence: z.number() }),
  build: (keyIds: readonly string[]) => sql.fragment`
    select sequence from audit_seals where encode(key_id, 'hex') = any (${arrayOf("text", keyIds)})
    order by sequence desc limit 1`,
  examples: [[["0011223344556677"]]],
});

/** The first link that was sealed at this time or later. */
export const readFirstSince = statement("audit_chain_first_since", {
  row: z.object({ sequence: z.number() }),
  build: (from: string) => sql.fragment`
    select sequence from audit_seals where sealed_at >= ${from}::timestamptz order by sealed_at, sequence
    limit 1`,
  examples: [[example.time]],
});

/** The checkpoint that reaches furthest. */
export const readCheckpoint = statement("audit_chain_checkpoint", {
  row: link,
  build: () => sql.fragment`
    select ${linkColumns} from audit_seals where kind = 'checkpoint' order by cutoff desc limit 1`,
  examples: [[]],
});

/** Links with what they seal, in order. */
export const readSeals = statement("audit_chain_seals", {
  row: linkRow.extend({ content: bytes }),
  build: (first: number, limit: number) => sql.fragment`
    select ${headerColumns}, content from audit_seals where sequence >= ${first} order by sequence
    limit ${limit}`,
  examples: [[1, 4]],
});

// The statement takes the longest waiting rows out of the queue: at most `rows`, until they hold `most`
// entries, the last row as a whole. All `rows` are read, and each may be large: see Sealer. Every entry is
// found by its primary key, in the order in which it was written, because neighbours share pages. The order
// of records within a seal means nothing, and sorting them would take 0.7 µs each.
export const takeUnsealed = statement("audit_take_unsealed", {
  row: z.object({
    rows: z.number(),
    entries: z.number(),
    content: bytes.nullable(),
    firstAt: z.string().nullable(),
    lastAt: z.string().nullable(),
    sealedAt: z.string(),
  }),
  build: (rows: number, most: number, notBefore: string | null) => sql.fragment`
    with picked as materialized (
      select place, id, entry_kind, entry_ids, epochs, created_at
      from (
        select u.*, sum(cardinality(entry_ids)) over (order by id) - cardinality(entry_ids) as before
        from (
          select ctid as place, id, entry_kind, entry_ids, epochs, created_at from audit_unsealed order by id
          limit ${rows}
        ) u
      ) u
      where before < ${most}
    ), taken as (
      delete from audit_unsealed where ctid = any (array(select place from picked))
    ), record as (
      select
        coalesce(l.created_at, u.created_at) as time,
        '\\x01'::bytea || uuid_send(e.id) || int4send(0) as name,
        case when l.id is null then ${sql.binary(missingDigest)} else ${auditLogDigest} end as digest
      from picked u
        cross join unnest(u.entry_ids) e (id)
        left join audit_logs l on l.id = e.id
      where u.entry_kind = 'audit_log' and e.id is not null
      union all
      select
        coalesce(a.ended_at, u.created_at), '\\x02'::bytea || uuid_send(e.id) || int4send(e.epoch),
        case when a.job_id is null then ${sql.binary(missingDigest)} else ${attemptDigest} end
      from picked u
        cross join unnest(u.entry_ids, u.epochs) e (id, epoch)
        left join job_attempts a on a.job_id = e.id and a.epoch = e.epoch
      where u.entry_kind = 'job_attempt' and e.id is not null and e.epoch is not null
    )
    select
      (select count(*) from picked) as rows, count(*) as entries,
      least(greatest(min(time), ${earliest}), ${latest}) as first_at,
      least(greatest(max(time), ${earliest}), ${latest}) as last_at,
      string_agg(name || timestamptz_send(time) || digest, ''::bytea) as content,
      greatest(clock_timestamp(), ${notBefore}::timestamptz) as sealed_at
    from record`,
  examples: [[16, 1_000, example.time]],
});

const zeros = Buffer.alloc(32);

export const insertSeal = statement("audit_seal_insert", {
  row: z.object({ sequence: z.number() }),
  build: (seal: Omit<Link, "contentHash">, content: Buffer) => sql.fragment`
    insert into audit_seals
      (sequence, kind, sealed_at, key_id, previous_mac, entries, first_at, last_at, cutoff, mac, content)
    values (
      ${seal.sequence}, ${seal.kind}, ${seal.sealedAt}::timestamptz,
      ${sql.binary(Buffer.from(seal.keyId, "hex"))}, ${sql.binary(seal.previousMac)}, ${seal.entries},
      ${seal.firstAt}::timestamptz, ${seal.lastAt}::timestamptz, ${seal.cutoff}::timestamptz,
      ${sql.binary(seal.mac)}, ${sql.binary(content)}
    )
    returning sequence`,
  examples: [
    [
      {
        ...{ sequence: 1, kind: "checkpoint", keyId: "0011223344556677", previousMac: zeros, mac: zeros },
        ...{ sealedAt: example.time, entries: 0, firstAt: null, lastAt: null, cutoff: example.time },
      },
      zeros,
    ],
  ],
});

/** The sealed entries that are gone, and the first one that differs: places in `records`, from 1. */
const compared = z.object({ missing: z.array(z.number()), altered: z.number().nullable() });

const exampleRecord: SealRecord = { kind: "audit_log", id: example.id, epoch: 0, time: 0n, digest: "00ff" };

/** Defines the comparison of entries with their records. `id` is that of an entry; null if it is missing. */
function comparison(name: string, id: Fragment, digest: Fragment, entries: Fragment) {
  return statement(name, {
    row: compared,
    build: (records: readonly SealRecord[]) => sql.fragment`
      select
        coalesce(array_agg(s.ordinality::integer) filter (where ${id} is null), '{}') as missing,
        (min(s.ordinality) filter (where ${id} is not null and ${digest} <> s.digest))::integer as altered
      from ${table("s", records, { id: "uuid", epoch: "int4", digest: "bytea", ordinality: true })}
        left join ${entries}`,
    examples: [[[exampleRecord]]],
  });
}

export const compareAuditLogs = comparison(
  "audit_compare_logs",
  sql.fragment`l.id`,
  auditLogDigest,
  sql.fragment`audit_logs l on l.id = s.id`,
);
export const compareAttempts = comparison(
  "audit_compare_attempts",
  sql.fragment`a.job_id`,
  attemptDigest,
  sql.fragment`job_attempts a on a.job_id = s.id and a.epoch = s.epoch`,
);

// The statement finds the time of about the nth entry in (after, upTo]; null if there are fewer. The times of
// seals would not do: one entry from years ahead ends its seal, and everything else lies before it.
export const readTimeOf = statement("audit_time_of", {
  row: z.object({ at: z.string().nullable() }),
  build: (nth: number, after: string, upTo: string) => {
    const timeIn = (table: Fragment, column: Fragment) => sql.fragment`(
      select ${column} from ${table}
      where ${column} > ${after}::timestamptz and ${column} <= ${upTo}::timestamptz
      order by ${column} offset ${nth - 1} limit 1
    )`;
    return sql.fragment`
      select least(
        ${timeIn(sql.fragment`audit_logs`, sql.fragment`created_at`)},
        ${timeIn(sql.fragment`job_attempts`, sql.fragment`ended_at`)}
      ) as at`;
  },
  examples: [[4_000, "-infinity", "infinity"]],
});

/** Which of these cleanups have an entry; each is named by the entity_id of its entry. */
export const readCleanups = statement("audit_chain_cleanups", {
  row: z.object({ entryId: z.string().nullable() }),
  build: (entryIds: readonly string[]) => sql.fragment`
    select entity_id as entry_id from audit_logs
    where entity_type = 'audit_log' and action = 'cleanup' and entity_id = any (${arrayOf("text", entryIds)})`,
  examples: [[[example.id]]],
});

// The statement finds an entry with a time in [after, upTo] that is neither in a seal nor in the queue. It
// reads one snapshot, so that no entry is just between the two. EXCEPT sorts or hashes any number of entries,
// where a subquery could become a loop within a loop. The queue is read only if necessary. The content is
// copied once, because otherwise each substr would fetch a part of it.
export const findUncovered = statement("audit_find_uncovered", {
  row: z.object({ name: bytes }),
  build: (after: string, upTo: string) => sql.fragment`
    with seal as materialized (
      select entries, content || ''::bytea as content from audit_seals
      where kind = 'entries'
        and tstzrange(first_at, last_at, '[]') && tstzrange(${after}::timestamptz, ${upTo}::timestamptz, '[]')
    ), uncovered as materialized (
      (
        select '\\x01'::bytea || uuid_send(id) || int4send(0) as name from audit_logs
        where created_at >= ${after}::timestamptz and created_at <= ${upTo}::timestamptz
        union all
        select '\\x02'::bytea || uuid_send(job_id) || int4send(epoch) from job_attempts
        where ended_at >= ${after}::timestamptz and ended_at <= ${upTo}::timestamptz
      )
      except
      select substr(s.content, ${RECORD_BYTES} * i + 1, 21) from seal s, generate_series(0, s.entries - 1) i
    )
    select name from (
      select name from uncovered
      except
      select
        case u.entry_kind when 'audit_log' then '\\x01'::bytea || uuid_send(e.id) || int4send(0)
          else '\\x02'::bytea || uuid_send(e.id) || int4send(e.epoch) end
      from audit_unsealed u cross join unnest(u.entry_ids, u.epochs) e (id, epoch)
      where (select count(*) from uncovered) > 0 and u.${anyId}
    ) loose
    order by name limit 1`,
  examples: [["-infinity", "infinity"]],
});

/** How long the entry that waits the longest has waited for its seal, in seconds; 0 where none waits. */
export const sealLagSeconds = sql.fragment`
  coalesce((
    select greatest(extract(epoch from clock_timestamp() - u.created_at), 0)
    from audit_unsealed u order by u.id limit 1
  ), 0)::double precision`;

export const countUnsealed = statement("audit_count_unsealed", {
  row: z.object({ entries: z.number() }),
  build: () => sql.fragment`
    select coalesce(sum(cardinality(entry_ids)), 0)::bigint as entries from audit_unsealed where ${anyId}`,
  examples: [[]],
});

/** The time of a link that is made now. */
export const sealingTime = statement("audit_sealing_time", {
  row: z.object({ at: z.string() }),
  build: (notBefore: string | null) => sql.fragment`
    select greatest(clock_timestamp(), ${notBefore}::timestamptz) as at`,
  examples: [[example.time]],
});

/** The time before which entries are removed, and whether one of them may still wait to be sealed. */
export const readCutoff = statement("audit_cleanup_cutoff", {
  row: z.object({ cutoff: z.string(), waiting: z.boolean() }),
  build: (days: number) => sql.fragment`
    select cutoff, coalesce((select created_at from audit_unsealed order by id limit 1) < cutoff,
      false) as waiting
    from (select date_trunc('second', now() - make_interval(hours => 24 * ${days})) as cutoff) c`,
  examples: [[30]],
});

export const removeOld = statement("audit_cleanup_remove", {
  row: z.object({ logs: z.number(), attempts: z.number() }),
  build: (cutoff: string, most: number) => sql.fragment`
    select logs, attempts from audit_cleanup(${cutoff}::timestamptz, ${most})`,
  examples: [["2026-01-31T12:00:00.000000Z", 10]],
});
