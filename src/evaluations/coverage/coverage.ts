/**
 * How many of the samples of a benchmark have a value of a metric: tried = scored + failed + unscored.
 * Evaluations without a sample id are samples of their own.
 */
export interface Coverage {
  /** Samples that there were to be; null: not known. */
  planned: number | null;
  /** Samples with an evaluation. */
  tried: number;
  /** Samples with a value of the metric, after the reduction of repetitions. */
  scored: number;
  /** Samples without such a value, of which an evaluation has an error. */
  failed: number;
  /** Samples without such a value and without an error. */
  unscored: number;
  /** Those scored of which an evaluation has an error. */
  scoredWithError: number;
  /** Samples that lack a value: the larger of `planned` and `tried`, less `scored`. */
  missing: number;
}

/** What a benchmark declares of its size; 0: nothing. */
export interface Plan {
  plannedSamples: number;
  totalIterations: number;
  repetitions: number;
}

/**
 * The samples that a benchmark is to have: as many as it declares, or else its evaluations divided by its
 * repetitions. Null where that is not known, as of repetitions that nobody has declared.
 */
export function plannedOf(
  { plannedSamples, totalIterations, repetitions }: Plan,
  isRepeated: boolean,
): number | null {
  if (plannedSamples > 0) return plannedSamples;
  if (totalIterations === 0 || (isRepeated && repetitions === 0)) return null;
  return Math.ceil(totalIterations / Math.max(1, repetitions));
}

/** The samples of a benchmark, whatever the metric. */
export interface Tried {
  planned: number | null;
  tried: number;
  /** Samples of which an evaluation has an error. */
  withError: number;
}

/** @param scoredWithError samples with a value and with an error, which need not be of the same evaluation */
export function coverageOf(
  { planned, tried, withError }: Tried,
  scored: number,
  scoredWithError: number,
): Coverage {
  const failed = withError - scoredWithError;
  return {
    ...{ planned, tried, scored, failed, scoredWithError },
    unscored: tried - scored - failed,
    missing: Math.max(planned ?? 0, tried) - scored,
  };
}

/** The share of the samples, planned or tried, that have a value; 1 where there are none at all. */
export function shareOf({ scored, missing }: Pick<Coverage, "scored" | "missing">): number {
  return missing === 0 ? 1 : scored / (scored + missing);
}
