import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { makePrintable } from "../../text.ts";

type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Writes pieces of text or bytes to stdout, as fast as it is read: to a terminal only what it can show. */
export async function writeToStdout(pieces: Pieces): Promise<void> {
  const shown = process.stdout.isTTY ? showable(pieces) : pieces;
  await pipeline(Readable.from(shown), process.stdout, { end: false });
}

async function* showable(pieces: Pieces): AsyncGenerator<string | Uint8Array> {
  for await (const piece of pieces) yield typeof piece === "string" ? makePrintable(piece) : piece;
}

/** Writes pieces of text or bytes to a file, which appears (or is replaced) only when all are written. */
export async function writeToFile(path: string, pieces: Pieces): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  // A device or a pipe must not be replaced by a file.
  if (found !== undefined && !found.isFile()) return pipeline(Readable.from(pieces), createWriteStream(path));
  const partial = `${path}.part`;
  try {
    await pipeline(Readable.from(pieces), createWriteStream(partial, { flush: true }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
