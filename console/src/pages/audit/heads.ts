import { fromJson, toJson } from "@bufbuild/protobuf";
import { type AuditChainHead, AuditChainHeadSchema } from "../../../../gen/ltb/v1/audit_pb.ts";

const key = "ltb.audit.heads";

/** The ends of the chains that this browser has seen whole before. */
export function knownHeads(): AuditChainHead[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(stored) ? stored.map((head) => fromJson(AuditChainHeadSchema, head)) : [];
  } catch {
    // Another version wrote it.
    return [];
  }
}

export function rememberHeads(heads: readonly AuditChainHead[]): void {
  localStorage.setItem(key, JSON.stringify(heads.map((head) => toJson(AuditChainHeadSchema, head))));
}
