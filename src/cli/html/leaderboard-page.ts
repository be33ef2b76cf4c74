import type { LeaderboardEntry } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { formatInterval, formatNumber } from "../shared/output.ts";
import { intervalChart } from "./intervals.ts";
import { html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { interval, tableOf, writePage } from "./page.ts";

/** More entries than these are in the table alone. */
const MOST_LINES = 60;

/** Writes the page of `ltb leaderboard --html`. */
export async function writeLeaderboard(
  path: string,
  about: { dataset: string; metric: string; total: number; lowerIsBetter?: boolean },
  entries: readonly LeaderboardEntry[],
): Promise<void> {
  const { dataset, metric, total, lowerIsBetter = false } = about;
  const unit = unitOf(metric);
  const shown = entries.slice(0, MOST_LINES);
  const [best] = entries;
  const description = best
    ? `${shown.length} benchmarks, best first: ${best.benchmarkName} has a mean of ${formatNumber(best.mean, 4)}. The table has all figures.`
    : "No benchmarks.";
  const drawn = await intervalChart(
    `Mean ${unit} with its 95 % interval, best first`,
    description,
    `mean ${unit}${lowerIsBetter ? ", lower is better" : ""}`,
    shown.map(({ rank, benchmarkName, mean, ci95Low, ci95High, band = 0 }) => ({
      label: `${rank}. ${benchmarkName}`,
      mean,
      low: ci95Low,
      high: ci95High,
      group: band,
    })),
  );
  await writePage(path, {
    title: `Leaderboard: ${dataset}`,
    lead: html`${total} ranked by mean ${unit}, ${lowerIsBetter ? "lowest" : "highest"} first; ${entries.length} shown.`,
    sections: [
      {
        title: `Mean ${unit}`,
        note: "Whiskers are 95 % intervals. Lines on the same ground are of one band: they are not significantly apart, or linked by others that are not.",
        body: drawn,
      },
      {
        title: "Figures",
        note: "Ranks are those that the intervals allow.",
        body: tableOf(
          "Every entry",
          ["benchmark", ">rank", ">ranks", ">band", "model", ">mean", ">95 % interval", ">n"],
          entries.map(row),
        ),
      },
    ],
  });
}

function row(entry: LeaderboardEntry) {
  const { rank, rankLow, rankHigh, band, benchmarkName, provider, model, mean, count } = entry;
  return [
    benchmarkName,
    rank,
    rankLow === rankHigh ? rankLow : `${rankLow}–${rankHigh}`,
    band ?? "–",
    `${provider}/${model}`,
    formatNumber(mean),
    formatInterval(entry, interval),
    count,
  ];
}
