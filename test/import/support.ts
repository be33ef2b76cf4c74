import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { ImportError, requireRead } from "../../src/import/import-error.ts";
import { readLogs } from "../../src/import/read-logs.ts";
import type { ImportedBenchmark, ImportedEvaluation, ReadOptions } from "../../src/import/types.ts";
import { temporaryFolder } from "../harness/folder.ts";

export const data = fileURLToPath(new URL("../data/", import.meta.url));
export const samples = fileURLToPath(new URL("../../samples/", import.meta.url));

export interface ReadBenchmark {
  benchmark: ImportedBenchmark;
  evaluations: ImportedEvaluation[];
}

export async function readAll(path: string, options: ReadOptions = {}): Promise<ReadBenchmark[]> {
  const all: ReadBenchmark[] = [];
  for await (const read of readLogs(path, options)) {
    const benchmark = requireRead(read);
    all.push({ benchmark, evaluations: await collect(benchmark.evaluations) });
  }
  return all;
}

/** All records; the first that cannot be read is thrown. */
export async function collect<T>(items: AsyncIterable<T | ImportError>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(requireRead(item));
  return all;
}

/** The one benchmark of a log. */
export async function readOne(path: string, options: ReadOptions = {}): Promise<ReadBenchmark> {
  const [only, ...more] = await readAll(path, options);
  if (!only || more.length > 0)
    throw new Error(`expected one benchmark, found ${more.length + (only ? 1 : 0)}`);
  return only;
}

/** What can be read of a log that has faults, and the messages of these in order. */
interface FaultyLog {
  benchmarks: ImportedBenchmark[];
  evaluations: ImportedEvaluation[];
  faults: string[];
  /** The first fault. */
  message: string;
}

/** Reads a log with faults as far as it goes. The messages are without the folder that is in front of it. */
export async function readFaulty(path: string, options: ReadOptions = {}): Promise<FaultyLog> {
  const benchmarks: ImportedBenchmark[] = [];
  const evaluations: ImportedEvaluation[] = [];
  const faults: string[] = [];
  async function readEach<T>(items: AsyncIterable<T | ImportError>, take: (item: T) => unknown) {
    try {
      for await (const item of items) {
        if (item instanceof ImportError) faults.push(shortened(item));
        else await take(item);
      }
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      faults.push(shortened(error));
    }
  }
  const shortened = ({ message }: ImportError) =>
    message.replaceAll(`${path}/`, "").replaceAll(`${dirname(path)}/`, "");
  await readEach(readLogs(path, options), (benchmark) => {
    benchmarks.push(benchmark);
    return readEach(benchmark.evaluations, (evaluation) => evaluations.push(evaluation));
  });
  const [message] = faults;
  if (message === undefined) throw new Error(`${basename(path)}: expected an ImportError`);
  return { benchmarks, evaluations, faults, message };
}

/** A file of a folder that goes when the test ends. */
export async function temporary(name: string, content: string | Uint8Array): Promise<string> {
  const folder = temporaryFolder();
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

export function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard error of the mean, from the sample standard deviation. */
export function standardError(values: number[]): number {
  const center = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / Math.sqrt(values.length);
}

export function scoresOf(evaluations: ImportedEvaluation[]): number[] {
  return evaluations.flatMap(({ score }) => score ?? []);
}

export interface ZipPart {
  name: string;
  content: string | Uint8Array;
  /** 0 stored, 8 deflate, 93 zstd. */
  method?: number;
  compress?: (bytes: Uint8Array) => Uint8Array;
  /** What the directory says, where it lies. */
  size?: number;
  crc?: number;
  flags?: number;
}

/** A ZIP file, after APPNOTE 4.3. */
export function zipOf(parts: ZipPart[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, method = 0, compress = (bytes: Uint8Array) => bytes, ...claimed } of parts) {
    const bytes = Buffer.from(content);
    const packed = compress(bytes);
    const fields = Buffer.alloc(22);
    fields.writeUInt16LE(claimed.flags ?? 0, 0);
    fields.writeUInt16LE(method, 2);
    fields.writeUInt32LE(claimed.crc ?? crc32(bytes), 8);
    fields.writeUInt32LE(packed.length, 12);
    fields.writeUInt32LE(claimed.size ?? bytes.length, 16);
    fields.writeUInt16LE(Buffer.byteLength(name), 20);
    const local = Buffer.concat([Buffer.from("PK\x03\x04\x14\0", "latin1"), fields, Buffer.alloc(2)]);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(offset, 12);
    directory.push(
      Buffer.concat([Buffer.from("PK\x01\x02\x14\0\x14\0", "latin1"), fields, tail, Buffer.from(name)]),
    );
    const file = Buffer.concat([local, Buffer.from(name), packed]);
    files.push(file);
    offset += file.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, listing, end]);
}
