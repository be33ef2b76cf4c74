import type { BenchmarkComparison } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { CompareBenchmarksResponse } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { differenceOf } from "../../../../src/charts/rows.ts";
import { leaveOpen, type Verdict, verdictOf } from "../../../../src/statistics/verdict.ts";
import { Intervals } from "../../charts/Intervals.tsx";
import { count, figure } from "../../parts/format.ts";
import { Status, type Tone } from "../../parts/Status.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { alpha } from "./request.ts";

export const tones: Record<Verdict, Tone> = {
  better: "good",
  worse: "bad",
  "may be worse": "warn",
  "no significant difference": "even",
  "no pairs": "warn",
  "one cluster": "warn",
};

interface Props {
  answer: CompareBenchmarksResponse;
  nameOf: (id: string) => string;
}

/** The differences of all candidates, with their intervals and what the tests say. */
export function Overall({ answer, nameOf }: Props) {
  const { comparisons, lowerIsBetter, metric } = answer;
  const deciding = { alpha, lowerIsBetter };
  const drawn = comparisons.flatMap((each) =>
    differenceOf(nameOf(each.candidateId), each, verdictOf(each, deciding)).map((row) => ({
      ...row,
      href: `#${each.candidateId}`,
    })),
  );
  return (
    <section aria-labelledby="differences">
      <h2 id="differences">
        Differences of <bdi>{metric}</bdi>, candidate minus baseline
      </h2>
      {drawn.length > 0 && (
        <Intervals
          title={`Mean differences of ${metric} with 95 % intervals`}
          note={`${lowerIsBetter ? "Lower" : "Higher"} is better. Coloured where the test, adjusted for ${comparisons.length === 1 ? "one candidate" : `${comparisons.length} candidates`}, says better or worse.`}
          at={0}
          rows={drawn}
        />
      )}
      <Table
        label="Figures of the comparisons"
        columns={columnsOf(nameOf, (each) => verdictOf(each, deciding))}
        rows={comparisons}
        keyOf={({ candidateId }) => candidateId}
      />
      <p className="soft small">
        The 95 % interval, below the difference, and “p (t)” are of the paired t-test and not adjusted.
        Verdicts go by “p (Holm)”: better or worse if it is below {alpha} and the mean goes the same way.
        Otherwise no difference is proven, and equality is not either.
        {comparisons.some(({ withoutFailed }) => withoutFailed) &&
          " Where samples failed beside their value, a candidate is better only if it is so without them, too, and worse, where it failed in none, as well."}
      </p>
    </section>
  );
}

const columnsOf = (
  nameOf: Props["nameOf"],
  verdictFor: (comparison: BenchmarkComparison) => Verdict,
): readonly TableColumn<BenchmarkComparison>[] => [
  { title: "Candidate", isName: true, cell: ({ candidateId }) => <bdi>{nameOf(candidateId)}</bdi> },
  {
    title: "Verdict",
    cell: (each) => {
      const verdict = verdictFor(each);
      return (
        <>
          <Status tone={tones[verdict]}>{verdict}</Status>
          {leaveOpen(each.bounds) && (
            <div className="soft small">
              the difference may be {figure(each.bounds.low)} to {figure(each.bounds.high)}
            </div>
          )}
        </>
      );
    },
  },
  { title: "Pairs", number: true, cell: ({ nPaired }) => count(nPaired) },
  { title: "Baseline", number: true, cell: ({ baselineMean }) => orDash(baselineMean) },
  { title: "Candidate", id: "mean", number: true, cell: ({ candidateMean }) => orDash(candidateMean) },
  {
    title: "Difference",
    number: true,
    cell: ({ meanDifference, ci95Low, ci95High }) => (
      <>
        {orDash(meanDifference)}
        {ci95Low !== undefined && (
          <div className="soft small nowrap">
            {orDash(ci95Low)} to {orDash(ci95High)}
          </div>
        )}
      </>
    ),
  },
  { title: "p (t)", number: true, cell: ({ pairedTPValue }) => orDash(pairedTPValue, p) },
  { title: "p (Holm)", number: true, cell: ({ adjustedPValue }) => orDash(adjustedPValue, p) },
  {
    title: "Won / lost / tied",
    number: true,
    cell: ({ wins, losses, ties }) => `${count(wins)} / ${count(losses)} / ${count(ties)}`,
  },
];

const orDash = (value: number | undefined, write = figure) => (value === undefined ? "–" : write(value));

/** A p-value: three digits, also of a small one. */
export const p = (value: number): string => (value < 0.001 ? value.toExponential(1) : value.toPrecision(3));
