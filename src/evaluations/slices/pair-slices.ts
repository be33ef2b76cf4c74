import type { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { mcnemarExact } from "../../statistics/mcnemar.ts";
import { studentTUpperTail } from "../../statistics/student-t.ts";
import { figuresOf, figuresOfDifferences, intervalOf, rankBiserial, wilcoxon } from "../compare/figures.ts";
import type { Pairing } from "../compare/statements.ts";
import { pairSlices } from "./pair-statements.ts";
import { byValue, type OverSlices, overallOf } from "./slices.ts";

/** One group of the pairs of a comparison. Figures are as those of `Comparison`; undefined ones are null. */
export interface PairSlice {
  /** The value of the key; null in the group of all samples without it. */
  value: string | null;
  /** Samples of the group with an evaluation in the baseline, and in the candidate. */
  baselineTried: number;
  candidateTried: number;
  nPaired: number;
  baselineWithError: number;
  candidateWithError: number;
  baselineMean: number | null;
  candidateMean: number | null;
  meanDifference: number | null;
  stderr: number | null;
  ci95Low: number | null;
  ci95High: number | null;
  test: "mcnemar" | "wilcoxon" | null;
  pValue: number | null;
  /** By Holm's method over the groups of all candidates together. */
  adjustedPValue: number | null;
  pairedTPValue: number | null;
  /** By the same method. */
  adjustedPairedTPValue: number | null;
  rankBiserial: number | null;
  wins: number;
  losses: number;
  ties: number;
  /** As of `Comparison`. */
  withoutFailed: PairSlice | null;
}

/** The groups of a comparison, in the order of their values; the mean of the means is that of differences. */
export interface PairSlices extends OverSlices {
  slices: PairSlice[];
  /** Samples whose sides, or repetitions, name several groups: they are in the first of the baseline's. */
  samplesMixed: number;
}

interface How {
  tieTolerance: number;
  lowerIsBetter: boolean;
}

/** Computes every group by one statement over the evaluations of both. */
export async function readPairSlices(
  db: Executor,
  pairing: Pairing,
  key: string,
  how: How,
): Promise<PairSlices> {
  const rows = await db.any(pairSlices(pairing, key, how.tieTolerance));
  return {
    slices: rows.map((row) => sliceOf(row, how)).sort(byValue),
    ...overallOf(rows[0], rows.length),
    samplesMixed: rows[0]?.mixed ?? 0,
  };
}

type Row = z.output<typeof pairSlices.row>;

function sliceOf(row: Row, { lowerIsBetter }: How): PairSlice {
  const { value, baselineTried, candidateTried, pairs: n, higher, lower, isBinary } = row;
  const { baselineWithError, candidateWithError } = row;
  const differences = figuresOfDifferences(row);
  const { mean: meanDifference = null, stderr = null } = differences ?? {};
  return {
    ...{ value, baselineTried, candidateTried, nPaired: n, baselineWithError, candidateWithError },
    baselineMean: figuresOf(n, row.baseline)?.mean ?? null,
    candidateMean: figuresOf(n, row.candidate)?.mean ?? null,
    ...{ meanDifference, stderr, ...intervalOf(differences, isBinary) },
    test: n === 0 ? null : isBinary ? "mcnemar" : "wilcoxon",
    pValue: n === 0 ? null : isBinary ? mcnemarExact(row.up, row.down) : wilcoxon(row),
    adjustedPValue: null,
    pairedTPValue: stderr ? 2 * studentTUpperTail(Math.abs(meanDifference ?? 0) / stderr, n - 1) : null,
    adjustedPairedTPValue: null,
    rankBiserial: n === 0 ? null : rankBiserial(row),
    wins: lowerIsBetter ? lower : higher,
    losses: lowerIsBetter ? higher : lower,
    ties: n - higher - lower,
    withoutFailed: null,
  };
}
