import type { LeaderboardEntry } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { oneLine } from "./output.ts";

/** More benchmarks than these are counted rather than named. */
const MOST_NAMED = 5;

/** A benchmark whose inputs were compared with those of another. */
export type Asked = Pick<
  LeaderboardEntry,
  "benchmarkId" | "benchmarkName" | "inputsCompared" | "differentInputs"
>;

export const otherInputs = (entries: readonly Asked[]) =>
  entries.filter(({ differentInputs = 0 }) => differentInputs > 0);

/** The name of the benchmark with whose inputs the others were compared, or its id. */
export function nameOfReference(entries: readonly Asked[], referenceId: string): string {
  return entries.find(({ benchmarkId }) => benchmarkId === referenceId)?.benchmarkName ?? referenceId;
}

/** Says which benchmarks were not asked the same as the others; undefined where none is known. */
export function inputsWarning(entries: readonly Asked[], referenceId: string): string | undefined {
  const others = otherInputs(entries);
  if (others.length === 0) return undefined;
  const named = others
    .slice(0, MOST_NAMED)
    .map(
      ({ benchmarkName, differentInputs, inputsCompared }) =>
        `${oneLine(benchmarkName)} (${differentInputs} of ${inputsCompared} samples)`,
    );
  if (others.length > MOST_NAMED) named.push(`${others.length - MOST_NAMED} more, see --json`);
  const reference = oneLine(nameOfReference(entries, referenceId));
  return (
    `inputs or expected answers differ from those of ${reference}: ${named.join(", ")}. ` +
    "Their means answer other questions; ltb compare leaves such samples out."
  );
}
