import type { BenchmarkComparison } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { SlicesTable } from "../shared/pair-slices.ts";

/** A comparison, as reports for continuous integration show it. */
export interface Report {
  metric: string;
  /** Names of benchmarks are those that people gave them. */
  baseline: string;
  candidates: readonly ReportedCandidate[];
  /** Sentences on the comparison as a whole, for which `quote` shows names that others gave. */
  warningsWith: (quote?: (name: string) => string) => readonly string[];
  /** Sentences that say why gates are not passed, quoted as those. */
  failuresWith: (quote?: (name: string) => string) => readonly string[];
  /** Sentences that say of which test a figure is. */
  explanation: readonly string[];
  /** The most samples to show of a candidate. */
  samples: number;
}

export interface ReportedCandidate {
  name: string;
  verdict: string;
  comparison: BenchmarkComparison;
  /** Sentences that say what the pairs show beside the difference. */
  evidence: readonly string[];
  /** Its groups, where they are asked for. */
  slices: SlicesTable | undefined;
  /** What may be asked of the candidate, with the reason where it is not so. */
  demands: readonly { name: string; failure?: string | undefined }[];
}
