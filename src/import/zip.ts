import { crc32, createInflateRaw, createZstdDecompress } from "node:zlib";
import * as yauzl from "yauzl";
import { messageOf } from "../thrown.ts";
import { ImportError, type Place } from "./import-error.ts";
import { type PlacedRecord, parseObject } from "./json-text.ts";
import { collect, HARMLESS_BYTES, type Source, unreadable } from "./source.ts";

type Decoder = ReturnType<typeof createInflateRaw | typeof createZstdDecompress>;

/** Decoders by the ZIP specification's number of the compression method (APPNOTE 4.4.5). */
const decoders: Record<number, () => Decoder> = { 8: createInflateRaw, 93: createZstdDecompress };

/** The index of the last entry of each name in a ZIP file, which is the one that counts. */
type ZipDirectory = ReadonlyMap<string, number>;

/**
 * Reads the directory of a ZIP file.
 * @throws {ImportError} for too many entries, too much to inflate, and a file that is not a whole ZIP file.
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
): AsyncGenerator<PlacedRecord> {
  const { file, limits } = source;
  let index = 0;
  for await (const { zip, entry } of entriesOf(source)) {
    const name = entry.fileName;
    if (directory.get(name) !== index++ || !wanted(name)) continue;
    const place = { file, entry: name };
    const bytes = await inflate(zip, entry, place, limits.maxFileBytes);
    source.onBytes?.(entry.compressedSize);
    yield parseObject(bytes, place, limits);
  }
}

async function* entriesOf(source: Source): AsyncGenerator<{ zip: yauzl.ZipFile; entry: yauzl.Entry }> {
  const { path, file } = source;
  let zip: yauzl.ZipFile | undefined;
  try {
    zip = await yauzl.openPromise(path);
    for await (const entry of zip.eachEntry()) yield { zip, entry };
  } catch (cause) {
    throw unreadable({ file }, cause, "ZIP");
  } finally {
    zip?.close();
  }
}

async function inflate(zip: yauzl.ZipFile, entry: yauzl.Entry, place: Place, limit: number): Promise<Buffer> {
  const decoder = decoders[entry.compressionMethod];
  if (entry.isEncrypted()) throw new ImportError(place, "encrypted; expected a log without a password");
  if (!decoder && entry.compressionMethod !== 0)
    throw new ImportError(
      place,
      `compression method ${entry.compressionMethod}; expected stored, deflate or zstd`,
    );
  const inflated = (chunks: AsyncIterable<Buffer>) => collect(chunks, limit, place, "inflates to more than");
  let bytes: Buffer;
  try {
    bytes = await inflated(await zip.openReadStreamPromise(entry, { decodeFileData: false }));
    if (decoder) bytes = await inflated(decode(bytes, decoder));
  } catch (cause) {
    if (cause instanceof ImportError) throw cause;
    throw new ImportError(place, `damaged: ${messageOf(cause)}`, { cause });
  }
  if (bytes.length !== entry.uncompressedSize || crc32(bytes) !== entry.crc32)
    throw new ImportError(place, "damaged: its size or its CRC is not what the ZIP file says");
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
