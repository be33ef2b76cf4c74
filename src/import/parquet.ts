import { createReadStream } from "node:fs";
import { crc32, zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import type { JsonObject, JsonValue } from "../validation.ts";
import { ImportError, type Place, tryRead } from "./import-error.ts";
import { kindOf, type PlacedRecord, parseJson, parseObject } from "./json-text.ts";
import { exportedBenchmark } from "./ltb-export.ts";
import { type Source, unreadable } from "./source.ts";
import type { ImportedBenchmark } from "./types.ts";

/** Most bytes of a row group, and of an inflated page. Our own files take a tenth of it. */
const MAX_GROUP_BYTES = 256 * 1024 * 1024;

// The default decoder would drop a byte order mark.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const parsers = {
  stringFromBytes: (bytes: Uint8Array | undefined) => bytes && utf8.decode(bytes),
  timestampFromMicroseconds: isoOfMicros,
};

const compressors = {
  ZSTD: (input: Uint8Array, length: number) =>
    zstdDecompressSync(input, { maxOutputLength: pageLength(length) }),
};

/** Reads our own export as Parquet. Each row is an evaluation; the benchmark is in the file's metadata. */
export async function* readParquet(source: Source): AsyncGenerator<ImportedBenchmark> {
  const { file, limits } = source;
  const { metadata, buffer } = await openParquet(source);
  const header = aboutOf(metadata, "ltb_export");
  if (header === undefined)
    throw new ImportError(
      { file, field: "ltb_export" },
      "missing in the file's metadata; expected an export of ours",
    );
  // The library trusts Parquet's own structures, and a damaged one can keep it busy for ever.
  const end = buffer.byteLength - metadata.metadata_length - 8;
  if (aboutOf(metadata, "ltb_crc32") !== String(await attempt({ file }, () => checksumOf(source, end))))
    throw new ImportError({ file }, "damaged: its CRC-32 is not what its metadata says");
  const record = parseObject(Buffer.from(header), { file }, limits);
  yield exportedBenchmark(record, source, rowsOf);
}

function aboutOf({ key_value_metadata: about }: FileMetaData, name: string): string | undefined {
  return about?.find(({ key }) => key === name)?.value;
}

async function checksumOf({ path }: Source, end: number): Promise<number> {
  let checksum = 0;
  for await (const chunk of createReadStream(path, { end: end - 1, highWaterMark: 1024 * 1024 }))
    checksum = crc32(chunk, checksum);
  return checksum;
}

async function* rowsOf(source: Source): AsyncGenerator<PlacedRecord | ImportError> {
  const { file } = source;
  const { buffer, metadata } = await openParquet(source);
  let index = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = index + Number(group.num_rows);
    if (group.total_byte_size > MAX_GROUP_BYTES)
      throw new ImportError(
        { file, record: index },
        `a row group of ${group.total_byte_size} bytes; the limit is ${MAX_GROUP_BYTES}`,
      );
    const records = await attempt({ file, record: index }, () =>
      parquetReadObjects({ file: buffer, metadata, rowStart: index, rowEnd, compressors, parsers }),
    );
    source.onBytes?.(Number(group.total_compressed_size ?? 0));
    for (const record of records) {
      const place = { file, record: index };
      yield tryRead(() => ({ record: recordOf(record, place, source), marks: {}, place }));
      index++;
    }
  }
}

function openParquet({ path, file }: Source) {
  return attempt({ file }, async () => {
    const buffer = await asyncBufferFromFile(path);
    return { buffer, metadata: await parquetMetadataAsync(buffer) };
  });
}

/** Makes the record that a line of JSONL would be: a null field was not set, and objects are text. */
function recordOf(row: Record<string, unknown>, place: Place, { limits }: Source): JsonObject {
  const record: JsonObject = {};
  for (const [name, cell] of Object.entries(row)) {
    if (cell === null || cell === undefined) continue;
    const at = { ...place, field: name };
    if (name === "metrics" || name === "metadata")
      record[name] = parseJson(Buffer.from(String(cell)), at, limits).value;
    else record[name] = plainOf(cell, at);
  }
  return record;
}

function plainOf(cell: unknown, place: Place): JsonValue {
  if (typeof cell === "string" || typeof cell === "boolean" || typeof cell === "number") return cell;
  throw new ImportError(place, `expected a text or a number, found ${kindOf(cell)}`);
}

/** Converts microseconds since 1970 to ISO 8601; undefined for a time that has none. */
function isoOfMicros(micros: bigint): string | undefined {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n);
  const time = new Date(Number(seconds) * 1000);
  if (Number.isNaN(time.getTime())) return undefined;
  const fraction = String(micros - seconds * 1_000_000n).padStart(6, "0");
  return `${time.toISOString().slice(0, -5)}.${fraction}Z`;
}

function pageLength(length: number): number {
  if (length > MAX_GROUP_BYTES) throw new Error(`a page of ${length} bytes; the limit is ${MAX_GROUP_BYTES}`);
  return Math.max(1, length);
}

/** Turns the library's exceptions into errors that name the place: anyone may have written the file. */
async function attempt<T>(place: Place, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw unreadable(place, cause, "Parquet");
  }
}
