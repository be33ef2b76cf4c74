import { hash, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { KEY_ID_BYTES, type KeyRing, MAC_BYTES, type SealKey } from "./key.ts";

/** A stored link, without the content that it seals. Times are ISO 8601 in UTC, to the microsecond. */
export const linkRow = z.object({
  sequence: z.number(),
  kind: z.enum(["entries", "checkpoint", "rotation"]),
  /** Null for a time that no seal can have. */
  sealedAt: z.string().nullable(),
  /** Hexadecimal. */
  keyId: z.string(),
  previousMac: z.instanceof(Buffer),
  entries: z.number(),
  firstAt: z.string().nullable(),
  lastAt: z.string().nullable(),
  cutoff: z.string().nullable(),
  mac: z.instanceof(Buffer),
});

export interface Link extends z.output<typeof linkRow> {
  /** SHA-256 of the content. */
  contentHash: Buffer;
}
export type SealHeader = Omit<Link, "mac">;

/** A point of the chain that is kept elsewhere. */
export const chainHead = z.object({
  sequence: z.int().min(1),
  /** The mac of that link, in hexadecimal. */
  seal: z.string().regex(/^[0-9a-f]{64}$/),
  sealedAt: z.string(),
});
export type ChainHead = z.output<typeof chainHead>;

/** The mac before the first link. */
export const beginning = Buffer.alloc(MAC_BYTES);

/** Distinguishes these bytes from any other use of the key. */
const LABEL = Buffer.from("ltb audit seal 1\0");
const NO_TIME = -(2n ** 63n);
const kindBytes = { entries: 1, checkpoint: 2, rotation: 3 } as const;

/**
 * Computes the mac of a link, an HMAC-SHA-256. Numbers are big-endian, times are int64 microseconds since
 * 2000-01-01 UTC (none: -2^63). It covers
 *
 *   "ltb audit seal 1\0", 32 bytes mac of the link before (zeros for the first), int64 sequence,
 *   byte kind (entries 1, checkpoint 2, rotation 3), 8 bytes key id, int32 entries,
 *   times sealed_at, first_at, last_at and cutoff, 32 bytes SHA-256 of the content
 */
export function macOf(link: SealHeader, key: SealKey): Buffer {
  const fixed = Buffer.alloc(8 + 1 + KEY_ID_BYTES + 4 + 4 * 8);
  let at = fixed.writeBigInt64BE(BigInt(link.sequence), 0);
  at = fixed.writeUInt8(kindBytes[link.kind], at);
  at += fixed.write(link.keyId, at, "hex");
  at = fixed.writeInt32BE(link.entries, at);
  for (const time of [link.sealedAt, link.firstAt, link.lastAt, link.cutoff])
    at = fixed.writeBigInt64BE(time === null ? NO_TIME : micros(time), at);
  return key.mac(Buffer.concat([LABEL, link.previousMac, fixed, link.contentHash]));
}

/** Explains why the link does not hold by itself; undefined if it does. */
export function flaw(link: Link, keys: KeyRing): string | undefined {
  const key = keys.byId.get(link.keyId);
  if (key === undefined)
    return `it is sealed with the key ${link.keyId}, which the key file does not hold (it holds ${[...keys.byId.keys()].join(", ")})`;
  if (link.previousMac.length !== MAC_BYTES || link.mac.length !== MAC_BYTES)
    return "its mac has another length";
  return timingSafeEqual(macOf(link, key), link.mac) ? undefined : "its mac does not match what it seals";
}

/** The ids of the keys that have replaced the link's: after their links it cannot seal any more. */
export function successorsOf({ keyId }: Pick<Link, "keyId">, { byId }: KeyRing): string[] {
  const place = byId.get(keyId)?.place ?? -1;
  return [...byId.values()].filter((key) => key.place > place).map(({ id }) => id);
}

export function contentHash(content: Buffer): Buffer {
  return hash("sha256", content, "buffer");
}

export function headOf({ sequence, mac, sealedAt }: Pick<Link, "sequence" | "mac" | "sealedAt">): ChainHead {
  return { sequence, seal: mac.toString("hex"), sealedAt: sealedAt ?? "" };
}

/** Microseconds since 2000-01-01 UTC, PostgreSQL's own count. */
export function micros(iso: string): bigint {
  const ms = BigInt(Date.parse(`${iso.slice(0, 19)}Z`)) - 946_684_800_000n;
  return ms * 1000n + BigInt(iso.slice(20, 26));
}
