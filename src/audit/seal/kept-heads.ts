import { z } from "zod";
import { isAway } from "../../database/statement/errors.ts";
import type { Executor } from "../../database/statement/executor.ts";
import { readTextFile, replaceFile } from "../../files.ts";
import { messageOf } from "../../thrown.ts";
import { type ChainHead, chainHead, headOf, type Link } from "./hash-chain.ts";
import { readDatabaseId, readIsUnused, readLink } from "./statements.ts";

/** Sequence 0: the chain was empty when it was first seen. */
const keptHead = chainHead.extend({ sequence: z.int().min(0), database: z.string() });

/** What the file holds: heads by the id of their database, the last one saved last. */
const keptHeads = z.record(z.string(), keptHead);

const nothingSealed: ChainHead = { sequence: 0, seal: "0".repeat(64), sealedAt: "" };

/** So many databases are remembered. */
const MOST_DATABASES = 16;

/** What is known of the chain's end, or the reason why nothing is known although it should be. */
export interface Known {
  head?: ChainHead | undefined;
  problem?: string | undefined;
}

/**
 * The last head that was seen of a database, which shows when the chain's end was cut off. It is kept in a
 * file, with those of other databases that the same service was started on: a head says nothing about another
 * database than its own.
 */
export class KeptHeads {
  readonly file: string;
  /** For people. */
  readonly #database: string;
  #id = "";
  #known: Known | undefined;
  #saved: ChainHead | undefined;

  constructor(file: string, database: string) {
    this.file = file;
    this.#database = database;
  }

  /** Returns what this process knows, now or from before its start. */
  async known(db: Executor): Promise<Known> {
    if (this.#known !== undefined) return this.#known;
    this.#id = await identify(db);
    const kept = await readFile(this.file).catch((error: unknown) => messageOf(error));
    if (typeof kept === "string")
      return { problem: `${this.file} should have the last head of the audit trail: ${kept}` };
    this.#saved = kept[this.#id];
    this.#known = this.#saved ? { head: this.#saved } : await this.#recognise(db, Object.values(kept));
    return this.#known;
  }

  /** A database of which the file has no head is taken if nothing can have been cut off from it. */
  async #recognise(db: Executor, others: readonly z.output<typeof keptHead>[]): Promise<Known> {
    const last = others.at(-1);
    if (last === undefined) return {};
    // Whatever carried the chain over, a backup or an upgrade of PostgreSQL: it is whole if it has the head
    // of where the service was last. An older head would also be in a chain that was cut off since.
    if (last.sequence > 0 && (await missingHead(db, last)) === undefined) return { head: last };
    if ((await db.one(readIsUnused())).unused) return { head: nothingSealed };
    const names = others.map(({ sequence, database }) => `seal ${sequence} of ${database}`).join(", ");
    return {
      problem:
        `${this.file} has the last seals of other databases (${names}) and none of this one, ` +
        `${this.#database}. Do the settings name the right database? If they do, and it is meant to go on ` +
        `as it is, remove ${this.file}`,
    };
  }

  /** Takes note of the link that was just committed. */
  reached(link: Link): void {
    if ((this.#known?.head?.sequence ?? 0) < link.sequence) this.#known = { head: headOf(link) };
  }

  /** Forgets what was known, so that the file is read again: an operator may have changed it. */
  forget(): void {
    this.#known = undefined;
  }

  /** Reads the file again for the head that another process may have written, as a restore does. */
  async readAgain(): Promise<ChainHead | undefined> {
    const kept = await readFile(this.file).catch(() => undefined);
    const head = kept?.[this.#id];
    if (head !== undefined) {
      this.#saved = head;
      this.#known = { head };
    }
    return head;
  }

  /** Takes this end for the true one, whatever was known: null if the chain is empty. */
  async accept(db: Executor, tail: Link | null): Promise<void> {
    this.#id = await identify(db);
    this.#known = { head: tail ? headOf(tail) : nothingSealed };
  }

  /** Writes the head to the file, if it changed. @throws Error if the file cannot be written */
  async save(): Promise<void> {
    const head = this.#known?.head;
    if (head === undefined || head === this.#saved) return;
    // Even if it cannot be written: a warning a second helps nobody.
    this.#saved = head;
    const { [this.#id]: _, ...others } = await readFile(this.file);
    const all = [...Object.entries(others), [this.#id, { ...head, database: this.#database }]];
    await replaceFile(this.file, `${JSON.stringify(Object.fromEntries(all.slice(-MOST_DATABASES)))}\n`);
  }
}

/** Reads the heads; none if there is no file. @throws Error if it holds something else or cannot be read */
async function readFile(path: string): Promise<z.output<typeof keptHeads>> {
  const text = await readTextFile(path);
  if (text === undefined) return {};
  try {
    return keptHeads.parse(JSON.parse(text));
  } catch {
    throw new Error("it holds something else. If that is meant to be, remove the file");
  }
}

/** Finds the id of the database. Where the host of a database keeps it to itself, all are one to us. */
async function identify(db: Executor): Promise<string> {
  try {
    return (await db.savepoint((part) => part.one(readDatabaseId()))).id;
  } catch (error) {
    if (isAway(error)) throw error;
    return "unknown";
  }
}

/** Explains what is wrong if the chain does not contain the head; undefined if it does. */
export async function missingHead(db: Executor, { sequence, seal }: ChainHead): Promise<string | undefined> {
  if (sequence === nothingSealed.sequence) return undefined;
  const link = await db.maybeOne(readLink(sequence));
  if (link === null) return `seal ${sequence}, which was there, is gone: the end of the chain was cut off`;
  if (link.mac.toString("hex") === seal) return undefined;
  return `seal ${sequence} is not the one that was there: the chain was replaced from there or from before`;
}
