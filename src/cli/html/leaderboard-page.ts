import type { LeaderboardEntry, Reducer } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { standingOf } from "../../charts/rows.ts";
import { isOpen } from "../../statistics/lacking.ts";
import {
  boundsCell,
  boundsColumn,
  countText,
  coverageOfEntries,
  leftOutWords,
  type Measure,
} from "../shared/coverage.ts";
import { apartWords, formatInterval, formatNumber, formatSpan } from "../shared/output.ts";
import { rankedRepetitions } from "../shared/reducer.ts";
import { remarks, sentences, tableOf } from "./document.ts";
import { interval, intervalsOf, unitOf } from "./figures.ts";
import { inputsSection } from "./inputs.ts";
import { writePage } from "./write-page.ts";

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
  const areOpen = entries.some(isOpen);
  const bounded = entries.some(({ bounds }) => bounds !== undefined);
  await writePage(path, {
    title: `Leaderboard: ${dataset}`,
    lead: `${total} ranked by mean ${unit}, ${lowerIsBetter ? "lowest" : "highest"} first; ${entries.length} shown.${about.minimum === "" ? "" : ` Those below ${about.minimum} are not ranked.`}`,
    sections: [
      ...remarks("Warning", about.warnings),
      ...inputsSection(entries, about.referenceId),
      ...sentences("What is missing", [
        ...coverageOfEntries(entries, about),
        ...about.leftOut,
        ...leftOutWords(unscored, about, "ranked"),
      ]),
      {
        title: `Mean ${unit}`,
        note: `Whiskers are 95 % intervals of the means: ${intervalsOf(entries)}. ${reachWords(areOpen)}On the shaded ground stands what may be the best: no interval${areOpen ? ", with its dotted line," : ""} is wholly ${lowerIsBetter ? "below" : "above"} it.`,
        body: [
          {
            kind: "intervals",
            chart: {
              title: `Mean ${unit} with its 95 % interval, best first`,
              unit: `mean ${unit}${lowerIsBetter ? ", lower is better" : ""}`,
              rows: shown.map(standingOf),
            },
          },
        ],
      },
      {
        title: "Figures",
        note: `Ranks are those that the intervals allow. ${[apartWords(areOpen), ...rankedRepetitions(entries, about)].join(" ")}`,
        body: [
          tableOf(
            "Every entry",
            [
              ...["benchmark", ">rank", ">ranks", ">bands", "model", ">mean", ">95 % interval", ">n"],
              ...(bounded ? [boundsColumn] : []),
            ],
            entries.map((entry) => row(entry, bounded)),
          ),
        ],
      },
    ],
  });
}

const reachWords = (areOpen: boolean) =>
  areOpen
    ? "Dotted lines go as far as the mean may be, whatever is missing, or what failed early would have been; ranks and bands go by them. "
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
