import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { crc32, createInflateRaw, createZstdDecompress } from "node:zlib";
import * as yauzl from "yauzl";
import { messageOf } from "../thrown.ts";
import { ImportError, type Place, tryRead } from "./import-error.ts";
import { type PlacedRecord, parseObject } from "./json-text.ts";
import { collect, HARMLESS_BYTES, type Source, unreadable } from "./source.ts";
import { type ScannedEntry, scanEntries } from "./zip-scan.ts";

type Decoder = ReturnType<typeof createInflateRaw | typeof createZstdDecompress>;

/** Decoders by the ZIP specification's number of the compression method (APPNOTE 4.4.5). */
const decoders: Record<number, () => Decoder> = { 8: createInflateRaw, 93: createZstdDecompress };

/** The entries of a ZIP file. */
interface ZipDirectory {
  /** The index of the last entry of each name, which is the one that counts. */
  entries: ReadonlyMap<string, number>;
  /** Set if the file's own directory cannot be read, so that its entries were looked for. */
  damage?: ImportError;
}

/** An entry, wherever it was found. */
interface Entry extends Omit<ScannedEntry, "start"> {
  /** Reads its packed bytes. */
  read: () => AsyncIterable<Buffer> | Promise<AsyncIterable<Buffer>>;
}

/**
 * Reads the directory of a ZIP file. If it is cut off or damaged, the entries are found by their own heads.
 * @throws {ImportError} for too many entries, too much to inflate, and a file that is no ZIP file.
 */
export async function readZipDirectory(source: Source): Promise<ZipDirectory> {
  const { entries, damage } = await listEntries(source, listedEntries(source));
  if (damage === undefined) return { entries };
  const found = await listEntries(source, foundEntries(source));
  if (found.entries.size === 0) throw damage;
  const told = "its entries were looked for, and what is whole of them is read";
  return {
    entries: found.entries,
    damage: new ImportError({ file: source.file }, `${problemOf(damage)}; ${told}`, { cause: damage }),
  };
}

function problemOf({ message, place }: ImportError): string {
  return message.slice(`${place.file}: `.length);
}

async function listEntries(
  { path, file, limits }: Source,
  entries: AsyncIterable<Entry | ImportError>,
): Promise<ZipDirectory> {
  const last = new Map<string, number>();
  let index = 0;
  let inflated = 0;
  for await (const entry of entries) {
    if (entry instanceof ImportError) return { entries: last, damage: entry };
    last.set(entry.name, index++);
    inflated += entry.size;
    if (index > limits.maxEntries)
      throw new ImportError(
        { file },
        `more than ${limits.maxEntries} entries, which is the limit for a ZIP file`,
      );
  }
  const { size: fileSize } = await stat(path);
  if (inflated > Math.max(HARMLESS_BYTES, limits.maxRatio * fileSize))
    throw new ImportError(
      { file },
      `would inflate from ${fileSize} to ${inflated} bytes; the limit is ${limits.maxRatio} times its size`,
    );
  return { entries: last };
}

/**
 * Reads the wanted entries of a ZIP file, one at a time, each inflated in memory and checked by its CRC. One
 * that is damaged is an error in its place.
 */
export async function* readZip(
  source: Source,
  directory: ZipDirectory,
  wanted: (name: string) => boolean,
): AsyncGenerator<PlacedRecord | ImportError> {
  const { file, limits } = source;
  let index = 0;
  for await (const entry of directory.damage ? foundEntries(source) : listedEntries(source)) {
    if (entry instanceof ImportError) throw entry;
    const { name, packedSize } = entry;
    if (directory.entries.get(name) !== index++ || !wanted(name)) continue;
    const place = { file, entry: name };
    const bytes = await inflate(entry, place, limits.maxFileBytes);
    source.onBytes?.(packedSize);
    yield bytes instanceof ImportError ? bytes : tryRead(() => parseObject(bytes, place, limits));
  }
}

/** The entries that the file's directory lists; at its end, what is wrong with the directory. */
async function* listedEntries({ path, file }: Source): AsyncGenerator<Entry | ImportError> {
  let zip: yauzl.ZipFile | undefined;
  try {
    const opened = await yauzl.openPromise(path);
    zip = opened;
    for await (const entry of opened.eachEntry())
      yield {
        name: entry.fileName,
        method: entry.compressionMethod,
        isEncrypted: entry.isEncrypted(),
        crc: entry.crc32,
        size: entry.uncompressedSize,
        packedSize: entry.compressedSize,
        read: () => opened.openReadStreamPromise(entry, { decodeFileData: false }),
      };
  } catch (cause) {
    const error = unreadable({ file }, cause, "ZIP");
    // Errors of the file system say nothing of the file's content.
    if (!(error instanceof ImportError) || (cause instanceof Error && "syscall" in cause)) throw error;
    yield error;
  } finally {
    zip?.close();
  }
}

/** The entries that the file has, whatever its directory says. */
async function* foundEntries({ path }: Source): AsyncGenerator<Entry> {
  for await (const { start, ...entry } of scanEntries(path)) {
    const end = start + entry.packedSize - 1;
    const read = () => (end < start ? Readable.from([]) : createReadStream(path, { start, end }));
    yield { ...entry, read };
  }
}

async function inflate(
  { method, isEncrypted, size, crc, read }: Entry,
  place: Place,
  limit: number,
): Promise<Buffer | ImportError> {
  const decoder = decoders[method];
  if (isEncrypted) return new ImportError(place, "encrypted; expected a log without a password");
  if (!decoder && method !== 0)
    return new ImportError(place, `compression method ${method}; expected stored, deflate or zstd`);
  const inflated = (chunks: AsyncIterable<Buffer>) => collect(chunks, limit, place, "inflates to more than");
  let bytes: Buffer;
  try {
    bytes = await inflated(await read());
    if (decoder) bytes = await inflated(decode(bytes, decoder));
  } catch (cause) {
    if (cause instanceof ImportError) return cause;
    return new ImportError(place, `damaged: ${messageOf(cause)}`, { cause });
  }
  if (bytes.length !== size || crc32(bytes) !== crc)
    return new ImportError(place, "damaged: its size or its CRC is not what the ZIP file says");
  return bytes;
}

// Inspect cuts large entries into several zstd frames, and Node's decoder stops after one.
async function* decode(bytes: Buffer, decoder: () => Decoder): AsyncGenerator<Buffer> {
  let rest = bytes;
  do {
    const frame = decoder();
    frame.end(rest);
    yield* frame;
    if (frame.bytesWritten === 0) throw new Error("compressed data ends too early");
    rest = rest.subarray(frame.bytesWritten);
  } while (rest.length > 0);
}
