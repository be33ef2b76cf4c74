import { createReadStream } from "node:fs";
import { basename, extname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { messageOf } from "../thrown.ts";
import { ImportError, type Place, tryRead } from "./import-error.ts";
import { type PlacedRecord, parseObject } from "./json-text.ts";
import { defaultLimits, type ImportLimits } from "./limits.ts";
import type { ReadOptions } from "./types.ts";

/** Below this inflated size the ratio to the packed size does not matter. */
export const HARMLESS_BYTES = 64 * 1024 * 1024;
/** Packed bytes that are inflated at once; to 1,032 times as many at most. */
const GUNZIP_BYTES = 16 * 1024;

/** A file to read, with the information that every reader needs. */
export interface Source {
  path: string;
  /** What messages call it: the path as it was given. */
  file: string;
  /** The file's own name, which says something of its content. */
  name: string;
  limits: ImportLimits;
  options: ReadOptions;
  /** Set if the reading counts for the progress bar; called with the bytes on the disk. */
  onBytes?: ReadOptions["onBytes"] | undefined;
}

export function sourceOf(path: string, options: ReadOptions): Source {
  const { file = path } = options;
  return { path, file, name: basename(file), limits: { ...defaultLimits, ...options.limits }, options };
}

/** Another file of the same log. */
export function beside(source: Source, path: string): Source {
  return path === source.path ? source : { ...source, path, file: path, name: basename(path) };
}

/** Returns the file's name without its extension, and without `.gz` after that. */
export function stemOf({ name: packed }: Source): string {
  const name = withoutGz(packed);
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
  let ready: Buffer[] = [];
  const decoder = createGunzip({ chunkSize: 256 * 1024 });
  // A stream that is read as one loses what it has inflated when it breaks.
  decoder.on("data", (piece: Buffer) => ready.push(piece));
  decoder.on("error", () => undefined);
  const settled = (start: (done: () => void) => void) =>
    new Promise<void>((resolve) => {
      const done = () => {
        decoder.off("end", done).off("close", done);
        resolve();
      };
      // Bytes behind the packed ones end the output, and their writing is never answered.
      decoder.once("end", done).once("close", done);
      start(done);
    });
  const isOpen = () => decoder.errored === null && !decoder.readableEnded;
  const take = () => {
    const taken = ready;
    ready = [];
    inflated += taken.reduce((sum, { length }) => sum + length, 0);
    if (inflated > Math.max(HARMLESS_BYTES, limits.maxRatio * packed))
      throw new ImportError({ file }, `inflates to more than ${limits.maxRatio} times its size`);
    return taken;
  };
  try {
    // Until the decoder flows, it holds back what it has inflated.
    await setImmediate();
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && isOpen(); at += GUNZIP_BYTES) {
        const piece = chunk.subarray(at, at + GUNZIP_BYTES);
        packed += piece.length;
        await settled((done) => decoder.write(piece, done));
        yield* take();
      }
    }
    if (isOpen()) await settled(() => decoder.end());
    yield* take();
    const cause = decoder.errored;
    if (cause !== null) throw new ImportError({ file }, `not a whole gzip file: ${cause.message}`, { cause });
  } finally {
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

/** Makes something of every record, as it is read. One that cannot be read stays the error that it is. */
export async function* mapRecords<T, R>(
  records: AsyncIterable<T | ImportError>,
  make: (record: T, index: number) => R | ImportError,
): AsyncGenerator<R | ImportError> {
  let index = 0;
  for await (const record of records) {
    const at = index++;
    yield record instanceof ImportError ? record : tryRead(() => make(record, at));
  }
}
