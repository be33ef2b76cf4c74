import type { z } from "zod";
import { inSlices } from "../../slices.ts";
import { type Moments, mergeMoments } from "../../statistics/moments.ts";
import { countsSuccesses, type Reduction, reduceGroups, type SampleGroup } from "../samples/reduce.ts";
import { groupFigures, idBytes, type leaderboardParts, partBytes } from "./statements.ts";

/** A benchmark with a value or more. */
export interface Contender extends Moments {
  /** Its id, in hex without dashes. */
  hex: string;
  /** Of a benchmark with repetitions: its samples, each of which counts once. */
  groups?: readonly SampleGroup[];
}

/**
 * Merges base and deltas of each benchmark, and reduces the samples of those with repetitions. By a reducer
 * of k repetitions it leaves the others out. `pending` counts benchmarks that are not computed yet.
 */
export async function mergeParts(
  packed: z.output<typeof leaderboardParts.row>,
  reduction: Reduction,
): Promise<{ contenders: Contender[]; pending: number }> {
  const left = new Set(idsOf(packed.missing));
  const pending = left.size;
  const contenders = (await reducedContenders(packed, reduction)).filter(({ hex }) => !left.has(hex));
  if (countsSuccesses(reduction.reducer)) return { contenders: contenders.filter(isRanked), pending };
  for (const { hex } of contenders) left.add(hex);
  const changed = new Map<string, Moments[]>();
  await eachPart(packed.deltas, (part) => {
    const { hex } = part;
    const parts = changed.get(hex);
    if (parts) parts.push(part);
    else if (!left.has(hex)) changed.set(hex, [part]);
  });
  const isPlain = left.size + changed.size === 0;
  await eachPart(packed.base, (part) => {
    const parts = isPlain ? undefined : changed.get(part.hex);
    if (parts) parts.push(part);
    else if (isPlain || !left.has(part.hex)) contenders.push(part);
  });
  for (const [hex, parts] of changed) contenders.push({ hex, ...mergeMoments(parts) });
  return { contenders: contenders.filter(isRanked), pending };
}

/** The benchmarks with repetitions. */
async function reducedContenders(
  packed: z.output<typeof leaderboardParts.row>,
  reduction: Reduction,
): Promise<Contender[]> {
  const reduced = new Map<string, Moments>();
  await eachPart(packed.reduced, (part) => {
    reduced.set(part.hex, part);
  });
  const samples = new Map<string, SampleGroup[]>();
  for (const [hex, group] of groupsOf(packed.groups)) {
    const groups = samples.get(hex);
    if (groups) groups.push(group);
    else samples.set(hex, [group]);
  }
  return [...samples].map(([hex, groups]) => {
    const { count, sum, m2 } = reduced.get(hex) ?? reduceGroups(groups, reduction).moments;
    return { hex, groups, count, sum, m2 };
  });
}

function* groupsOf(base64: string): Generator<[hex: string, group: SampleGroup]> {
  const bytes = Buffer.from(base64, "base64");
  const size = idBytes + groupFigures.length * 8;
  for (let at = 0; at < bytes.length; at += size) {
    const figures = groupFigures.map((name, index) => [name, bytes.readDoubleBE(at + idBytes + index * 8)]);
    yield [hexAt(bytes, at), Object.fromEntries(figures) as SampleGroup];
  }
}

const isRanked = ({ count }: Contender) => count > 0;

function idsOf(base64: string): string[] {
  const bytes = Buffer.from(base64, "base64");
  return Array.from({ length: bytes.length / idBytes }, (_, index) => hexAt(bytes, index * idBytes));
}

function eachPart(base64: string, take: (part: Contender) => void): Promise<void> {
  const bytes = Buffer.from(base64, "base64");
  // Reads doubles 20 times as fast as the methods of Buffer.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return inSlices(bytes.length / partBytes, (index) => take(new Part(bytes, view, index * partBytes)));
}

/** Few of thousands are ever asked for their id. */
class Part implements Contender {
  readonly count: number;
  readonly sum: number;
  readonly m2: number;
  readonly #bytes: Buffer;
  readonly #at: number;

  constructor(bytes: Buffer, view: DataView, at: number) {
    this.count = view.getFloat64(at + idBytes);
    this.sum = view.getFloat64(at + idBytes + 8);
    this.m2 = view.getFloat64(at + idBytes + 16);
    this.#bytes = bytes;
    this.#at = at;
  }

  get hex(): string {
    return hexAt(this.#bytes, this.#at);
  }
}

function hexAt(bytes: Buffer, at: number): string {
  return bytes.toString("hex", at, at + idBytes);
}
