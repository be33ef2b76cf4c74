import type {
  BenchmarkComparison,
  ComparisonSlice,
  ComparisonSlices,
} from "../../../gen/ltb/v1/benchmark_pb.ts";
import { type Deciding, leaveOpen, type Verdict, verdictOf } from "../../statistics/verdict.ts";
import { comparisonCells, comparisonColumns, explainContradiction } from "./comparison.ts";
import type { Filling } from "./coverage.ts";
import { type Cell, countOf, formatNumber } from "./output.ts";
import { type Grouping, leftOutNote, NAMED, sliceName } from "./slices.ts";

/** The groups of a comparison, as its text, its page and its reports show them. */
export interface SlicesTable {
  title: string;
  columns: readonly string[];
  rows: { name: string; slice: ComparisonSlice; cells: Cell[]; verdict: Verdict }[];
  /** Sentences, for which `quote` shows names that others gave. */
  notesWith: (quote?: (name: string) => string) => string[];
}

/** The groups of the comparison at `index`; undefined where nobody asked for them. */
export function slicesTable(
  comparisons: readonly BenchmarkComparison[],
  index: number,
  key: string,
  deciding: Deciding,
): SlicesTable | undefined {
  const found = comparisons[index]?.slices;
  if (found === undefined) return undefined;
  const isOpen = leaveOpen(comparisons[index]?.bounds);
  const [, ...columns] = comparisonColumns;
  const rows = found.slices.map((slice) => {
    const { nPaired, baselineTried, candidateTried } = slice;
    const tried = Math.max(baselineTried, candidateTried);
    const [, ...cells] = comparisonCells(slice);
    const pairs = nPaired < tried ? `${nPaired} of ${tried}` : nPaired;
    const verdict = verdictOf(slice, deciding);
    return { name: sliceName(slice, key), slice, cells: [pairs, ...cells], verdict };
  });
  const tests = comparisons.flatMap(
    ({ slices }) => slices?.slices.filter(({ nPaired }) => nPaired > 0) ?? [],
  );
  return {
    title: `by ${key}`,
    columns: [key, ...columns],
    rows,
    notesWith: (quote = (name) => name) => [
      ...notesOf(found, isOpen, tests.length, deciding.alpha),
      ...rows.flatMap(({ name, slice }) => {
        const apart = explainContradiction(slice, deciding);
        return apart === undefined ? [] : `In ${quote(name)} ${apart.text}.`;
      }),
      ...rows.flatMap(({ name, slice, verdict }) => failuresNote(quote(name), { slice, verdict }, deciding)),
      ...leftOutNote(found, quote),
    ],
  };
}

function notesOf(found: ComparisonSlices, isOpen: boolean, tests: number, alpha: number): string[] {
  const { macroMean, macroStderr, macroSlices, samplesMixed } = found;
  const notes = [
    `"p (Holm)" is adjusted for ${tests === 1 ? "the one group" : `the ${tests} groups`} with pairs of all candidates together, and verdicts go by it: better or worse if it is below ${alpha} and the mean goes the way of the test. "p (t)", "p (test)" and the intervals are not adjusted.`,
  ];
  if (isOpen)
    notes.push(
      "Bounds are of all samples: figures and verdicts of groups leave out what is missing, and do not hold whatever it is.",
    );
  if (macroMean !== undefined)
    notes.push(
      `The mean of the ${macroSlices} differences, where each group with the key has the same weight, is ${formatNumber(macroMean)}${!macroStderr ? "" : ` with a standard error of ${formatNumber(macroStderr, 3)}`}.`,
    );
  if (samplesMixed > 0)
    notes.push(
      samplesMixed === 1
        ? "1 sample names several groups, and is in the first that the baseline names."
        : `${samplesMixed} samples name several groups, and are in the first that the baseline names.`,
    );
  return notes;
}

/** Says what a group is without what failed, where that is another verdict. */
function failuresNote(
  name: string,
  { slice: { withoutFailed: others }, verdict }: { slice: ComparisonSlice; verdict: Verdict },
  deciding: Deciding,
): string[] {
  if (others === undefined) return [];
  const alone = verdictOf(others, deciding);
  if (alone === verdict) return [];
  const { meanDifference, nPaired } = others;
  const mean =
    nPaired === 0 ? "there are no pairs" : `the verdict is ${alone}, by ${formatNumber(meanDifference)}`;
  return [`In ${name}, without what failed beside its value, ${mean}: better is only what is so by both.`];
}

/** Says in which groups a candidate got worse, also without what failed; undefined without any. */
export function regressedGroups(
  { slices: found }: BenchmarkComparison,
  { groupBy: key, missing, ...deciding }: Deciding & Grouping & Pick<Filling, "missing">,
  quote = (name: string) => name,
): string | undefined {
  if (found === undefined || key === undefined) return undefined;
  const isHarm = (slice: ComparisonSlice) =>
    verdictOf(slice, deciding) === "worse" || explainContradiction(slice, deciding)?.isHarm === true;
  const isHarmAlone = ({ withoutFailed: others, ...slice }: ComparisonSlice) =>
    missing !== "exclude" &&
    others !== undefined &&
    // Nothing is known of a group that looks better as all of it failed.
    (isHarm(others) || (others.nPaired === 0 && verdictOf(slice, deciding) === "better"));
  const regressed = found.slices.filter((slice) => isHarm(slice) || isHarmAlone(slice));
  if (regressed.length === 0) return undefined;
  const names = regressed
    .slice(0, NAMED)
    .map(
      (slice) =>
        `${quote(sliceName(slice, key))}${isHarm(slice) ? "" : " (without what failed beside its value)"}`,
    );
  const more = regressed.length > NAMED ? ", …" : "";
  return `regressed in ${regressed.length} of ${countOf(found.slices.length, "group")} by ${quote(key)}: ${names.join(", ")}${more}`;
}

/** The verdicts on the groups of each comparison, for JSON. */
export const sliceVerdicts = (comparisons: readonly BenchmarkComparison[], deciding: Deciding) =>
  comparisons.map(({ slices }) => slices?.slices.map((slice) => verdictOf(slice, deciding)) ?? []);
