import { ImportError, type Place } from "./import-error.ts";
import { splitJson } from "./json-split.ts";
import { type PlacedRecord, parseObject } from "./json-text.ts";
import { chunksOf, type Source } from "./source.ts";

/** A record of a log, which is a line of JSONL or an element of an array. */
export interface LogRecord extends PlacedRecord<Place & { line: number }> {
  /** From 0. */
  index: number;
  /** Length of its text. */
  bytes: number;
}

/** Reads the records of a JSONL file, without its empty lines. */
export async function* recordsOfLines(source: Source): AsyncGenerator<LogRecord> {
  const { file, limits } = source;
  let index = 0;
  for await (const { line, bytes } of linesOf(source)) {
    yield { ...parseObject(bytes, { file, line }, limits), index: index++, bytes: bytes.length };
  }
}

/** Reads the elements of the array that is the whole file, or that is at the path `items` in it. */
export async function* recordsOfArray(source: Source, items?: string): AsyncGenerator<LogRecord> {
  const { file, limits } = source;
  const options = { file, limits, ...(items && { items, wanted: () => false }) };
  for await (const { index, line, bytes } of splitJson(chunksOf(source), options)) {
    if (index === undefined)
      throw new ImportError({ file, line }, "expected a JSON array of records, found an object");
    yield { ...parseObject(bytes, { file, record: index, line }, limits), index, bytes: bytes.length };
  }
}

/** Reads the non-empty lines of a file, each at most `maxRecordBytes` long, and numbers them from 1. */
async function* linesOf(source: Source): AsyncGenerator<{ line: number; bytes: Buffer }> {
  const { maxRecordBytes } = source.limits;
  let line = 1;
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(source)) {
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(0x0a, start);
      const piece = chunk.subarray(start, newline < 0 ? chunk.length : newline);
      size += piece.length;
      if (size > maxRecordBytes)
        throw new ImportError(
          { file: source.file, line },
          `longer than ${maxRecordBytes} bytes, which is the limit`,
        );
      pieces.push(piece);
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
