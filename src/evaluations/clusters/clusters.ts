import type { ClusterSpread } from "../../statistics/clusters.ts";
import { groupBy } from "../slices/key.ts";

/** Which samples belong together: those with the same value of this key. */
export const clusterKey = groupBy.optional();

/** Groups have no clusters: a message for whoever asks for both. */
export const notWithGroups =
  "cannot be given together with group_by: ask for groups apart, which have no clusters";

/** What a statement answers of the clusters of one value. */
export interface FoundClusters extends ClusterSpread {
  /** Samples of the largest. */
  largest: number;
  unnamed: number;
  mixed: number;
}

/** The clusters behind a figure. A sample that names none is one of its own. */
export interface Clusters {
  count: number;
  /** Samples of the largest cluster. */
  largest: number;
  /** Samples without the key, or with null or an empty text. */
  samplesUnnamed: number;
  /**
   * Samples whose repetitions, or whose sides of a comparison, name several; the first repetition's counts,
   * and the baseline's.
   */
  samplesMixed: number;
  /** The standard error that independent samples would have; null below two. */
  independentStderr: number | null;
}

/** @param stddev of the samples; undefined below two */
export function clustersOf(
  { clusters: count, largest, unnamed, mixed }: FoundClusters,
  samples: number,
  stddev: number | null | undefined,
): Clusters {
  const independentStderr = typeof stddev === "number" ? stddev / Math.sqrt(samples) : null;
  return { count, largest, samplesUnnamed: unnamed, samplesMixed: mixed, independentStderr };
}
