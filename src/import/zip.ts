import {
  crc32,
  createInflateRaw,
  createZstdDecompress,
  type InflateRaw,
  type ZstdDecompress,
} from "node:zlib";
import * as yauzl from "yauzl";
import { ImportError, type Place } from "./import-error.ts";
import { HARMLESS_BYTES, type Source, unreadable } from "./source.ts";

/** Decoders by the ZIP specification's number of the compression method (APPNOTE 4.4.5). */
const decoders = new Map<number, () => InflateRaw | ZstdDecompress>([
  [8, () => createInflateRaw()],
  [93, () => createZstdDecompress()],
]);

export interface ZipEntry {
  name: string;
  bytes: Buffer;
}

/** The index of the last entry of each name in a ZIP file, which is the one that counts. */
export type ZipDirectory = ReadonlyMap<string, number>;

/**
 * Reads the directory of a ZIP file, and refuses one with too many entries or one that would inflate too
 * much.
 * @throws {ImportError} for these, and for a file that is not a whole ZIP file.
 */
export async function readZipDirectory(source: Source): Promise<ZipDirectory> {
  const { file, limits } = source;
  const last = new Map<string, number>();
  let index = 0;
  let inflated = 0;
  let fileSize = 0;
  for await (const { zip, entry } of entriesOf(source)) {
    fileSize = zip.fileSize;
    last.set(entry.fileName, index++);
    inflated += entry.uncompressedSize;
    if (index > limits.maxEntries)
      throw new ImportError(
        { file },
        `more than ${limits.maxEntries} entries, which is the limit for a ZIP file`,
      );
  }
  if (inflated > Math.max(HARMLESS_BYTES, limits.maxRatio * fileSize))
    throw new ImportError(
      { file },
      `would inflate from ${fileSize} to ${inflated} bytes; the limit is ${limits.maxRatio} times its size`,
    );
  return last;
}

/** Reads the wanted entries of a ZIP file, one at a time, each inflated in memory and checked by its CRC. */
export async function* readZip(
  source: Source,
  directory: ZipDirectory,
  wanted: (name: string) => boolean,
  { count = false } = {},
): AsyncGenerator<ZipEntry> {
  let index = 0;
  for await (const { zip, entry } of entriesOf(source)) {
    const name = entry.fileName;
    if (directory.get(name) === index++ && wanted(name)) {
      const bytes = await inflate(zip, entry, { file: source.file, entry: name }, source.limits.maxFileBytes);
      if (count) source.options.onBytes?.(entry.compressedSize);
      yield { name, bytes };
    }
  }
}

async function* entriesOf({
  path,
  file,
}: Source): AsyncGenerator<{ zip: yauzl.ZipFile; entry: yauzl.Entry }> {
  let zip: yauzl.ZipFile;
  try {
    zip = await yauzl.openPromise(path);
  } catch (cause) {
    throw broken(file, cause);
  }
  const entries = zip.eachEntry();
  try {
    for (;;) {
      const next = await entries.next().catch((cause) => {
        throw broken(file, cause);
      });
      if (next.done) return;
      yield { zip, entry: next.value };
    }
  } finally {
    zip.close();
  }
}

async function inflate(zip: yauzl.ZipFile, entry: yauzl.Entry, place: Place, limit: number): Promise<Buffer> {
  const decoder = decoders.get(entry.compressionMethod);
  if (entry.isEncrypted()) throw new ImportError(place, "encrypted; expected a log without a password");
  if (!decoder && entry.compressionMethod !== 0)
    throw new ImportError(
      place,
      `compression method ${entry.compressionMethod}; expected stored, deflate or zstd`,
    );
  let bytes: Buffer;
  try {
    bytes = await collect(await zip.openReadStreamPromise(entry, { decodeFileData: false }), place, limit);
    if (decoder) bytes = await collect(decode(bytes, decoder), place, limit);
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    throw new ImportError(place, `damaged: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  if (bytes.length !== entry.uncompressedSize || crc32(bytes) !== entry.crc32)
    throw new ImportError(place, "damaged: its size or its CRC is not what the ZIP file says");
  return bytes;
}

// Inspect cuts large entries into several zstd frames, and Node's decoder stops after one and leaves the rest
// unread.
async function* decode(bytes: Buffer, decoder: () => InflateRaw | ZstdDecompress): AsyncGenerator<Buffer> {
  let rest = bytes;
  do {
    const frame = decoder();
    frame.end(rest);
    yield* frame;
    if (frame.bytesWritten === 0) throw new Error("compressed data ends too early");
    rest = rest.subarray(frame.bytesWritten);
  } while (rest.length > 0);
}

async function collect(stream: AsyncIterable<Buffer>, place: Place, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit)
      throw new ImportError(place, `inflates to more than ${limit} bytes, which is the limit`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function broken(file: string, cause: unknown): unknown {
  const known = unreadable(file, cause);
  if (known !== cause) return known;
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new ImportError({ file }, `not a whole ZIP file: ${problem}`, { cause });
}
