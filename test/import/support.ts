import { writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
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
