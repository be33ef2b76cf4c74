import type { LeaderboardEntry, Reducer } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { boundsCell, boundsColumn, countText, coverageOfEntries } from "../shared/coverage.ts";
import { nameOfReference, otherInputs } from "../shared/inputs.ts";
import { apartWords, formatInterval, formatNumber, formatSpan } from "../shared/output.ts";
import { rankedRepetitions } from "../shared/reducer.ts";
import { intervalChart } from "./intervals.ts";
import { html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { interval, intervalsOf, type Section, sentences, tableOf, writePage } from "./page.ts";

/** More entries than these are in the table alone. */
const MOST_LINES = 60;

/** Writes the page of `ltb leaderboard --html`. */
export async function writeLeaderboard(
  path: string,
  about: {
    dataset: string;
    metric: string;
    total: number;
    lowerIsBetter: boolean;
    /** The benchmark with whose inputs those of the entries were compared. */
    referenceId: string;
    reducer: Reducer;
    k: number;
  },
  entries: readonly LeaderboardEntry[],
): Promise<void> {
  const { dataset, metric, total, lowerIsBetter } = about;
  const unit = unitOf(metric);
  const shown = entries.slice(0, MOST_LINES);
  const [best] = entries;
  const bounded = entries.some(({ bounds }) => bounds !== undefined);
  const description = best
    ? `${shown.length} benchmarks, best first: ${best.benchmarkName} has a mean of ${formatNumber(best.mean, 4)}. The table has all figures.`
    : "No benchmarks.";
  const drawn = await intervalChart(
    `Mean ${unit} with its 95 % interval, best first`,
    description,
    `mean ${unit}${lowerIsBetter ? ", lower is better" : ""}`,
    shown.map(({ rank, benchmarkName, mean, ci95Low, ci95High, band }) => ({
      label: `${rank}. ${benchmarkName}`,
      mean,
      low: ci95Low,
      high: ci95High,
      shaded: band === 1,
    })),
  );
  await writePage(path, {
    title: `Leaderboard: ${dataset}`,
    lead: html`${total} ranked by mean ${unit}, ${lowerIsBetter ? "lowest" : "highest"} first; ${entries.length} shown.`,
    sections: [
      ...inputsSection(entries, about.referenceId),
      ...sentences("What is missing", coverageOfEntries(entries)),
      {
        title: `Mean ${unit}`,
        note: `Whiskers are 95 % intervals of the means: ${intervalsOf(entries)}. On the shaded ground stands what may be the best: no interval is wholly ${lowerIsBetter ? "below" : "above"} it.`,
        body: drawn,
      },
      {
        title: "Figures",
        note: `Ranks are those that the intervals allow. ${[apartWords, ...rankedRepetitions(entries, about)].join(" ")}`,
        body: tableOf(
          "Every entry",
          [
            ...["benchmark", ">rank", ">ranks", ">bands", "model", ">mean", ">95 % interval", ">n"],
            ...(bounded ? [boundsColumn] : []),
          ],
          entries.map((entry) => row(entry, bounded)),
        ),
      },
    ],
  });
}

/** Stands first, because figures of other questions are no ranking. */
function inputsSection(entries: readonly LeaderboardEntry[], referenceId: string): Section[] {
  const others = otherInputs(entries);
  if (others.length === 0) return [];
  const reference = nameOfReference(entries, referenceId);
  return [
    {
      title: "Not the same questions",
      note: `Samples of these benchmarks have another input or expected answer than in ${reference}, so that their means answer other questions. ltb compare leaves such samples out.`,
      body: tableOf(
        "Benchmarks with other inputs",
        ["benchmark", ">samples in common", ">that differ"],
        others.map(({ benchmarkName, inputsCompared = 0, differentInputs = 0 }) => [
          benchmarkName,
          inputsCompared,
          differentInputs,
        ]),
      ),
    },
  ];
}

function row(entry: LeaderboardEntry, bounded: boolean) {
  const { rank, rankLow, rankHigh, band, bandLast, benchmarkName, provider, model, mean } = entry;
  return [
    benchmarkName,
    rank,
    formatSpan(rankLow, rankHigh),
    formatSpan(band, bandLast),
    `${provider}/${model}`,
    formatNumber(mean),
    formatInterval(entry, interval),
    countText(entry),
    ...(bounded ? [boundsCell(entry)] : []),
  ];
}
