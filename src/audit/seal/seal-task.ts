import { Code } from "@connectrpc/connect";
import type { Executor } from "../../database/statement/executor.ts";
import { ServiceError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { OutageLog } from "../../outage-log.ts";
import {
  beginning,
  type ChainHead,
  contentHash,
  flaw,
  type Link,
  macOf,
  type SealHeader,
  successorsOf,
} from "./hash-chain.ts";
import { KeptHeads, type Known, missingHead } from "./kept-heads.ts";
import { createKeyFile, isOpenToOthers, type KeyRing, keyFileProblem, readKeyFile } from "./key.ts";
import { packRotation } from "./records.ts";
import { insertSeal, lockChain, readLastOf, readTail, sealingTime } from "./statements.ts";

export interface ChainOptions {
  /** The key file; undefined: this process has no key. */
  keyFile?: string | undefined;
  /** Where the last heads are kept. Default: next to the key, in `<keyFile>.head`. */
  headFile?: string | undefined;
  /** Where the database is, for people. Default: not named. */
  database?: string;
  /** Whether to make the key file if there is none and nothing is sealed yet. Default: false. */
  createKey?: boolean;
  /** Whether a missing key file is an error. Default: false. */
  requireKey?: boolean;
  log?: Log | undefined;
}

/** The end of the chain, to which links may be added if there is no problem. */
interface End {
  tail: Link | null;
  /** The link that was just added to mark a new key; it is the tail then. */
  marked: Link | null;
  /** The reason why nothing may be added. */
  problem?: string | undefined;
}

/** The chain of seals as this process knows it: its keys, and its last head, which shows a cut-off end. */
export class AuditChain {
  readonly db: Executor;
  readonly #options: ChainOptions;
  readonly #log: Log | undefined;
  readonly #keyFile: string | undefined;
  readonly #heads: KeptHeads | undefined;
  #keys: KeyRing | undefined;
  #warned = false;
  readonly #outage: OutageLog;

  constructor(db: Executor, options: ChainOptions = {}) {
    this.db = db;
    this.#options = options;
    this.#log = options.log;
    this.#keyFile = options.keyFile;
    const { keyFile, headFile = `${keyFile}.head`, database = "this database" } = options;
    this.#heads = keyFile === undefined ? undefined : new KeptHeads(headFile, database);
    this.#outage = new OutageLog(options.log, "the audit trail is sealed again");
  }

  /**
   * Reads the keys, undefined without any. A key file that appears later is found.
   * @throws ConfigError if the key file is unreadable or malformed, or missing where it is required
   */
  async keys(): Promise<KeyRing | undefined> {
    const file = this.#keyFile;
    if (this.#keys !== undefined || file === undefined) return this.#keys;
    let keys = await readKeyFile(file);
    const tail = keys === undefined ? await this.db.maybeOne(readTail()) : null;
    if (keys === undefined && this.#options.createKey && tail === null) {
      await createKeyFile(file);
      const advice = "Keep a copy of it apart from the database.";
      this.#log?.info({}, `made a key that seals the audit trail: ${file}. ${advice}`);
      keys = await readKeyFile(file);
    }
    if (keys === undefined) {
      const lack = `no key in ${file} (LTB_AUDIT_KEY_FILE); ${remedy(file, tail)}`;
      if (this.#options.requireKey)
        throw keyFileProblem(`expected the file ${file}, found none: ${remedy(file, tail)}`);
      this.complain(`nothing of the audit trail is sealed: ${lack}`, "warn");
      return undefined;
    }
    if (await isOpenToOthers(file))
      this.#log?.warn({}, `others than this user may read the key of the audit trail: chmod 600 ${file}`);
    this.complain(undefined);
    this.#keys = keys;
    return keys;
  }

  /** Returns the keys. @throws FAILED_PRECONDITION without any */
  async requireKeys(): Promise<KeyRing> {
    const keys = await this.keys();
    if (keys !== undefined) return keys;
    const lack = "this server has no key of the audit trail (LTB_AUDIT_KEY_FILE)";
    const message = `${lack}, so it can neither seal nor verify it`;
    throw new ServiceError(Code.FailedPrecondition, "AUDIT_KEY_MISSING", message);
  }

  /** Returns what this process knows of the chain's end, now or from before its start. */
  async known(db: Executor = this.db): Promise<Known> {
    return (await this.#heads?.known(db)) ?? {};
  }

  /**
   * Reads the end of the chain, in the transaction that has its lock. If a new key seals from now on, a link
   * under it says so first, even with nothing to seal: nothing that the former key seals can follow then.
   */
  async end(db: Executor, keys: KeyRing): Promise<End> {
    const tail = await db.maybeOne(readTail());
    const problem = await this.problem(db, keys, tail);
    if (problem !== undefined || tail === null || tail.keyId === keys.current.id)
      return { tail, marked: null, problem };
    const content = packRotation(tail.sequence);
    const { at: sealedAt } = await db.one(sealingTime(tail.sealedAt));
    const sealed = {
      entries: 0,
      firstAt: null,
      lastAt: null,
      cutoff: null,
      contentHash: contentHash(content),
    };
    const marked = this.next(keys, tail, { kind: "rotation", sealedAt, ...sealed });
    await db.one(insertSeal(marked, content));
    return { tail: marked, marked };
  }

  /** Explains why nothing may be added after this end: it was altered or cut off. Undefined if it is well. */
  async problem(db: Executor, keys: KeyRing, tail: Link | null): Promise<string | undefined> {
    const { head, problem } = await this.known(db);
    const isKnown =
      tail !== null && head?.sequence === tail.sequence && head.seal === tail.mac.toString("hex");
    if (isKnown && keys.byId.has(tail.keyId)) return undefined;
    const found =
      (await this.#flawOf(db, keys, tail)) ?? problem ?? (head && (await this.#explainCut(db, head)));
    // The next round finds out whether an operator has accepted it.
    if (found !== undefined) this.#heads?.forget();
    return found;
  }

  /** Explains what is wrong with the last seal by itself. */
  async #flawOf(db: Executor, keys: KeyRing, tail: Link | null): Promise<string | undefined> {
    if (tail === null) return undefined;
    const wrong = flaw(tail, keys);
    if (wrong && keys.byId.has(tail.keyId)) return `its last seal, ${tail.sequence}, does not hold: ${wrong}`;
    if (wrong)
      return `its last seal, ${tail.sequence}, does not hold: ${wrong}. If another service has sealed it, put the lines of that one's key file before those in ${this.#keyFile}, and start this one again`;
    const successors = successorsOf(tail, keys);
    const successor = successors.length > 0 ? await db.maybeOne(readLastOf(successors)) : null;
    return successor
      ? `its last seal, ${tail.sequence}, is made with a key that was replaced by seal ${successor.sequence}`
      : undefined;
  }

  /**
   * Explains what is wrong if the chain lacks the head that was known. A restore may just have replaced the
   * chain: it is waited for, and has written the head of its own to the file.
   */
  async findCut(db: Executor, head: ChainHead): Promise<string | undefined> {
    if ((await missingHead(db, head)) === undefined) return undefined;
    await db.transaction((held) => held.one(lockChain()));
    return missingHead(db, (await this.#heads?.readAgain()) ?? head);
  }

  async #explainCut(db: Executor, head: ChainHead): Promise<string | undefined> {
    const lost = await this.findCut(db, head);
    return (
      lost &&
      `${lost}. If the database was restored to an earlier state on purpose, remove ${this.#heads?.file}`
    );
  }

  /** See AuditTrail. */
  async acceptRestored(): Promise<void> {
    const keys = await this.keys();
    if (keys === undefined) return;
    const tail = await this.db.maybeOne(readTail());
    await this.#heads?.accept(this.db, tail);
    await this.saveHead();
    const problem = await this.problem(this.db, keys, tail);
    this.complain(problem && `nothing of the audit trail is sealed any more: ${problem}`);
  }

  /** Makes the link that follows `tail`. */
  next(keys: KeyRing, tail: Link | null, what: Omit<SealHeader, "sequence" | "keyId" | "previousMac">): Link {
    const { sequence, mac: previousMac } = tail ?? { sequence: 0, mac: beginning };
    const header = { ...what, sequence: sequence + 1, keyId: keys.current.id, previousMac };
    return { ...header, mac: macOf(header, keys.current) };
  }

  /** Takes note of the link that was just committed. */
  reached(link: Link): void {
    this.#heads?.reached(link);
  }

  /** Stores the last head next to the key. If that file cannot be written, heads have to be kept by hand. */
  async saveHead(): Promise<void> {
    try {
      await this.#heads?.save();
    } catch (error) {
      const message = `the last head of the audit trail cannot be kept in ${this.#heads?.file}`;
      if (!this.#warned) this.#log?.warn({ err: error }, message);
      this.#warned = true;
    }
  }

  /** Logs a lasting problem once, and again when it changes; undefined means that it is over. */
  complain(problem: string | undefined, level: "warn" | "error" = "error"): void {
    if (problem === undefined) this.#outage.works();
    else this.#outage.failed({}, problem, { kind: problem, level });
  }
}

/** Says how a server comes to the key that it lacks. */
function remedy(file: string, tail: Link | null): string {
  if (tail === null)
    return `all servers of a database share one key file; make it with: (umask 077; openssl rand -hex 32 > ${file})`;
  return `the seals are made with the key ${tail.keyId}, so copy the key file of the service that made them to ${file}; a new key does not do. If it is lost: ltb backup FILE, then ltb restore FILE --force --seal-anew`;
}
