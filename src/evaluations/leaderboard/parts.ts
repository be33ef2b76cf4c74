import type { z } from "zod";
import { inSlices } from "../../slices.ts";
import { type Moments, mergeMoments } from "../../statistics/moments.ts";
import { type Coverage, coverageOf, plannedOf } from "../coverage/coverage.ts";
import {
  countFailed,
  countSamples,
  countsSuccesses,
  type Reduction,
  reduceGroups,
  type SampleGroup,
} from "../samples/reduce.ts";
import { ownOf } from "../summary/splits.ts";
import { groupFigures, idBytes, type leaderboardParts, partFigures, planFigures } from "./statements.ts";

interface Range {
  min: number;
  max: number;
}

/** A benchmark with a value or more. */
export interface Contender extends Moments, Range {
  /** Its id, in hex without dashes. */
  hex: string;
  coverage: Coverage;
  /** The repetitions that each sample is to have: as many as are declared, or as the sample with the most. */
  wanted?: number;
  /** Samples with more evaluations than declared: `samplesBeyond`. */
  beyond?: number;
  /** Of a benchmark with repetitions: its samples, each of which counts once. */
  groups?: readonly SampleGroup[];
}

/** Values of a benchmark; some that were taken away have negative figures. `failed`: those with an error. */
type Part = Omit<Contender, "coverage"> & { failed: number };

type Packed = z.output<typeof leaderboardParts.row>;

/**
 * Merges base and deltas of each benchmark, and reduces the samples of those with repetitions. By a reducer
 * of k repetitions it leaves the others out. `pending` counts benchmarks that are not computed yet, and
 * `unscored` the others that have no value.
 */
export async function mergeParts(
  packed: Packed,
  reduction: Reduction,
): Promise<{ contenders: Contender[]; pending: number; unscored: number }> {
  const left = new Set(idsOf(packed.missing));
  const reduced = await reducedParts(packed, reduction);
  const ranges = new Map<string, Range>();
  const changed = new Map<string, Part[]>();
  const plain: Part[] = [];
  const take = (part: Part, parts: Part[] | undefined, add: () => void) => {
    if (left.has(part.hex)) return;
    if (reduced.has(part.hex)) ranges.set(part.hex, widened(ranges.get(part.hex), part));
    else if (parts) parts.push(part);
    else add();
  };
  await eachRow(packed.deltas, partFigures, (part) =>
    take(part, changed.get(part.hex), () => changed.set(part.hex, [part])),
  );
  await eachRow(packed.base, partFigures, (part) =>
    take(part, changed.get(part.hex), () => plain.push(part)),
  );
  const merged = [...changed.values()].map(mergedPart);
  // A sample's value lies within the range of its repetitions.
  const sampled = [...reduced.values()].map((part) =>
    Number.isFinite(part.max) ? part : { ...part, ...ranges.get(part.hex) },
  );
  const others = countsSuccesses(reduction.reducer) ? [] : [...plain, ...merged];
  const parts = [...sampled.filter(({ hex }) => !left.has(hex)), ...others].filter(({ count }) => count > 0);
  const { contenders, matching } = await coveredParts(parts, packed);
  return { contenders, pending: left.size, unscored: matching - left.size - contenders.length };
}

const widened = (range: Range | undefined, part: Part): Range =>
  part.count > 0
    ? {
        min: Math.min(range?.min ?? part.min, part.min),
        max: Math.max(range?.max ?? part.max, part.max),
      }
    : (range ?? { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY });

function mergedPart(parts: readonly Part[]): Part {
  const [first] = parts as [Part, ...Part[]];
  let range: Range | undefined;
  for (const part of parts) range = widened(range, part);
  const failed = parts.reduce((total, part) => total + part.failed, 0);
  return { ...first, ...mergeMoments(parts), ...range, failed };
}

/** The benchmarks with repetitions. The range is infinite where groups do not tell it. */
async function reducedParts(packed: Packed, reduction: Reduction): Promise<Map<string, Part>> {
  const computed = new Map<string, Part>();
  await eachRow(packed.reduced, partFigures, (part) => {
    computed.set(part.hex, part);
  });
  const samples = new Map<string, SampleGroup[]>();
  await eachRow(packed.groups, groupFigures, ({ hex, ...group }) => {
    const groups = samples.get(hex);
    if (groups) groups.push(group);
    else samples.set(hex, [group]);
  });
  const partOf = (hex: string, groups: readonly SampleGroup[]): Part => {
    const part = computed.get(hex);
    if (part) return { ...part, groups, failed: countFailed(groups) };
    const { moments, failed } = reduceGroups(groups, reduction);
    return { hex, groups, min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY, ...moments, failed };
  };
  return new Map([...samples].map(([hex, groups]) => [hex, partOf(hex, groups)]));
}

/** Counts the samples of benchmarks. `matching` is the number of all, those without a value too. */
async function coveredParts(
  parts: readonly Part[],
  packed: Packed,
): Promise<{ contenders: Contender[]; matching: number }> {
  const plans = new Map<string, Record<(typeof planFigures)[number], number>>();
  await eachRow(packed.plans, planFigures, (plan) => {
    plans.set(plan.hex, plan);
  });
  const added = new Map<string, { count: number; sum: number }>();
  await eachRow(packed.tried, partFigures, ({ hex, count, sum }) => {
    const before = added.get(hex);
    added.set(hex, { count: count + (before?.count ?? 0), sum: sum + (before?.sum ?? 0) });
  });
  const contenders: Contender[] = [];
  await inSlices(parts.length, (index) => {
    const part = parts[index] as Part;
    const plan = plans.get(part.hex);
    if (!plan) return;
    const { groups } = part;
    const isRepeated = groups !== undefined;
    // The samples of repetitions are counted with what has changed since the last fold.
    const { count, sum } = (isRepeated ? undefined : added.get(part.hex)) ?? nothing;
    const planned = plannedOf(plan, isRepeated);
    const all = { planned, tried: plan.tried + count, withError: plan.withError + sum };
    const scored = groups ? countSamples(groups) : part.count;
    const scoredWithError = groups ? countFailed(groups) : part.failed;
    const samples = ownOf(all, { scored, scoredWithError }, plan);
    // Copies of thousands would take as long as reading them.
    const coverage = coverageOf(samples, part.count, part.failed);
    const { beyond, repetitions, mostTries } = plan;
    contenders.push(Object.assign(part, { coverage, beyond, wanted: repetitions || mostTries }));
  });
  return { contenders, matching: plans.size };
}

const nothing = { count: 0, sum: 0 };

function idsOf(base64: string): string[] {
  const bytes = Buffer.from(base64, "base64");
  return Array.from({ length: bytes.length / idBytes }, (_, index) => hexAt(bytes, index * idBytes));
}

type Row<Figure extends string> = Record<Figure, number> & { hex: string };

function eachRow<const Figure extends string>(
  base64: string,
  figures: readonly Figure[],
  take: (row: Row<Figure>) => void,
): Promise<void> {
  const bytes = Buffer.from(base64, "base64");
  // Reads doubles 20 times as fast as the methods of Buffer.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = idBytes + figures.length * 8;
  return inSlices(bytes.length / size, (index) => {
    const at = index * size;
    const row = { hex: hexAt(bytes, at) } as Row<Figure>;
    for (let place = 0; place < figures.length; place++)
      (row as Record<string, unknown>)[figures[place] as Figure] = view.getFloat64(at + idBytes + place * 8);
    take(row);
  });
}

function hexAt(bytes: Buffer, at: number): string {
  return bytes.toString("hex", at, at + idBytes);
}
