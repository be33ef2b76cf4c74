import { randomFillSync } from "node:crypto";

// Random bytes are drawn in bulk: drawing 16 at a time, as libraries do, took an eighth of ingest's time.
const random = Buffer.alloc(8 * 1024);
let used = random.length;
let lastMs = 0;
let time = "";
let sequence = 0;

/** The first of all ids, which is nothing's. */
export const lowestId = "00000000-0000-0000-0000-000000000000";

/** Writes 16 bytes as a UUID. */
export function uuidOf(bytes: Buffer): string {
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Makes a UUIDv7 (RFC 9562, 5.7): milliseconds, a 12-bit counter (6.2, method 1), and 62 random bits. Ids of
 * one process ascend, so indexes over them grow at their right edge.
 */
export function newId(): string {
  const now = Date.now();
  // More than 4,096 in a millisecond, or a clock that was set back, borrow from the milliseconds to come.
  if (now > lastMs || ++sequence > 0xfff) {
    lastMs = Math.max(now, lastMs + 1);
    sequence = 0;
    const digits = lastMs.toString(16).padStart(12, "0");
    time = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
  }
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  random.writeUInt8((random.readUInt8(used) & 0x3f) | 0x80, used);
  const tail = random.toString("hex", used, used + 8);
  used += 8;
  const counter = sequence.toString(16).padStart(3, "0");
  return `${time}${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}
