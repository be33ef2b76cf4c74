import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ImportError } from "../../src/import/import-error.ts";
import { readLogs } from "../../src/import/read-logs.ts";
import { randomOf } from "../harness/random.ts";
import { damagedLogs } from "./logs.ts";

/** A log takes at most this long, on a machine that does other things too. */
const patientMs = 20_000;

export interface ImportFuzz {
  logs: number;
  /** Every log draws from a seed of its own, which follows from this one and its number. */
  seed: number;
  folder: string;
}

/** Reads damaged logs, and answers what went wrong with each that ended by anything but an ImportError. */
export async function fuzzImports({ logs, seed, folder }: ImportFuzz): Promise<string[]> {
  const drawers = [...(await damagedLogs())];
  const faults: string[] = [];
  for (let number = 0; number < logs; number++) {
    const [name, draw] = drawers[number % drawers.length] as (typeof drawers)[number];
    const path = join(folder, name);
    await writeFile(path, draw(randomOf(seed + number)));
    const begun = performance.now();
    const problem = await read(path).then(
      () => undefined,
      (error: unknown) => (error instanceof ImportError ? undefined : error),
    );
    const tookMs = performance.now() - begun;
    const said = problem instanceof Error ? problem.stack : problem;
    if (said !== undefined) faults.push(`log ${number}, ${name}: ${said}`);
    if (tookMs > patientMs) faults.push(`log ${number}, ${name}: took ${Math.round(tookMs)} ms`);
  }
  const known = new Set(drawers.map(([name]) => name));
  const left = (await readdir(folder)).filter((name) => !known.has(name));
  return left.length === 0 ? faults : [...faults, `files were left: ${left.join(", ")}`];
}

async function read(path: string): Promise<void> {
  for await (const benchmark of readLogs(path)) {
    if (benchmark instanceof ImportError) continue;
    for await (const _ of benchmark.evaluations);
  }
}
