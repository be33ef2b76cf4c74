import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { ImportError } from "./import-error.ts";
import { type ParsedJson, parseObject } from "./json-text.ts";
import { defaultLimits, type ImportLimits } from "./limits.ts";
import type { JsonObject, ReadOptions } from "./types.ts";

/** A file to be read, with what every reader needs to know. */
export interface Source {
  path: string;
  /** The name that messages use. */
  file: string;
  limits: ImportLimits;
  options: ReadOptions;
}

export function sourceOf(path: string, options: ReadOptions): Source {
  return { path, file: basename(path), limits: { ...defaultLimits, ...options.limits }, options };
}

/** Another file of the same log. */
export function beside(source: Source, path: string): Source {
  return { ...source, path, file: basename(path) };
}

/** The bytes of a file as they come from the disk. `count`: report them to `onBytes`. */
export async function* chunksOf(
  { path, file, options }: Source,
  { count = false }: { count?: boolean } = {},
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      if (count) options.onBytes?.(chunk.length);
      yield chunk;
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** A line of a file: its number, from 1, and its bytes without the end of line. */
export interface Line {
  line: number;
  bytes: Buffer;
}

/** The lines of a file that hold anything, each at most `maxRecordBytes` long. */
export async function* linesOf(source: Source, { count = false } = {}): AsyncGenerator<Line> {
  const { maxRecordBytes } = source.limits;
  let line = 1;
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(source, { count })) {
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

/** A JSON object that is read whole. */
export async function readObject(source: Source): Promise<{ value: JsonObject; marks: ParsedJson["marks"] }> {
  const { file, limits } = source;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(source)) {
    size += chunk.length;
    if (size > limits.maxFileBytes)
      throw new ImportError({ file }, `longer than ${limits.maxFileBytes} bytes, which is the limit`);
    chunks.push(chunk);
  }
  return parseObject(Buffer.concat(chunks), { file }, limits);
}

/** Turns what opening or reading a file throws into an error that names it. */
export function unreadable(file: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || !("code" in cause) || cause instanceof ImportError) return cause;
  const problems: Record<string, string> = {
    ENOENT: "no such file",
    EACCES: "not readable: permission denied",
    EISDIR: "a folder; expected a file",
  };
  return new ImportError({ file }, problems[String(cause.code)] ?? `not readable: ${cause.message}`, {
    cause,
  });
}

/** An iterable whose every iteration begins anew. */
export function repeatable<T>(iterate: () => AsyncIterator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: iterate };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
