import { setImmediate as turn } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { ServiceError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { parseInput, timestamp } from "../../validation.ts";
import {
  beginning,
  type ChainHead,
  contentHash,
  flaw,
  headOf,
  type Link,
  micros,
  successorsOf,
} from "./hash-chain.ts";
import { missingHead } from "./kept-heads.ts";
import type { KeyRing } from "./key.ts";
import { type EntryKind, missingDigest, removalOf, type SealRecord, unpack } from "./records.ts";
import type { AuditChain } from "./seal-task.ts";
import * as statements from "./statements.ts";

const time = timestamp.transform((iso) => {
  const [, second, fraction = ""] = /^(.{19})(?:\.(\d+))?Z$/.exec(iso) ?? [];
  return `${second}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
});
const seal = z.string().toLowerCase();
const head = z.object({
  sequence: z.int({ error: "must be a whole number" }).min(1, "must be 1 or more"),
  seal: seal.regex(/^[0-9a-f]{64}$/, "must be a seal of 64 hexadecimal digits"),
});
const input = z.object({
  /** Seals made at this time or later. Default: from the first. */
  from: time.optional(),
  /** Seals made before this time. Default: to the last. */
  to: time.optional(),
  /** Heads that the chain must still contain. */
  knownHeads: z
    .array(head)
    .max(limits.auditKnownHeads, `must have at most ${limits.auditKnownHeads} heads`)
    .optional(),
});

export type VerifyOptions = z.input<typeof input>;

/** A place where the trail does not hold. */
export interface Break {
  /** 0 if no seal is concerned. */
  sequence: number;
  entry?: { kind: EntryKind; id: string; epoch: number };
  reason: string;
}

export interface Verification {
  /** Entries compared with their seal. */
  checked: number;
  /** Entries that cleanup removed. */
  removed: number;
  /** Entries that wait to be sealed. */
  unsealed: number;
  broken?: Break;
  /** The end of the range, if there is one and everything up to it holds. */
  head?: ChainHead;
}

type Seal = Omit<Link, "contentHash"> & { content: Buffer };
type Found = SealRecord & { sequence: number };

/** Cleanup leaves the entries of the last day: microseconds. */
const DAY = 86_400_000_000n;

class Broken extends Error {
  readonly at: Break;
  constructor(at: Break) {
    super(at.reason);
    this.at = at;
  }
}

/**
 * Recomputes the chain and compares it with the entries: every mac, every digest, and every entry of that
 * time that is in no seal. It works in constant memory, on one connection, in short statements. Concurrent
 * writes are neither delayed nor missed.
 *
 * With a range it verifies the seals made in that range, and the entries with times in it.
 * @throws FAILED_PRECONDITION without a key, or if the head that this server keeps is of another database
 */
export async function verifyChain(chain: AuditChain, options: VerifyOptions = {}): Promise<Verification> {
  const range = parseInput(input, options);
  const keys = await chain.requireKeys();
  const run = new Run(chain, keys, range);
  try {
    await run.heads();
    await run.checkpoint();
    await run.walk();
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    run.result.broken = error.at;
    delete run.result.head;
  }
  run.result.unsealed = (await chain.db.one(statements.countUnsealed())).entries;
  return run.result;
}

class Run {
  readonly result: Verification = { checked: 0, removed: 0, unsealed: 0 };
  readonly #chain: AuditChain;
  readonly #db: Executor;
  readonly #keys: KeyRing;
  readonly #options: z.output<typeof input>;
  /** Entries from before this time may be gone, if the checkpoint that says so is a link of the chain. */
  #cutoff: bigint | undefined;
  /** The latest missing entry that a checkpoint further on has to excuse. */
  #owed: { time: bigint; at: Break } | undefined;
  /** Entries that checkpoints say were removed. */
  #accounted = 0;

  constructor(chain: AuditChain, keys: KeyRing, options: z.output<typeof input>) {
    this.#chain = chain;
    this.#db = chain.db;
    this.#keys = keys;
    this.#options = options;
  }

  /** Heads are checked first, because a chain that was cut off or replaced is consistent in itself. */
  async heads(): Promise<void> {
    const { head: own, problem } = await this.#chain.known();
    const given = (this.#options.knownHeads ?? []).map((head) => ({ sealedAt: "", ...head }));
    for (const head of [...given, ...(own ? [own] : [])]) {
      const isOwn = head === own;
      const reason = await (isOwn ? this.#chain.findCut(this.#db, head) : missingHead(this.#db, head));
      if (reason) throw new Broken({ sequence: head.sequence, reason });
    }
    if (problem !== undefined) throw new ServiceError(Code.FailedPrecondition, "AUDIT_HEAD_MISSING", problem);
  }

  async checkpoint(): Promise<void> {
    const checkpoint = await this.#db.maybeOne(statements.readCheckpoint());
    if (checkpoint === null) return;
    this.#holds(checkpoint);
    if (checkpoint.cutoff !== null) this.#cutoff = micros(checkpoint.cutoff);
  }

  async walk(): Promise<void> {
    const { from = "-infinity", to = "infinity" } = this.#options;
    let before = await this.#before();
    for (let ended = false; !ended; await turn()) {
      const page = await this.#read(before, to);
      ({ before, ended } = page);
      await this.#account(page.seals, await this.#missing(page.seals));
      if (before !== null) this.result.head = headOf(before);
    }
    // The checkpoint that excuses an entry may be after the range, or have been made meanwhile.
    for (let ended = false; this.#owed && !ended; await turn()) {
      const page = await this.#read(before);
      ({ before, ended } = page);
      await this.#account(page.seals);
    }
    if (this.#owed) throw new Broken(this.#owed.at);
    const most = limits.auditVerifySeals * limits.auditSealEntries;
    for (let covered = from; covered !== to; await turn()) {
      const { at } = await this.#db.one(statements.readTimeOf(most, covered, to));
      await this.#uncovered(covered, at ?? to);
      covered = at ?? to;
    }
    this.#accounts();
  }

  /** Reads the links that come next, up to `to`, each of which has to follow the one before. */
  async #read(before: Link | null, to = "infinity") {
    const first = (before?.sequence ?? 0) + 1;
    const page = await this.#db.any(statements.readSeals(first, limits.auditVerifySeals));
    const seals: Seal[] = [];
    let last = before;
    for (const seal of page) {
      this.#follows(seal, last);
      if (isFrom(seal, to)) return { seals, before: last, ended: true };
      last = { ...seal, contentHash: contentHash(seal.content) };
      seals.push(seal);
    }
    return { seals, before: last, ended: page.length < limits.auditVerifySeals };
  }

  /** Reads the link before the range. That too must hold, or an altered time could leave links out. */
  async #before(): Promise<Link | null> {
    const { from } = this.#options;
    if (from === undefined) return null;
    const first = await this.#db.maybeOne(statements.readFirstSince(from));
    if (first === null) {
      const tail = await this.#db.maybeOne(statements.readTail());
      if (tail) this.#holds(tail);
      return tail;
    }
    if (first.sequence === 1) return null;
    const before = await this.#db.maybeOne(statements.readLink(first.sequence - 1));
    if (before === null) throw new Broken(gap(first.sequence - 1));
    this.#holds(before);
    return before;
  }

  #holds(link: Link): void {
    const reason = flaw(link, this.#keys);
    if (reason)
      throw new Broken({ sequence: link.sequence, reason: `seal ${link.sequence} does not hold: ${reason}` });
  }

  #follows(seal: Seal, before: Link | null): void {
    const { sequence } = seal;
    const expected = (before?.sequence ?? 0) + 1;
    if (sequence !== expected) throw new Broken(gap(expected));
    this.#holds({ ...seal, contentHash: contentHash(seal.content) });
    if (!seal.previousMac.equals(before?.mac ?? beginning))
      throw new Broken({ sequence, reason: `seal ${sequence} does not follow the one before it` });
    if (before?.sealedAt && !isFrom(seal, before.sealedAt))
      throw new Broken({ sequence, reason: `seal ${sequence} says that it is older than the one before it` });
    if (before && successorsOf(seal, this.#keys).includes(before.keyId))
      throw new Broken({
        sequence,
        reason: `seal ${sequence} is made with a key that was replaced before it`,
      });
    if (seal.cutoff !== null && seal.sealedAt !== null && micros(seal.sealedAt) - micros(seal.cutoff) < DAY)
      throw new Broken({ sequence, reason: `seal ${sequence} excuses entries of the day before it` });
  }

  /** Compares the entries of these seals with their sealed records. @returns those that may be removed */
  async #missing(seals: readonly Seal[]): Promise<Found[]> {
    const records = seals
      .filter(({ kind }) => kind === "entries")
      .flatMap(({ sequence, content }) => unpack(content).map((record) => ({ ...record, sequence })));
    const flaws: { record: Found; place: number; missing: boolean }[] = [];
    for (const [kind, compare] of [
      ["audit_log", statements.compareAuditLogs],
      ["job_attempt", statements.compareAttempts],
    ] as const) {
      const places = records.flatMap((record, place) => (record.kind === kind ? [{ record, place }] : []));
      if (places.length === 0) continue;
      const { missing, altered } = await this.#db.one(compare(places.map(({ record }) => record)));
      for (const n of altered === null ? missing : [...missing, altered]) {
        const found = places[n - 1];
        if (found) flaws.push({ ...found, missing: n !== altered });
      }
    }
    for (const { record, missing } of flaws.sort((a, b) => a.place - b.place)) {
      if (!missing || !(await this.#mayBeRemoved(record.time))) throw new Broken(breakAt(record, missing));
    }
    this.result.checked += records.length - flaws.length;
    this.result.removed += flaws.length;
    return flaws.map(({ record }) => record);
  }

  /** True if there is a cleanup, perhaps of a moment ago, that may account for a missing entry. */
  async #mayBeRemoved(time: bigint): Promise<boolean> {
    if (this.#cutoff === undefined || time >= this.#cutoff) await this.checkpoint();
    return this.#cutoff !== undefined && time < this.#cutoff;
  }

  /**
   * Sets what is missing against the checkpoints after it. Only one that the walk has come to counts, because
   * its mac alone would also hold for one of another database, or of a key that was replaced.
   */
  async #account(seals: readonly Seal[], missing: readonly Found[] = []): Promise<void> {
    const checkpoints = seals.filter(({ kind }) => kind === "checkpoint");
    const ids = checkpoints.map(({ content }) => removalOf(content).entryId);
    const found = ids.length > 0 ? await this.#db.any(statements.readCleanups(ids)) : [];
    for (const { sequence, cutoff, content } of seals) {
      for (const record of missing)
        if (record.sequence === sequence) this.#owe(record.time, breakAt(record, true));
      if (cutoff === null) continue;
      const { removed, entryId } = removalOf(content);
      this.#accounted += removed;
      if (this.#owed && this.#owed.time < micros(cutoff)) this.#owed = undefined;
      if (found.some((entry) => entry.entryId === entryId)) continue;
      // A later cleanup may have removed it; it was made at least a day after the cutoff.
      const at = { sequence, reason: `the entry of the cleanup that left seal ${sequence} is missing` };
      if (!(await this.#mayBeRemoved(micros(cutoff) + DAY))) throw new Broken(at);
      this.#owe(micros(cutoff) + DAY, at);
    }
  }

  #owe(time: bigint, at: Break): void {
    if (this.#owed === undefined || time > this.#owed.time) this.#owed = { time, at };
  }

  /** A checkpoint excuses as many missing entries as it says were removed. It does not say which. */
  #accounts(): void {
    const { from, to } = this.#options;
    const { removed } = this.result;
    if (from !== undefined || to !== undefined || removed <= this.#accounted) return;
    const gone = `${removed} entries are missing from before the last cleanup's time`;
    const reason = `${gone}, which is ${removed - this.#accounted} more than cleanups removed`;
    throw new Broken({ sequence: 0, reason });
  }

  async #uncovered(after: string, upTo: string): Promise<void> {
    const found = await this.#db.maybeOne(statements.findUncovered(after, upTo));
    if (found === null) return;
    const [entry] = unpack(Buffer.concat([found.name, Buffer.alloc(8), missingDigest]));
    if (entry === undefined) return;
    const reason = `${nameOf(entry)} was inserted: no seal holds it, nor does it wait to be sealed`;
    throw new Broken({ sequence: 0, entry, reason });
  }
}

function isFrom({ sealedAt }: Pick<Link, "sealedAt">, time: string): boolean {
  return time !== "infinity" && sealedAt !== null && sealedAt >= time;
}

function gap(sequence: number): Break {
  return { sequence, reason: `seal ${sequence} is missing` };
}

function breakAt({ sequence, ...entry }: Found, missing: boolean): Break {
  const what = missing
    ? entry.digest === missingDigest.toString("hex")
      ? "was already missing when it was to be sealed"
      : "is missing"
    : "was altered after it was sealed";
  return { sequence, entry, reason: `${nameOf(entry)} ${what}` };
}

function nameOf({ kind, id, epoch }: { kind: EntryKind; id: string; epoch: number }): string {
  return kind === "audit_log" ? `audit log ${id}` : `the attempt ${epoch} at job ${id}`;
}
