import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import { contentHash, type Link } from "./hash-chain.ts";
import type { KeyRing } from "./key.ts";
import type { AuditChain } from "./seal-task.ts";
import { insertSeal, takeUnsealed, tryLockChain } from "./statements.ts";

interface Sealed {
  entries: number;
  /** The last seal. */
  link: Link | null;
  /** True if nothing waits any more, or another server has the chain. */
  done: boolean;
}

/** Seals the waiting entries, oldest first. */
export class Sealer {
  readonly #chain: AuditChain;
  /** Rows of the queue that are read for one seal: about those of last time. Each has 1 to 1,000 entries. */
  #rows = 64;

  constructor(chain: AuditChain) {
    this.#chain = chain;
  }

  /**
   * Seals until little is left or enough was done for one round, if no other server has the chain. Without a
   * key, or if the chain does not hold, the log says why nothing is sealed. @returns the entries sealed
   */
  async run(): Promise<number> {
    const chain = this.#chain;
    const keys = await chain.keys();
    if (keys === undefined) return 0;
    let entries = 0;
    for (let seals = 0; seals < limits.auditSealsPerRound; seals += limits.auditSealsPerCommit) {
      const sealed = await chain.db.transaction((db) => this.#seal(keys, db));
      if (sealed.link) chain.reached(sealed.link);
      entries += sealed.entries;
      if (sealed.done) break;
    }
    await chain.saveHead();
    return entries;
  }

  /** Makes some seals, in the transaction that takes their entries out of the queue. */
  async #seal(keys: KeyRing, db: Executor): Promise<Sealed> {
    if (!(await db.one(tryLockChain())).locked) return { entries: 0, link: null, done: true };
    const { tail, marked, problem } = await this.#chain.end(db, keys);
    this.#chain.complain(problem && `nothing of the audit trail is sealed any more: ${problem}`);
    if (problem !== undefined) return { entries: 0, link: null, done: true };

    const sealed: Sealed = { entries: 0, link: marked, done: false };
    for (let seals = 0; seals < limits.auditSealsPerCommit && !sealed.done; seals++) {
      const before: Link | null = sealed.link ?? tail;
      const taken = await db.one(takeUnsealed(this.#rows, limits.auditSealEntries, before?.sealedAt ?? null));
      sealed.done = taken.rows < this.#rows && taken.entries < limits.auditSealEntries;
      const needed = (1.25 * limits.auditSealEntries * taken.rows) / Math.max(taken.entries, 1);
      this.#rows = Math.min(Math.max(Math.ceil(needed), 16), limits.auditSealEntries);
      if (taken.content === null) continue;
      const { content, entries, sealedAt, firstAt, lastAt } = taken;
      sealed.entries += entries;
      const what = { sealedAt, entries, firstAt, lastAt, cutoff: null, contentHash: contentHash(content) };
      sealed.link = this.#chain.next(keys, before, { kind: "entries", ...what });
      await db.one(insertSeal(sealed.link, content));
    }
    return sealed;
  }
}
