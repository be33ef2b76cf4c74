import { Code } from "@connectrpc/connect";
import type { Executor } from "../../database/statement/executor.ts";
import { ServiceError } from "../../errors.ts";
import { readTextFile, replaceFile } from "../../files.ts";
import type { Log } from "../../log.ts";
import { OutageLog } from "../../outage-log.ts";
import {
  beginning,
  type ChainHead,
  chainHead,
  contentHash,
  flaw,
  headOf,
  type Link,
  macOf,
  type SealHeader,
  successorsOf,
} from "./hash-chain.ts";
import { createKeyFile, isOpenToOthers, type KeyRing, keyFileProblem, readKeyFile } from "./key.ts";
import { packRotation } from "./records.ts";
import { insertSeal, readLastOf, readLink, readTail, sealingTime } from "./statements.ts";

export interface ChainOptions {
  /** The key file; undefined: this process has no key. */
  keyFile?: string | undefined;
  /** Where the last head is kept. Default: next to the key, in `<keyFile>.head`. */
  headFile?: string | undefined;
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
  #keys: KeyRing | undefined;
  #head: ChainHead | undefined;
  #saved: ChainHead | undefined;
  #warned = false;
  readonly #outage: OutageLog;

  constructor(db: Executor, options: ChainOptions = {}) {
    this.db = db;
    this.#options = options;
    this.#log = options.log;
    this.#keyFile = options.keyFile;
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
    if (keys === undefined && this.#options.createKey && (await this.db.maybeOne(readTail())) === null) {
      await createKeyFile(file);
      const advice = "Keep a copy of it apart from the database.";
      this.#log?.info({}, `made a key that seals the audit trail: ${file}. ${advice}`);
      keys = await readKeyFile(file);
    }
    if (keys === undefined) {
      const how = `all servers of a database share one key file; make it with: (umask 077; openssl rand -hex 32 > ${file})`;
      if (this.#options.requireKey) throw keyFileProblem(`expected the file ${file}, found none: ${how}`);
      const problem = `nothing of the audit trail is sealed: no key in ${file} (LTB_AUDIT_KEY_FILE)`;
      this.complain(`${problem}; ${how}`, "warn");
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

  /** Returns the last head that this process has seen, now or before its start. */
  async head(): Promise<ChainHead | undefined> {
    if (this.#head === undefined && this.#keyFile !== undefined) {
      this.#head = await readHead(this.#headFile);
      this.#saved = this.#head;
    }
    return this.#head;
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
    const head = await this.head();
    if (tail !== null && head?.sequence === tail.sequence && head.seal === tail.mac.toString("hex"))
      return undefined;
    const wrong = tail && flaw(tail, keys);
    if (wrong) return `its last seal, ${tail.sequence}, does not hold: ${wrong}`;
    const successors = tail ? successorsOf(tail, keys) : [];
    const successor = successors.length > 0 ? await db.maybeOne(readLastOf(successors)) : null;
    if (tail && successor)
      return `its last seal, ${tail.sequence}, is made with a key that was replaced by seal ${successor.sequence}`;
    const lost = head && (await missingHead(db, head));
    if (!lost) return undefined;
    // The next round finds out whether an operator has accepted it.
    this.#head = undefined;
    return `${lost}. If the database was restored to an earlier state on purpose, remove ${this.#headFile}`;
  }

  /** Makes the link that follows `tail`. */
  next(keys: KeyRing, tail: Link | null, what: Omit<SealHeader, "sequence" | "keyId" | "previousMac">): Link {
    const { sequence, mac: previousMac } = tail ?? { sequence: 0, mac: beginning };
    const header = { ...what, sequence: sequence + 1, keyId: keys.current.id, previousMac };
    return { ...header, mac: macOf(header, keys.current) };
  }

  /** Takes note of the link that was just committed. */
  reached(link: Link): void {
    if ((this.#head?.sequence ?? 0) < link.sequence) this.#head = headOf(link);
  }

  /** Stores the last head next to the key. If that file cannot be written, heads have to be kept by hand. */
  async saveHead(): Promise<void> {
    if (this.#head === undefined || this.#head === this.#saved || this.#keyFile === undefined) return;
    try {
      await replaceFile(this.#headFile, `${JSON.stringify(this.#head)}\n`);
    } catch (error) {
      const message = `the last head of the audit trail cannot be kept in ${this.#headFile}`;
      if (!this.#warned) this.#log?.warn({ err: error }, message);
      this.#warned = true;
    }
    this.#saved = this.#head;
  }

  /** Logs a lasting problem once, and again when it changes; undefined means that it is over. */
  complain(problem: string | undefined, level: "warn" | "error" = "error"): void {
    if (problem === undefined) this.#outage.works();
    else this.#outage.failed({}, problem, { kind: problem, level });
  }

  get #headFile(): string {
    return this.#options.headFile ?? `${this.#keyFile}.head`;
  }
}

/** Reads the head from a file; undefined if there is none. @throws Error if the file holds something else */
async function readHead(path: string): Promise<ChainHead | undefined> {
  const text = await readTextFile(path);
  if (text === undefined) return undefined;
  try {
    return chainHead.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} does not hold a head of the audit chain`);
  }
}

/** Explains what is wrong if the chain does not contain the head; undefined if it does. */
export async function missingHead(db: Executor, { sequence, seal }: ChainHead): Promise<string | undefined> {
  const link = await db.maybeOne(readLink(sequence));
  if (link === null) return `seal ${sequence}, which was there, is gone: the end of the chain was cut off`;
  if (link.mac.toString("hex") === seal) return undefined;
  return `seal ${sequence} is not the one that was there: the chain was replaced from there or from before`;
}
