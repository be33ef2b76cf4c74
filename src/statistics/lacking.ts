import type { Coverage, LeaderboardEntry, Repetitions } from "../../gen/ltb/v1/benchmark_pb.ts";

/** How many of the planned samples and repetitions a mean is over. */
export interface Covered {
  coverage?: Coverage | undefined;
  repetitions?: Repetitions | undefined;
}

/**
 * Whether an evaluation that failed may have a better value than it would have had, as latency, tokens and
 * cost end with the failure. A score counts whatever failed beside it.
 */
export const mayEndEarly = (name: string, lowerIsBetter: boolean) => lowerIsBetter && name !== "score";

/** Whether samples are missing, or repetitions of others. */
export const lacksValues = ({ coverage, repetitions }: Covered): boolean =>
  (coverage?.missing ?? 0) > 0 || (repetitions?.samplesLacking ?? 0) > 0;

/**
 * Whether the mean of an entry may be another, because nothing stands for what is missing, or what failed may
 * have ended early.
 */
export const isOpen = (entry: LeaderboardEntry): boolean =>
  (lacksValues(entry) && entry.filledWith === undefined) ||
  entry.rankedLow !== entry.ci95Low ||
  entry.rankedHigh !== entry.ci95High;
