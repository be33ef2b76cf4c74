import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  type LeaderboardEntry,
  LeaderboardEntrySchema,
  Missing,
  MissingSchema,
  Reducer,
} from "../../gen/ltb/v1/benchmark_pb.ts";
import { isOpen } from "../statistics/lacking.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import {
  boundsCell,
  boundsColumn,
  countText,
  coverageOfEntries,
  type Filling,
  fillingOf,
  leftOutWords,
  missingNames,
  parseRange,
} from "./shared/coverage.ts";
import { directionWarnings } from "./shared/direction.ts";
import { inputsWarning } from "./shared/inputs.ts";
import { requireRanked } from "./shared/known-names.ts";
import {
  type Direction,
  directionOf,
  gatherPairs,
  given,
  parseCount,
  parseFraction,
  parseTime,
} from "./shared/options.ts";
import {
  apartWords,
  countOf,
  formatInterval,
  formatNumber,
  formatSpan,
  formatTable,
  note,
  oneLine,
  print,
  printJson,
} from "./shared/output.ts";
import { collect, noteMore } from "./shared/pages.ts";
import { toPlain } from "./shared/plain.ts";
import { type Reducing, rankedRepetitions, reducerNames, reducerOf, wireName } from "./shared/reducer.ts";
import { statuses } from "./shared/status.ts";

interface Options extends ServiceOptions, Direction, Reducing, Filling {
  metric: string;
  provider?: string;
  label?: Record<string, string>;
  status?: keyof typeof statuses;
  createdAfter?: Date;
  createdBefore?: Date;
  minCount: number;
  minCoverage: number;
  limit: number;
  html?: string;
}

/** How means came about. */
interface How {
  reducer: Reducer;
  k: number;
  missing: Missing;
  rangeLow?: number | undefined;
  rangeHigh?: number | undefined;
}

export function addCommand(program: Command): void {
  addServiceCommand(program, "leaderboard")
    .withReplica()
    .summary("rank the benchmarks on a dataset")
    .description(
      "Ranks the benchmarks on a dataset by the mean of a metric, with its 95 % interval. `ranks` are those that the intervals allow; " +
        "benchmarks that are not significantly apart share a band: their intervals overlap. That pairs no samples; `ltb compare` does.",
    )
    .argument("<dataset>", "dataset of the benchmarks")
    .option("--metric <name>", "metric to rank by", "score")
    .withDirection()
    .withReducer(reducerNames)
    .option("--provider <provider>", "only those of this provider")
    .option("--label <key=value>", "only those with this label; may be given again", gatherPairs)
    .choice("--status <status>", "only those in this status", Object.keys(statuses))
    .option("--created-after <time>", "only those created at this time or later", parseTime)
    .option("--created-before <time>", "only those created before this time", parseTime)
    .option("--min-count <n>", "only those with at least this many samples that have a value", parseCount, 1)
    .option(
      "--min-coverage <share>",
      "only those of whose samples, planned or tried, this share has a value, 0 to 1",
      parseFraction(1),
      0,
    )
    .withMissing(missingNames, parseRange)
    .withLimit()
    .option("--html <file>", "also write a page with a chart of the intervals, which opens offline")
    .examples(
      ["ltb leaderboard gsm8k", "by score"],
      ["ltb leaderboard gsm8k --metric latency_ms", "the fastest first"],
      ["ltb leaderboard gsm8k --label team=search --status completed --min-count 100", "leaves out trials"],
      [
        "ltb leaderboard gsm8k --min-coverage 0.95 --missing as_worst",
        "what failed or is missing counts as 0",
      ],
      ["ltb leaderboard gsm8k --html leaderboard.html", "a page with means and their intervals"],
      [
        "ltb leaderboard gsm8k --json | jq -r '.entries[] | select(.rank_low == 1).model'",
        "those that may be the best",
      ],
    )
    .callService(leaderboard);
}

async function leaderboard({ benchmarks }: ServiceClient, dataset: string, options: Options): Promise<void> {
  const { metric, provider, label, status, createdAfter, createdBefore, limit } = options;
  const { minCount, minCoverage } = options;
  const request = {
    dataset,
    metric,
    minCount,
    minCoverage,
    ...directionOf(options),
    ...reducerOf(options),
    ...fillingOf(options),
    ...given({ provider, labels: label, status: status && statuses[status] }),
    ...(createdAfter && { createdAfter: timestampFromDate(createdAfter) }),
    ...(createdBefore && { createdBefore: timestampFromDate(createdBefore) }),
  };
  let [total, pending, unscored, below, lowerIsBetter] = [0, 0, 0, 0, false];
  let referenceId = "";
  let by: How = { reducer: Reducer.MEAN, k: 0, missing: Missing.EXCLUDE };
  const { items, more } = await collect(limit, async (page) => {
    const response = await benchmarks.getLeaderboard({ ...request, ...page });
    ({ totalCount: total, pendingCount: pending, unscoredCount: unscored, lowerIsBetter } = response);
    below = response.belowMinimumCount;
    referenceId = response.inputsReferenceId;
    by = response;
    return { items: response.entries, nextPageToken: response.nextPageToken };
  });
  const warnings = directionWarnings(metric, options, lowerIsBetter);
  for (const warning of warnings) note(`warning: ${warning}`);
  const minima = [
    minCoverage > 0 && `--min-coverage ${minCoverage}`,
    minCount > 1 && `--min-count ${minCount}`,
  ];
  const minimum = minima.filter((option) => option !== false).join(" or ");
  const belowWords = `${countOf(below, "benchmark")} with values ${below === 1 ? "is" : "are"} left out by ${minimum}`;
  if (items.length === 0 && pending === 0) await requireRanked(benchmarks, dataset, metric);
  if (options.html !== undefined) {
    const { writeLeaderboard } = await import("./html/leaderboard-page.ts");
    const about = { metric, dataset, total, unscored, lowerIsBetter, referenceId, ...by };
    const leftOut = below > 0 ? [`${belowWords}.`] : [];
    await writeLeaderboard(options.html, { ...about, minimum, leftOut, warnings }, items);
  }
  if (options.json) {
    const entries = items.map((entry) => toPlain(LeaderboardEntrySchema, entry));
    const counts = {
      total_count: total,
      pending_count: pending,
      unscored_count: unscored,
      below_minimum_count: below,
    };
    const { reducer, k, missing, rangeLow = null, rangeHigh = null } = by;
    const how = { lower_is_better: lowerIsBetter, reducer: wireName(reducer), k };
    const filling = {
      missing: MissingSchema.value[missing]?.name,
      range_low: rangeLow,
      range_high: rangeHigh,
    };
    const inputs = { inputs_reference_id: referenceId || null };
    return printJson({ dataset, metric, ...how, ...filling, ...counts, ...inputs, warnings, entries, more });
  }
  if (items.length === 0) {
    const those = `benchmarks on ${dataset} with values of ${metric}`;
    note(below > 0 ? `${minimum} leaves out all ${those} that match: ${below}` : `no ${those} match`);
  } else {
    const head = [">rank", "ranks", "bands", "benchmark", "model", `>${metric}`, "95 % CI", ">n"];
    const order = lowerIsBetter ? "lowest" : "highest";
    print(`${oneLine(dataset)}, ${total} ranked by ${oneLine(metric)}, ${order} first\n`);
    const bounded = items.some(({ bounds }) => bounds !== undefined);
    print(
      formatTable(
        bounded ? [...head, boundsColumn] : head,
        items.map((entry) => (bounded ? [...row(entry), boundsCell(entry)] : row(entry))),
      ),
    );
    const covered = coverageOfEntries(items, { metric, lowerIsBetter, ...by });
    if (covered.length > 0) print(`\n${covered.join("\n")}`);
    if (total > 1) print(`\n${apartWords(items.some(isOpen))}`);
    for (const words of rankedRepetitions(items, by)) print(`\n${words}`);
  }
  if (items.length > 0 && below > 0) note(`note: ${belowWords}`);
  const warning = inputsWarning(items, referenceId);
  if (warning !== undefined) note(`warning: ${warning}`);
  for (const words of leftOutWords(unscored, { metric, lowerIsBetter, ...by }, "ranked"))
    note(`note: ${words}`);
  if (pending > 0)
    note(
      `note: ${pending} more are left out for now: their figures are being computed, or they are being deleted`,
    );
  noteMore(more, limit);
}

function row(entry: LeaderboardEntry) {
  const { rank, rankLow, rankHigh, band, bandLast, benchmarkName, provider, model, mean } = entry;
  const places = [formatSpan(rankLow, rankHigh), formatSpan(band, bandLast)];
  const figures = [formatNumber(mean), formatInterval(entry, { digits: 4 }), countText(entry)];
  return [rank, ...places, benchmarkName, `${provider}/${model}`, ...figures];
}
