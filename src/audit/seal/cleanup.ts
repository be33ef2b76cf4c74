import { Code } from "@connectrpc/connect";
import type { Executor } from "../../database/statement/executor.ts";
import { ServiceError } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { limits } from "../../limits.ts";
import { parseInput, whole } from "../../validation.ts";
import { recordAudit } from "../record.ts";
import { contentHash, type Link } from "./hash-chain.ts";
import type { KeyRing } from "./key.ts";
import { packRemoval } from "./records.ts";
import type { AuditChain } from "./seal-task.ts";
import type { Sealer } from "./sealer.ts";
import { insertSeal, lockChain, readCutoff, removeOld, sealingTime } from "./statements.ts";

export interface Cleanup {
  deleted: number;
  /** True if there may be more; then call again. */
  more: boolean;
}

const ageInDays = whole(1, limits.ageDays);

/**
 * Removes entries that are older than this many days, oldest first, at most `limits.auditCleanupRows`: first
 * audit logs, then attempts at deleted jobs. Attempts at jobs that still exist stay until the job is deleted.
 * The same transaction records the removal and leaves a checkpoint in the chain, which tells verification
 * that older entries may be missing. @throws FAILED_PRECONDITION without a key, or if the chain does not
 * hold: the removal would look like tampering
 */
export async function cleanUpAuditLogs(
  chain: AuditChain,
  sealer: Sealer,
  olderThanDays: number,
): Promise<Cleanup> {
  const days = parseInput(ageInDays, olderThanDays, "older_than_days");
  const keys = await chain.requireKeys();
  // Entries must be sealed before they are removed, or they would look as if they had vanished.
  if ((await chain.db.one(readCutoff(days))).waiting) await sealer.run();
  const { deleted, link } = await chain.db.transaction((db) => remove(chain, keys, db, days));
  if (link) {
    chain.reached(link);
    await chain.saveHead();
  }
  return { deleted, more: deleted === limits.auditCleanupRows };
}

type Removed = { deleted: number; link: Link | null };

async function remove(
  chain: AuditChain,
  keys: KeyRing,
  db: Executor,
  olderThanDays: number,
): Promise<Removed> {
  await db.one(lockChain());
  const { tail, marked, problem } = await chain.end(db, keys);
  if (problem !== undefined) {
    const message = `nothing is removed from the audit trail: ${problem}`;
    throw new ServiceError(Code.FailedPrecondition, "AUDIT_CHAIN_BROKEN", message);
  }
  const { cutoff, waiting } = await db.one(readCutoff(olderThanDays));
  if (waiting)
    throw new ServiceError(Code.Aborted, "CONFLICT", "entries of that time still wait to be sealed", {
      retryAfterMs: limits.auditSealMs,
    });
  const { logs, attempts } = await db.one(removeOld(cutoff, limits.auditCleanupRows));
  const deleted = logs + attempts;
  if (deleted === 0) return { deleted, link: marked };

  const removal = newId();
  const changes = { after: { olderThanDays, cutoff, auditLogs: logs, attempts } };
  await recordAudit(db, [{ action: "cleanup", entityType: "audit_log", entityId: removal, changes }]);
  const content = packRemoval({ logs, attempts }, removal);
  const { at: sealedAt } = await db.one(sealingTime(tail?.sealedAt ?? null));
  const sealed = { entries: 0, firstAt: null, lastAt: null, cutoff, contentHash: contentHash(content) };
  const link = chain.next(keys, tail, { kind: "checkpoint", sealedAt, ...sealed });
  await db.one(insertSeal(link, content));
  return { deleted, link };
}
