import type { JsonValue } from "../validation.ts";
import { ImportError, type Place, requireRead, tryRead } from "./import-error.ts";
import { insignificant, splitJson } from "./json-split.ts";
import { type PlacedRecord, parseObject } from "./json-text.ts";
import { chunksOf, type Source } from "./source.ts";

/** A record of a log, which is a line of JSONL or an element of an array. */
export interface LogRecord extends PlacedRecord<Place & { line: number }> {
  /** From 0. */
  index: number;
  /** Length of its text. */
  bytes: number;
}

type Records = AsyncGenerator<LogRecord | ImportError>;

/** Reads the records of a file that is JSONL or a JSON array. */
export async function* recordsOf(source: Source): Records {
  yield* (await isArray(source)) ? recordsOfArray(source) : recordsOfLines(source);
}

/**
 * Reads the records of a JSONL file, without its empty lines.
 * @param read as for `parseJson`
 */
export async function* recordsOfLines(source: Source, read?: (text: string) => JsonValue): Records {
  const { file, limits } = source;
  let index = 0;
  for await (const found of linesOf(source)) {
    const at = index++;
    if (found instanceof ImportError) yield found;
    else {
      const { line, bytes } = found;
      const place = { file, line };
      yield tryRead(() => ({ ...parseObject(bytes, place, limits, read), index: at, bytes: bytes.length }));
    }
  }
}

/** Reads the elements of the array that is the whole file, or that is at the path `items` in it. */
export async function* recordsOfArray(source: Source, items?: string): Records {
  const { file, limits } = source;
  const options = { file, limits, ...(items && { items, wanted: () => false }) };
  for await (const part of splitJson(chunksOf(source), options)) {
    if (part instanceof ImportError) {
      yield part;
      continue;
    }
    const { index, line, bytes } = part;
    if (index === undefined)
      throw new ImportError({ file, line }, "expected a JSON array of records, found an object");
    const place = { file, record: index, line };
    yield tryRead(() => ({ ...parseObject(bytes, place, limits), index, bytes: bytes.length }));
  }
}

/**
 * Returns the first record that can be read; undefined if there is none at all.
 * @throws {ImportError} that of the first record if no record can be read
 */
export async function firstOf<T>(records: AsyncIterable<T | ImportError>): Promise<T | undefined> {
  let first: ImportError | undefined;
  for await (const record of records) {
    if (!(record instanceof ImportError)) return record;
    first ??= record;
  }
  return first && requireRead<T>(first);
}

async function isArray(source: Source): Promise<boolean> {
  for await (const chunk of chunksOf({ ...source, onBytes: undefined })) {
    const first = chunk.find((byte) => !insignificant.includes(byte));
    if (first !== undefined) return first === 0x5b;
  }
  return false;
}

/** Reads the non-empty lines of a file, each at most `maxRecordBytes` long, and numbers them from 1. */
async function* linesOf(source: Source): AsyncGenerator<{ line: number; bytes: Buffer } | ImportError> {
  const { maxRecordBytes } = source.limits;
  let line = 1;
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(source)) {
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(0x0a, start);
      const piece = chunk.subarray(start, newline < 0 ? chunk.length : newline);
      const isTooLong = size > maxRecordBytes;
      size += piece.length;
      if (size <= maxRecordBytes) pieces.push(piece);
      else if (!isTooLong) {
        pieces = [];
        const problem = `longer than ${maxRecordBytes} bytes, which is the limit`;
        yield new ImportError({ file: source.file, line }, problem);
      }
      if (newline < 0) break;
      const bytes = Buffer.concat(pieces);
      if (!isBlank(bytes)) yield { line, bytes };
      line++;
      pieces = [];
      size = 0;
      start = newline + 1;
    }
  }
  const bytes = Buffer.concat(pieces);
  if (!isBlank(bytes)) yield { line, bytes };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
