import { crc32, zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import * as z from "zod";
import { parseAsWritten } from "../json-numbers.ts";
import { messageOf } from "../thrown.ts";
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
  const { metadata } = await openParquet(source);
  const header = aboutOf(metadata, "ltb_export");
  if (header === undefined)
    throw new ImportError(
      { file, field: "ltb_export" },
      "missing in the file's metadata; expected an export of ours",
    );
  const record = parseObject(Buffer.from(header), { file }, limits, parseAsWritten);
  yield exportedBenchmark(record, source, rowsOf);
}

function aboutOf({ key_value_metadata: about }: FileMetaData, name: string): string | undefined {
  return about?.find(({ key }) => key === name)?.value;
}

/** Of each row group: its rows, where it begins and ends in the file, and the CRC-32 of it. */
const checksumSchema = z.array(z.tuple([z.int(), z.int(), z.int(), z.int()]));

/** The rows of each row group that is whole; for any other an error, which tells what is missing. */
async function* rowsOf(source: Source): AsyncGenerator<PlacedRecord | ImportError> {
  const { file, limits } = source;
  const parquet = await openParquet(source);
  const count = parquet.metadata.row_groups.length;
  const at = { file, field: "ltb_crc32" };
  const about = aboutOf(parquet.metadata, "ltb_crc32") ?? "null";
  const { data: groups } = checksumSchema.safeParse(parseJson(Buffer.from(about), at, limits).value);
  if (groups?.length !== count) throw new ImportError(at, `expected the checksums of ${count} row groups`);
  let first = 0;
  for (const [number, group] of groups.entries()) {
    const [rows, start, end] = group;
    const read = await readGroup(parquet, number, first, group).catch((cause) => {
      const lost = `row group ${number}, with records ${first} to ${first + rows - 1}`;
      return new ImportError({ file, record: first }, `${lost}: ${messageOf(cause)}`, { cause });
    });
    source.onBytes?.(end - start);
    if (read instanceof ImportError) yield read;
    else
      for (const [n, row] of read.entries()) {
        const place = { file, record: first + n };
        yield tryRead(() => ({ record: recordOf(row, place, source), marks: {}, place }));
      }
    first += rows;
  }
}

type Parquet = Awaited<ReturnType<typeof openParquet>>;

/** Reads a row group. @throws Error of any kind if it is damaged, as anyone may have written the file. */
async function readGroup(
  { buffer, metadata }: Parquet,
  number: number,
  rowStart: number,
  [rows, start, end, checksum]: z.infer<typeof checksumSchema>[number],
): Promise<Record<string, unknown>[]> {
  if (end - start > MAX_GROUP_BYTES)
    throw new Error(`longer than ${MAX_GROUP_BYTES} bytes, which is the limit`);
  const bytes = await buffer.slice(start, end);
  // The library trusts Parquet's own structures, and a damaged one can keep it busy for ever.
  if (crc32(new Uint8Array(bytes)) !== checksum)
    throw new Error("damaged: its CRC-32 is not what the file's metadata says");
  if (Number(metadata.row_groups[number]?.num_rows) !== rows)
    throw new Error("damaged: the file's metadata tells two numbers of its rows");
  const file = {
    byteLength: buffer.byteLength,
    slice(from: number, to = buffer.byteLength) {
      if (from < start || to > end) throw new Error("damaged: the file's metadata seeks it elsewhere");
      return bytes.slice(from - start, to - start);
    },
  };
  return parquetReadObjects({ file, metadata, rowStart, rowEnd: rowStart + rows, compressors, parsers });
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
      record[name] = parseJson(Buffer.from(String(cell)), at, limits, parseAsWritten).value;
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
