import type { ServiceImpl } from "@connectrpc/connect";
import type { AuditService } from "../../../gen/ltb/v1/audit_service_pb.ts";
import { invalidField } from "../../errors.ts";
import { fromTimestamp, omitNulls, toTimestamp } from "../../wire/convert.ts";
import { toDuration } from "../../wire/duration.ts";
import { attemptId } from "../attempt.ts";
import type { ChainHead } from "./hash-chain.ts";
import type { PastVerification } from "./status.ts";
import type { AuditTrail } from "./trail.ts";
import type { Break } from "./verify.ts";

/** The methods of AuditService that keep the trail tamper-evident. */
export function sealMethods(trail: AuditTrail) {
  return {
    async verifyAuditLog({ from, to, knownHeads }) {
      const { checked, removed, unsealed, broken, head } = await trail.verifyAndRecord({
        from: fromTimestamp(from, "from"),
        to: fromTimestamp(to, "to"),
        knownHeads: knownHeads.map(({ sequence, seal }, index) => ({
          sequence: safe(sequence, `known_heads[${index}].sequence`),
          seal,
        })),
      });
      return {
        valid: broken === undefined,
        entriesChecked: BigInt(checked),
        entriesRemoved: BigInt(removed),
        entriesUnsealed: BigInt(unsealed),
        ...(broken && { firstBroken: breakMessage(broken) }),
        heads: head ? [headMessage(head)] : [],
      };
    },

    async getAuditStatus() {
      const { head, sealLagSeconds, unsealed, lastVerification: last } = await trail.status();
      return {
        ...(head && { head: headMessage(head) }),
        sealLag: toDuration(sealLagSeconds * 1000),
        entriesUnsealed: BigInt(unsealed),
        ...(last && { lastVerification: verificationMessage(last) }),
      };
    },

    async cleanupAuditLogs({ olderThanDays }) {
      const { deleted, more } = await trail.cleanUp(olderThanDays);
      return { deleted: BigInt(deleted), more };
    },
  } satisfies Partial<ServiceImpl<typeof AuditService>>;
}

function headMessage({ sequence, seal, sealedAt }: ChainHead) {
  return { sequence: BigInt(sequence), seal, sealedAt: toTimestamp(sealedAt) };
}

function verificationMessage({ verifiedAt, from, to, entriesChecked, ...rest }: PastVerification) {
  return {
    ...omitNulls(rest),
    verifiedAt: toTimestamp(verifiedAt),
    from: toTimestamp(from ?? null),
    to: toTimestamp(to ?? null),
    entriesChecked: BigInt(entriesChecked),
  };
}

/** An attempt is named by the id that it has as an entry. */
function breakMessage({ sequence, entry, reason }: Break) {
  const id = entry && (entry.kind === "job_attempt" ? attemptId(entry.id, entry.epoch) : entry.id);
  return { sequence: BigInt(sequence), entryId: id ?? "", reason };
}

function safe(sequence: bigint, field: string): number {
  if (sequence >= 1n && sequence <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(sequence);
  throw invalidField(field, "must be the sequence of a head");
}
