import { type Fragment, sql } from "../../database/statement/sql.ts";

// The canonical bytes of an entry are the result of `record_send` on its columns in the order below, which is
// PostgreSQL's binary format of a row. All numbers are big-endian:
//
//   int32 number of columns, then for each column
//   int32 OID of its type: uuid 2950, timestamptz 1184, varchar 1043, text 25, jsonb 3802, int4 23, bool 16
//   int32 length of the value in bytes, -1 for NULL
//   the value: a UUID's 16 bytes; a timestamptz as int64 microseconds since 2000-01-01 UTC; int4 as int32;
//   a text in UTF-8; jsonb as a byte 1 and its text as PostgreSQL prints it; bool as a byte 1 or 0
//
// They are the same in every version from 12 to 18 (test/audit/seal/digest.test.ts pins them, and makes the
// same bytes by itself). PostgreSQL computes the digests, so that no row has to travel: 1.1 µs per entry,
// SHA-256 included, on PostgreSQL 18. Names are qualified because a role's search_path could put another
// sha256 before the built-in one.
//
// Once 0.1.0 is out, a column that is added to one of the tables needs another kind of record, with its own
// list, because sealed records stay as they are.

const wordsOf = (columns: string) => columns.split(" ");

export const auditLogColumns = wordsOf(
  "id user_id api_key_id created_at action entity_type entity_id ip_address actor request_id user_agent changes external",
);
export const attemptColumns = wordsOf(
  "job_id started_at ended_at epoch attempt outcome worker_id error evaluations_inserted evaluations_duplicate evaluations_conflict tokens_used",
);

/** SHA-256 of the canonical bytes of the row `l` of audit_logs. */
export const auditLogDigest = digest("l", auditLogColumns);

/** SHA-256 of the canonical bytes of the row `a` of job_attempts. */
export const attemptDigest = digest("a", attemptColumns);

function digest(table: string, columns: readonly string[]): Fragment {
  const names = columns.map((column) => sql.identifier([table, column]));
  return sql.fragment`pg_catalog.sha256(pg_catalog.record_send(row(${sql.join(names, sql.fragment`, `)})))`;
}
