import { z } from "zod";
import type { Origin } from "../call-scope.ts";
import { example, sql, statement } from "../database/statement/sql.ts";
import type { DeletedPosition } from "../evaluations/delete/delete-batch.ts";

const idRow = z.object({ id: z.string() });

// A benchmark that is being deleted already stays with whoever asked first.
export const askDeletion = statement("benchmark_ask_deletion", {
  row: idRow,
  build: (id: string, by: Origin) => sql.fragment`
    with asked as (
      insert into benchmark_deletions (benchmark_id, user_id, api_key_id, ip_address, actor, request_id,
        user_agent)
      select
        id, ${by.userId ?? null}, ${by.keyId ?? null}, ${by.ipAddress ?? null}, ${by.actor ?? null},
        ${by.requestId ?? null}, ${by.userAgent ?? null}
      from benchmarks where id = ${id}
      on conflict (benchmark_id) do nothing
    )
    select id from benchmarks where id = ${id}`,
  examples: [[example.id, {}]],
});

// Only one transaction at a time works on a deletion; others skip it. The oldest deletion goes first.
export const takeDeletion = statement("benchmark_take_deletion", {
  row: z.object({
    id: z.string(),
    createdAt: z.string().nullable(),
    lastId: z.string().nullable(),
    userId: z.string().nullable(),
    keyId: z.string().nullable(),
    ipAddress: z.string().nullable(),
    actor: z.string().nullable(),
    requestId: z.string().nullable(),
    userAgent: z.string().nullable(),
  }),
  build: (id: string | null) => sql.fragment`
    select
      benchmark_id as id, last_created_at as created_at, last_id, user_id, api_key_id as key_id,
      ip_address, actor, request_id, user_agent
    from benchmark_deletions where benchmark_id = coalesce(${id}::uuid, benchmark_id)
    order by requested_at, benchmark_id limit 1 for update skip locked`,
  examples: [[example.id]],
});

export const isBeingDeleted = statement("benchmark_is_being_deleted", {
  row: idRow,
  build: (id: string) =>
    sql.fragment`select benchmark_id as id from benchmark_deletions where benchmark_id = ${id}`,
  examples: [[example.id]],
});

export const noteDeleted = statement("benchmark_note_deleted", {
  row: idRow,
  build: (id: string, last: DeletedPosition | null) => sql.fragment`
    update benchmark_deletions set last_created_at = ${last?.at ?? null}::timestamptz,
    last_id = ${last?.id ?? null}::uuid
    where benchmark_id = ${id} returning benchmark_id as id`,
  examples: [[example.id, null]],
});

// Unlike the locks of other changes, `for update` also waits for transactions that are storing evaluations.
export const closeBenchmark = statement("benchmark_close", {
  row: idRow,
  build: (id: string) => sql.fragment`select id from benchmarks where id = ${id} for update`,
  examples: [[example.id]],
});

export const hasEvaluations = statement("benchmark_has_evaluations", {
  row: z.object({ has: z.boolean() }),
  build: (id: string) =>
    sql.fragment`select exists (select from evaluations where benchmark_id = ${id}) as has`,
  examples: [[example.id]],
});
