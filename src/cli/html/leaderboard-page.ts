import type { LeaderboardEntry, Reducer } from "../../../gen/ltb/v1/benchmark_pb.ts";
import {
  boundsCell,
  boundsColumn,
  countText,
  coverageOfEntries,
  isOpen,
  leftOutWords,
  type Measure,
} from "../shared/coverage.ts";
import { apartWords, countOf, formatInterval, formatNumber, formatSpan } from "../shared/output.ts";
import { rankedRepetitions } from "../shared/reducer.ts";
import { inputsSection } from "./inputs.ts";
import { intervalChart } from "./intervals.ts";
import { html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { interval, intervalsOf, sentences, tableOf, writePage } from "./page.ts";

/** More entries than these are in the table alone. */
const MOST_LINES = 60;

/** Writes the page of `ltb leaderboard --html`. */
export async function writeLeaderboard(
  path: string,
  about: Measure & {
    dataset: string;
    total: number;
    /** Benchmarks that match without a value. */
    unscored: number;
    lowerIsBetter: boolean;
    /** The benchmark with whose inputs those of the entries were compared. */
    referenceId: string;
    reducer: Reducer;
    /** The options that leave out what has too few values; empty if none does. */
    minimum: string;
    /** What they left out, in words. */
    leftOut: readonly string[];
    warnings: readonly string[];
  },
  entries: readonly LeaderboardEntry[],
): Promise<void> {
  const { dataset, metric, total, unscored, lowerIsBetter } = about;
  const unit = unitOf(metric);
  const shown = entries.slice(0, MOST_LINES);
  const [best] = entries;
  const areOpen = entries.some(isOpen);
  const bounded = entries.some(({ bounds }) => bounds !== undefined);
  const description = best
    ? `${countOf(shown.length, "benchmark")}, best first: ${best.benchmarkName} has a mean of ${formatNumber(best.mean, 4)}. The table has all figures.`
    : "No benchmarks.";
  const drawn = await intervalChart(
    `Mean ${unit} with its 95 % interval, best first`,
    description,
    `mean ${unit}${lowerIsBetter ? ", lower is better" : ""}`,
    shown.map((entry) => ({
      label: `${entry.rank}. ${entry.benchmarkName}`,
      mean: entry.mean,
      low: entry.ci95Low,
      high: entry.ci95High,
      shaded: entry.band === 1,
      ...(isOpen(entry) && {
        reach: { low: entry.rankedLow ?? -Infinity, high: entry.rankedHigh ?? Infinity },
      }),
    })),
  );
  await writePage(path, {
    title: `Leaderboard: ${dataset}`,
    lead: html`${total} ranked by mean ${unit}, ${lowerIsBetter ? "lowest" : "highest"} first; ${entries.length} shown.${about.minimum === "" ? "" : ` Those below ${about.minimum} are not ranked.`}`,
    sections: [
      ...sentences(
        "Warning",
        about.warnings.map((line) => `${line}.`),
      ),
      ...inputsSection(entries, about.referenceId),
      ...sentences("What is missing", [
        ...coverageOfEntries(entries, about),
        ...about.leftOut,
        ...leftOutWords(unscored, about, "ranked"),
      ]),
      {
        title: `Mean ${unit}`,
        note: `Whiskers are 95 % intervals of the means: ${intervalsOf(entries)}. ${reachWords(areOpen)}On the shaded ground stands what may be the best: no interval${areOpen ? ", with its dotted line," : ""} is wholly ${lowerIsBetter ? "below" : "above"} it.`,
        body: drawn,
      },
      {
        title: "Figures",
        note: `Ranks are those that the intervals allow. ${[apartWords(areOpen), ...rankedRepetitions(entries, about)].join(" ")}`,
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

const reachWords = (areOpen: boolean) =>
  areOpen
    ? "Dotted lines go as far as the mean may be, whatever is missing; ranks and bands go by them. "
    : "";

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
