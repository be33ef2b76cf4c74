import type { Deciding } from "../../statistics/verdict.ts";
import type { Filling } from "../shared/coverage.ts";
import type { Grouping } from "../shared/slices.ts";

/** What `ltb compare` is asked to show beside the difference. */
export interface Evidence extends Pick<Filling, "missing">, Deciding, Grouping {
  metric: string;
  margin?: number | undefined;
  equivalence?: boolean;
  detect?: number;
  /** The name of the reducer. Default: mean. */
  reducer?: string;
  /** Of the reducer, if it has one. */
  k?: number;
  clusterBy?: string;
  allowDifferentInputs?: boolean;
  /** Leaves them out knowingly. */
  excludeDifferentInputs?: boolean;
  /** Whether both ends of what the metric can be are known. Default: false */
  isRangeKnown?: boolean;
}
