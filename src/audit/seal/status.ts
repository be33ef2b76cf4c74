import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import { recordAudit } from "../record.ts";
import { type ChainHead, headOf } from "./hash-chain.ts";
import { anyId, readTail, sealLagSeconds } from "./statements.ts";
import type { Verification, VerifyOptions } from "./verify.ts";

/** The entity of the entries that say that the trail was verified. */
const CHAIN = "chain";

const wordsOf = z.object({
  valid: z.boolean(),
  entriesChecked: z.number(),
  from: z.string().nullish(),
  to: z.string().nullish(),
  reason: z.string().nullish(),
});

/** A verification as the trail tells of it: when, by whom, of which range, and with which result. */
export type PastVerification = z.output<typeof wordsOf> & { verifiedAt: string; userId: string | null };

export interface AuditStatus {
  /** The end of the chain, as it is, unverified; undefined while nothing is sealed. */
  head: ChainHead | undefined;
  /** How long the entry has waited for its seal that waits the longest, in seconds; 0 where none waits. */
  sealLagSeconds: number;
  /** Entries that wait, of the `limits.auditUnsealedCounted` statements that wait the longest. */
  unsealed: number;
  /** The last one that came to an end; undefined if the trail has none. */
  lastVerification: PastVerification | undefined;
}

const readWaiting = statement("audit_waiting", {
  row: z.object({ sealLagSeconds: z.number(), unsealed: z.number() }),
  build: () => sql.fragment`
    select ${sealLagSeconds} as seal_lag_seconds, (
      select coalesce(sum(cardinality(entry_ids)), 0)::bigint from (
        select entry_ids from audit_unsealed where ${anyId} order by id limit ${limits.auditUnsealedCounted}
      ) u
    ) as unsealed`,
  examples: [[]],
});

const readLastVerification = statement("audit_last_verification", {
  row: z.object({
    verifiedAt: z.string(),
    userId: z.string().nullable(),
    after: z.custom<Record<string, unknown>>(),
  }),
  build: () => sql.fragment`
    select created_at as verified_at, user_id, changes -> 'after' as after from audit_logs
    where entity_type = 'audit_log' and entity_id = ${CHAIN} and action = 'verify' and not external
    order by created_at desc, id desc limit 1`,
  examples: [[]],
});

/** Reads how the audit trail stands. It proves nothing: see `verifyChain`. */
export async function readStatus(db: Executor): Promise<AuditStatus> {
  const waiting = await db.one(readWaiting());
  const tail = await db.maybeOne(readTail());
  const last = await db.maybeOne(readLastVerification());
  return {
    ...waiting,
    head: tail ? headOf(tail) : undefined,
    lastVerification: last ? pastOf(last) : undefined,
  };
}

function pastOf({ after, ...when }: z.output<typeof readLastVerification.row>): PastVerification {
  const { entries_checked: entriesChecked, ...rest } = after;
  return { ...wordsOf.parse({ entriesChecked, ...rest }), ...when };
}

/** Records that the trail was verified, in the trail itself. */
export async function recordVerification(
  db: Executor,
  { checked, broken }: Verification,
  { from, to }: VerifyOptions,
): Promise<void> {
  const after = { valid: broken === undefined, entriesChecked: checked, from, to, reason: broken?.reason };
  await recordAudit(db, [{ action: "verify", entityType: "audit_log", entityId: CHAIN, changes: { after } }]);
}
