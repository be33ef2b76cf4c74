import type { z } from "zod";
import { inSlices } from "../../slices.ts";
import { type Moments, mergeMoments } from "../../statistics/moments.ts";
import { idBytes, type leaderboardParts, partBytes } from "./statements.ts";

/** A benchmark with a value or more. */
export interface Contender extends Moments {
  /** Its id, in hex without dashes. */
  hex: string;
}

/** Merges base and deltas of each benchmark. `pending` counts benchmarks whose base is not computed yet. */
export async function mergeParts(
  packed: z.output<typeof leaderboardParts.row>,
): Promise<{ contenders: Contender[]; pending: number }> {
  const left = new Set(idsOf(packed.missing));
  const contenders: Contender[] = [];
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
  return { contenders: contenders.filter(isRanked), pending: left.size };
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
