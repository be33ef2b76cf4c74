import { createReadStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { extract, pack } from "tar-stream";
import { z } from "zod";
import { messageOf } from "../thrown.ts";
import {
  BackupError,
  type BackupHeader,
  type BackupManifest,
  type BackupResult,
  type BackupTable,
  backupFormat,
  backupHeader,
  backupManifest,
} from "./format.ts";

/** Bytes of a table in one part before compression, which writer and reader keep in memory. */
const partBytes = 4 * 1024 * 1024;
/** The fastest level. COPY text still shrinks four- to eightfold, and the database stays busy. */
const compression = { level: 1 };
/** A part is at most this large when unpacked. A part that claims to be larger is not ours. */
const partBytesMost = 2 * partBytes;

/** Writes an archive into `target`, which it ends. */
export class ArchiveWriter {
  readonly #pack = pack();
  readonly #target: Writable;
  readonly #written: Promise<void>;

  constructor(target: Writable) {
    this.#target = target;
    this.#pack.on("error", () => undefined);
    this.#pack.pipe(target);
    this.#written = finished(target);
    // Every step below awaits it.
    this.#written.catch(() => this.#pack.destroy());
  }

  header(header: BackupHeader): Promise<void> {
    return this.#entry("backup.json", Buffer.from(JSON.stringify(header)));
  }

  /** Writes the stream of a table in parts. */
  async table(name: string, source: AsyncIterable<Buffer>): Promise<void> {
    let part = 0;
    for await (const bytes of partsOf(source)) {
      const number = String(++part).padStart(6, "0");
      await this.#entry(`tables/${name}/${number}.copy.gz`, await promisify(gzip)(bytes, compression));
    }
  }

  async manifest(manifest: BackupManifest): Promise<void> {
    await this.#entry("manifest.json", Buffer.from(JSON.stringify(manifest)));
    this.#pack.finalize();
    await this.#written;
  }

  /** Gives up and destroys the target. */
  async abort(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => undefined);
  }

  #entry(name: string, content: Buffer): Promise<void> {
    const stored = new Promise<void>((resolve, reject) => {
      // If the target fails, tar-stream only says that it was destroyed.
      const settle = (error?: Error | null) => (error ? reject(this.#target.errored ?? error) : resolve());
      this.#pack.entry({ name, mode: 0o600 }, content, settle);
    });
    // A failing target ends the wait too.
    return Promise.race([stored, this.#written]);
  }
}

async function* partsOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < partBytes) continue;
    yield Buffer.concat(chunks);
    chunks = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(chunks);
}

/** Callbacks for reading an archive. */
interface ArchiveVisitor {
  /** Receives the header, before any table. */
  header?(header: BackupHeader): Promise<void>;
  /** Receives the next bytes of a table. Tables come one after the other, in the order of the header. */
  table(table: BackupTable, bytes: Buffer): Promise<void> | void;
}

/**
 * Reads a whole archive.
 * @throws BackupError if it is no archive, of a newer version, damaged or cut off
 */
export async function readArchive(path: string, visitor: ArchiveVisitor): Promise<BackupResult> {
  const entries = extract();
  const file = createReadStream(path);
  file.on("error", (error) => entries.destroy(error));
  file.pipe(entries);
  let header: BackupHeader | undefined;
  let manifest: BackupManifest | undefined;
  let at = { index: -1, part: 0 };
  try {
    for await (const entry of entries) {
      const { name } = entry.header;
      if (manifest) throw damaged(path, `${name} comes after its end`);
      if (!header) {
        if (name !== "backup.json") throw notOurs(path);
        header = parseHeader(path, await bytesOf(entry));
        await visitor.header?.(header);
      } else if (name === "manifest.json") {
        manifest = parse(path, name, backupManifest, await bytesOf(entry));
      } else {
        const { table, ...place } = nextPart(path, name, header, at);
        at = place;
        await visitor.table(table, await unpacked(path, name, await bytesOf(entry)));
      }
    }
  } catch (error) {
    // tar-stream's own errors speak of headers and entries.
    const ours = error instanceof BackupError || (error instanceof Error && "code" in error);
    throw ours ? error : damaged(path, messageOf(error));
  } finally {
    file.destroy();
  }
  if (!header) throw notOurs(path);
  if (!manifest) throw damaged(path, "it ends too early: the backup was cut off");
  return { header, manifest };
}

function nextPart(
  path: string,
  name: string,
  { tables }: BackupHeader,
  last: { index: number; part: number },
): { table: BackupTable; index: number; part: number } {
  const [, named, part] = /^tables\/([a-z_]+)\/(\d{6})\.copy\.gz$/.exec(name) ?? [];
  const index = tables.findIndex((one) => one.name === named);
  const table = tables[index];
  const expected = index === last.index ? last.part + 1 : 1;
  if (!table || index < last.index || Number(part) !== expected)
    throw damaged(path, `${name} is out of place`);
  return { table, index, part: expected };
}

async function unpacked(path: string, name: string, compressed: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(compressed, { maxOutputLength: partBytesMost });
  } catch (error) {
    throw damaged(path, `${name}: ${messageOf(error)}`);
  }
}

async function bytesOf(entry: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of entry) {
    size += (chunk as Buffer).length;
    if (size > partBytesMost) throw new BackupError("an entry is larger than any that a backup has");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parseHeader(path: string, bytes: Buffer): BackupHeader {
  const header = parse(path, "backup.json", backupHeader, bytes);
  if (header.version > backupFormat) {
    throw new BackupError(
      `${path} is of backup format ${header.version}, this program reads up to ${backupFormat}: ` +
        `use the release that wrote it (${header.serviceVersion})`,
    );
  }
  return header;
}

function parse<Schema extends z.ZodType>(path: string, name: string, schema: Schema, bytes: Buffer) {
  try {
    return schema.parse(JSON.parse(bytes.toString()));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw damaged(path, `${name}: ${reason}`);
  }
}

function notOurs(path: string): BackupError {
  return new BackupError(`${path} is not a backup of this service: it does not begin with backup.json`);
}

export function damaged(path: string, what: string): BackupError {
  return new BackupError(`${path} is damaged: ${what}`);
}
