import { uuidOf } from "../../ids.ts";

/** The kinds of sealed entries, by the byte that begins a record. */
const kinds = { 1: "audit_log", 2: "job_attempt" } as const;

export type EntryKind = (typeof kinds)[keyof typeof kinds];

// A record in a seal's content has these fields, numbers big-endian:
//
//   byte kind, 16 bytes id (of an attempt: its job's), int32 epoch (0 for an audit log),
//   int64 time of the entry in microseconds since 2000-01-01 UTC, 32 bytes SHA-256 of its canonical bytes
//
// An entry that was gone before it could be sealed has a digest of zeros, and the time of that sealing.
export const RECORD_BYTES = 61;
const ID = 1;
const EPOCH = 17;
const TIME = 21;
const DIGEST = 29;

export const missingDigest = Buffer.alloc(32);

/** One sealed entry, as its seal records it. */
export interface SealRecord {
  kind: EntryKind;
  id: string;
  epoch: number;
  /** Microseconds since 2000-01-01 UTC. */
  time: bigint;
  /** In hexadecimal. */
  digest: string;
}

/** Reads the records of a seal's content. @throws RangeError for bytes that are none */
export function unpack(content: Buffer): SealRecord[] {
  const records: SealRecord[] = [];
  for (let at = 0; at < content.length; at += RECORD_BYTES) {
    const kind = kinds[content.readUInt8(at) as keyof typeof kinds];
    if (kind === undefined) throw new RangeError("a record of unknown kind");
    records.push({
      kind,
      id: uuidOf(content.subarray(at + ID, at + EPOCH)),
      epoch: content.readInt32BE(at + EPOCH),
      time: content.readBigInt64BE(at + TIME),
      digest: content.toString("hex", at + DIGEST, at + RECORD_BYTES),
    });
  }
  return records;
}

/** Makes a checkpoint's content: int64 logs and int64 attempts removed, 16 bytes entity_id of their entry. */
export function packRemoval({ logs, attempts }: { logs: number; attempts: number }, entryId: string): Buffer {
  const content = Buffer.alloc(32);
  content.writeBigInt64BE(BigInt(logs), 0);
  content.writeBigInt64BE(BigInt(attempts), 8);
  content.write(entryId.replaceAll("-", ""), 16, "hex");
  return content;
}

/** Reads from a checkpoint's content how many entries were removed, and the entity_id of their entry. */
export function removalOf(content: Buffer): { removed: number; entryId: string } {
  const removed = Number(content.readBigInt64BE(0) + content.readBigInt64BE(8));
  return { removed, entryId: uuidOf(content.subarray(16, 32)) };
}

/** Makes a rotation's content: int64 sequence of the last link that the former key has sealed. */
export function packRotation(last: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeBigInt64BE(BigInt(last), 0);
  return content;
}
