import type { BenchmarkComparison, PairedSample } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { differenceOf } from "../../../../src/charts/rows.ts";
import { contradictionOf, verdictOf } from "../../../../src/statistics/verdict.ts";
import { Intervals } from "../../charts/Intervals.tsx";
import { Shares } from "../../charts/Shares.tsx";
import { hrefOf } from "../../data/links.ts";
import { all, one, useSearchState } from "../../data/useSearchState.ts";
import { count, figure } from "../../parts/format.ts";
import { alpha, type Show } from "./request.ts";

interface Props {
  comparison: BenchmarkComparison;
  lowerIsBetter: boolean;
  name: string;
}

/** One candidate: what it won and lost, what weakens the comparison, and its groups. */
export function Candidate({ comparison, lowerIsBetter, name }: Props) {
  const [search] = useSearchState();
  const { candidateId, wins, losses, ties, slices, regressed, improved } = comparison;
  const toSamples = (show: Show, [first]: readonly PairedSample[] = []) => {
    const of = all(search.with).length > 1 ? candidateId : undefined;
    const list = { ...search, show, of, sample: first?.sampleId, side: undefined };
    return `${hrefOf("/compare", list)}#samples`;
  };
  return (
    <section aria-labelledby={candidateId}>
      <h2 id={candidateId}>
        <bdi>{name}</bdi>
      </h2>
      <Shares
        title="Samples"
        shares={[
          { name: "better", count: wins, tone: "good", href: toSamples("improved", improved) },
          { name: "the same", count: ties, tone: "even", href: toSamples("unchanged") },
          { name: "worse", count: losses, tone: "bad", href: toSamples("regressed", regressed) },
        ]}
      />
      <ul className="warnings">
        {warningsOf(comparison, lowerIsBetter).map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
      {slices && slices.slices.length > 0 && (
        <Intervals
          title={`Differences by ${one(search.group)} of ${name}`}
          note={`Adjusted together for ${count(slices.slices.length)} groups.`}
          at={0}
          rows={slices.slices.flatMap((slice) =>
            differenceOf(slice.value || "(none)", slice, verdictOf(slice, { alpha, lowerIsBetter })),
          )}
        />
      )}
    </section>
  );
}

/** What has to be known before one goes by the figures. */
function warningsOf(comparison: BenchmarkComparison, lowerIsBetter: boolean): string[] {
  const { baselineUnpaired, candidateUnpaired, candidateFilled, candidateShort, differentInputs } =
    comparison;
  const { detectableDifference, nPaired, candidateRepetitions } = comparison;
  const beyond = candidateRepetitions?.samplesBeyond ?? 0;
  const contradiction = contradictionOf(comparison, { alpha, lowerIsBetter });
  const lines: (string | false | undefined)[] = [
    contradiction &&
      (contradiction.test === undefined
        ? `The mean is ${contradiction.mean} by the t-test, and the signed-rank test does not say so, as few large differences stand against many small ones.`
        : `The signed-rank test says ${contradiction.test} where the mean says ${contradiction.mean}, as a few large differences outweigh the others, so that neither is the verdict.`),
    baselineUnpaired + candidateUnpaired > 0 &&
      `Without a partner, and in no figure: ${count(baselineUnpaired)} of the baseline, ${count(candidateUnpaired)} of the candidate.`,
    candidateFilled > 0 &&
      `The worst value stands for ${count(candidateFilled)} samples that the candidate lacks.`,
    candidateShort > 0 &&
      `The candidate lacks repetitions of ${count(candidateShort)} samples that the baseline has.`,
    beyond > 0 &&
      `The candidate has more repetitions of ${count(beyond)} samples than declared, or than of others where none are declared, as where failures were tried again.`,
    differentInputs > 0 &&
      `${count(differentInputs)} samples were asked otherwise (other inputs or expected answers).`,
    failuresOf(comparison, lowerIsBetter),
    nPaired > 1 &&
      detectableDifference !== undefined &&
      `${count(nPaired)} pairs show a difference of ${figure(detectableDifference)} or more with a probability of 80 %.`,
  ];
  return lines.filter((line) => typeof line === "string");
}

/** How many values are of samples that failed, and what the others say; undefined without any. */
function failuresOf(comparison: BenchmarkComparison, lowerIsBetter: boolean): string | undefined {
  const { baselineWithError, candidateWithError, meanDifferenceWithoutError, withoutFailed } = comparison;
  if (baselineWithError + candidateWithError === 0) return undefined;
  const sides = [
    [candidateWithError, "the candidate"],
    [baselineWithError, "the baseline"],
  ] as const;
  const of = sides.filter(([number]) => number > 0).map(([number, side]) => `${count(number)} of ${side}`);
  const failed = `An error stands beside the value of samples, ${of.join(" and ")}`;
  if (withoutFailed === undefined) return `${failed}, which counts all the same.`;
  const others =
    meanDifferenceWithoutError === undefined
      ? "there are no others"
      : `the mean difference of the others is ${figure(meanDifferenceWithoutError)} and their verdict ${verdictOf(withoutFailed, { alpha, lowerIsBetter })}`;
  return `${failed}: ${others}, and better is only what is so by both.`;
}
