import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf } from "../thrown.ts";
import { ImportError, type Place } from "./import-error.ts";
import { type PlacedRecord, parseObject } from "./json-text.ts";
import { defaultLimits, type ImportLimits } from "./limits.ts";
import type { ReadOptions } from "./types.ts";

/** Below this inflated size the ratio to the packed size does not matter. */
export const HARMLESS_BYTES = 64 * 1024 * 1024;

/** A file to read, with the information that every reader needs. */
export interface Source {
  path: string;
  /** The name that messages use. */
  file: string;
  limits: ImportLimits;
  options: ReadOptions;
  /** Set if the reading counts for the progress bar; called with the bytes on the disk. */
  onBytes?: ReadOptions["onBytes"] | undefined;
}

export function sourceOf(path: string, options: ReadOptions): Source {
  return { path, file: basename(path), limits: { ...defaultLimits, ...options.limits }, options };
}

/** Another file of the same log. */
export function beside(source: Source, path: string): Source {
  return { ...source, path, file: basename(path) };
}

/** Returns the file's name without its extension, and without `.gz` after that. */
export function stemOf({ file }: Source): string {
  const name = withoutGz(file);
  return basename(name, extname(name));
}

/** Returns the name of a file after unpacking. */
export function withoutGz(name: string): string {
  return name.replace(/\.gz$/i, "");
}

/**
 * Reads the bytes of a file, unpacked if it is gzip.
 * @throws {ImportError} if it cannot be read, is no whole gzip file, or would inflate too much.
 */
export async function* chunksOf(source: Source): AsyncGenerator<Buffer> {
  const stored = storedChunks(source);
  const { value: first } = await stored.next();
  if (first === undefined) return;
  const chunks = (async function* () {
    yield first;
    yield* stored;
  })();
  yield* first[0] === 0x1f && first[1] === 0x8b ? gunzip(chunks, source) : chunks;
}

async function* gunzip(chunks: AsyncIterable<Buffer>, { file, limits }: Source): AsyncGenerator<Buffer> {
  let packed = 0;
  let inflated = 0;
  const counted = async function* () {
    for await (const chunk of chunks) {
      packed += chunk.length;
      yield chunk;
    }
  };
  const decoder = createGunzip({ chunkSize: 256 * 1024 });
  const input = Readable.from(counted(), { objectMode: false });
  input.once("error", (cause) => decoder.destroy(cause));
  try {
    for await (const chunk of input.pipe(decoder)) {
      inflated += chunk.length;
      if (inflated > Math.max(HARMLESS_BYTES, limits.maxRatio * packed))
        throw new ImportError({ file }, `inflates to more than ${limits.maxRatio} times its size`);
      yield chunk;
    }
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && String(cause.code).startsWith("Z_"))) throw cause;
    throw new ImportError({ file }, `not a whole gzip file: ${cause.message}`, { cause });
  } finally {
    input.destroy();
    decoder.destroy();
  }
}

async function* storedChunks({ path, file, onBytes }: Source): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      onBytes?.(chunk.length);
      yield chunk;
    }
  } catch (cause) {
    throw unreadable({ file }, cause);
  }
}

/** Reads a JSON object as a whole. */
export async function readObject(source: Source): Promise<PlacedRecord> {
  const { file, limits } = source;
  const bytes = await collect(chunksOf(source), limits.maxFileBytes, { file }, "longer than");
  return parseObject(bytes, { file }, limits);
}

/** Joins chunks. More than `limit` bytes are an {@link ImportError} that begins with `problem`. */
export async function collect(
  chunks: AsyncIterable<Buffer>,
  limit: number,
  place: Place,
  problem: string,
): Promise<Buffer> {
  const taken: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > limit) throw new ImportError(place, `${problem} ${limit} bytes, which is the limit`);
    taken.push(chunk);
  }
  return Buffer.concat(taken);
}

/**
 * Turns an exception of opening or reading a file into an error that names the file.
 * @param kind what it should be (ZIP …), where anything that the file system did not throw says it is not
 */
export function unreadable(place: Place, cause: unknown, kind?: string): unknown {
  if (cause instanceof ImportError) return cause;
  if (!(cause instanceof Error && "code" in cause)) {
    if (kind === undefined) return cause;
    return new ImportError(place, `not a whole ${kind} file: ${messageOf(cause)}`, { cause });
  }
  const problems: Record<string, string> = {
    ENOENT: "no such file",
    EACCES: "not readable: permission denied",
    EISDIR: "a folder; expected a file",
  };
  const problem = problems[String(cause.code)] ?? `not readable: ${cause.message}`;
  return new ImportError({ file: place.file }, problem, { cause });
}

/** Makes something of every record, as it is read. */
export async function* mapRecords<T, R>(
  records: AsyncIterable<T>,
  make: (record: T, index: number) => R,
): AsyncGenerator<R> {
  let index = 0;
  for await (const record of records) yield make(record, index++);
}
