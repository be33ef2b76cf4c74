import type { Clusters, MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { CliError } from "./errors.ts";
import { countOf, formatNumber } from "./output.ts";

/** Options of a command whose errors and intervals may be by clusters. */
export interface Clustering {
  clusterBy?: string;
}

/** Below so many, intervals cover the truth less often than they say. */
const FEW = 10;

/** What clusters do to the figures, in a sentence. */
export const explainClusters = (by: string) =>
  `Samples with the same ${by} are a cluster, and no independent evidence of each other: errors and intervals are by clusters (CR1, and t with one degree of freedom less than there are clusters).`;

/** What to know of the clusters behind figures before trusting these. */
export function clusterWarnings(by: string, found: readonly Clusters[]): string[] {
  if (found.length === 0) return [];
  const least = Math.min(...found.map(({ count }) => count));
  const unnamed = Math.max(...found.map(({ samplesUnnamed }) => samplesUnnamed));
  const mixed = Math.max(...found.map(({ samplesMixed }) => samplesMixed));
  const lines: string[] = [];
  if (least === 1)
    lines.push(
      `warning: all samples are of one cluster, so that there is neither an error nor an interval nor a test: how clusters differ cannot be told`,
    );
  else if (least < FEW)
    lines.push(
      `warning: with ${least} clusters, fewer than ${FEW}, intervals are too narrow and p-values too small`,
    );
  if (unnamed > 0)
    lines.push(
      `${countOf(unnamed, "sample")} without ${by} ${unnamed === 1 ? "is" : "are each"} a cluster of its own`,
    );
  if (mixed > 0)
    lines.push(
      `${countOf(mixed, "sample")} with several values of ${by} ${mixed === 1 ? "is" : "are"} in the cluster of the first`,
    );
  return lines;
}

export const clusterColumns = [
  "metric",
  ">clusters",
  ">samples of the largest",
  ">in none",
  ">stderr by clusters",
  ">if independent",
];

/** The rows of a table of clusters. */
export function clusterRows(metrics: readonly MetricSummary[]): (string | number)[][] {
  return metrics.flatMap(({ name, stderr, clusters: found }) => {
    if (found === undefined) return [];
    const { count, largest, samplesUnnamed, independentStderr } = found;
    const errors = [stderr, independentStderr].map((value) => formatNumber(value));
    return [[name, count, largest, samplesUnnamed, ...errors]];
  });
}

/**
 * Refuses a key that no sample has: the figures would be as without clusters.
 * @param found each with the number of its samples
 * @throws CliError
 */
export function requireClusters(
  by: string,
  found: readonly { clusters?: Clusters | undefined; samples: number }[],
): void {
  const clustered = found.filter(({ clusters }) => clusters !== undefined);
  if (clustered.length === 0) return;
  if (clustered.some(({ clusters, samples }) => clusters && clusters.samplesUnnamed < samples)) return;
  throw new CliError(`no sample has ${by} in its metadata; ltb export shows what they have`, {
    code: "NOT_FOUND",
  });
}
