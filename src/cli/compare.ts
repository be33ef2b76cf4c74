import { Option } from "commander";
import type { BenchmarkComparison } from "../../gen/ltb/v1/benchmark_pb.ts";
import {
  type CompareBenchmarksResponse,
  CompareBenchmarksResponseSchema,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { leaveOpen, type Verdict, verdictOf } from "../statistics/verdict.ts";
import type { Evidence } from "./compare/asked.ts";
import { doubtsOf } from "./compare/doubts.ts";
import { contradictionRemedy, demandsOf, evidenceOf } from "./compare/evidence.ts";
import { isBelow, marginOf, marginP, ofTotal, tooFewPairs } from "./compare/margin.ts";
import type { Report } from "./reports/report.ts";
import type { ReportFiles } from "./reports/write-reports.ts";
import type { ServiceClient, ServiceOptions } from "./shared/client.ts";
import { type Clustering, requireClusters } from "./shared/clusters.ts";
import { addServiceCommand, type Command } from "./shared/command.ts";
import {
  comparisonCells,
  comparisonColumns,
  explainContradiction,
  explainTests,
  leftOutText,
  sampleCells,
  sampleColumns,
} from "./shared/comparison.ts";
import { type Filling, fillingOf, missingNames, parseRange } from "./shared/coverage.ts";
import { directionWarnings } from "./shared/direction.ts";
import { exitCodes } from "./shared/errors.ts";
import { findSides, NEWEST } from "./shared/find-benchmark.ts";
import { requireMetrics } from "./shared/known-names.ts";
import {
  type Direction,
  directionOf,
  given,
  parseAlpha,
  parseDifference,
  parseFraction,
  parseWhole,
} from "./shared/options.ts";
import { formatTable, note, oneLine, print, printJson } from "./shared/output.ts";
import { regressedGroups, slicesTable, sliceVerdicts } from "./shared/pair-slices.ts";
import { toPlain } from "./shared/plain.ts";
import { type Reducing, reducerNames, reducerOf } from "./shared/reducer.ts";
import { type Grouping, requireGroups } from "./shared/slices.ts";

interface Options extends ServiceOptions, Direction, Reducing, Filling, Grouping, Clustering, ReportFiles {
  metric: string;
  tolerance: number;
  alpha: number;
  samples: number;
  failOnRegression?: boolean;
  allowDifferentInputs?: boolean;
  excludeDifferentInputs?: boolean;
  margin?: number;
  equivalence?: boolean;
  detect?: number;
  failUnlessNoWorseThan?: number;
  html?: string;
}

export function addCommand(program: Command): void {
  addServiceCommand(program, "compare")
    .withReplica()
    .summary("compare benchmarks sample by sample")
    .description(
      "Compares candidates with a baseline on the samples that both have: mean difference with the 95 % interval and the p-value of the " +
        "paired t-test; the p-value of McNemar's exact test where every value is 0 or 1, else of Wilcoxon's signed-rank test; the same " +
        "adjusted by Holm's method over all candidates, which the verdict goes by; wins and losses, and the samples that got worse.",
    )
    .argument("<baseline>", NEWEST)
    .argument("<candidate...>", "ids or names")
    .option("--metric <name>", "metric to compare", "score")
    .withDirection()
    .withReducer(reducerNames)
    .withMissing(missingNames, parseRange)
    .withClusters()
    .option("--tolerance <difference>", "differences up to this are ties", parseFraction(Number.MAX_VALUE), 0)
    .option("--alpha <p>", "better or worse takes an adjusted p-value below this", parseAlpha, 0.05)
    .option("--samples <n>", "regressed samples to show for each candidate", parseWhole(0, 1000), 5)
    .option(
      "--fail-on-regression",
      `end with exit code ${exitCodes.regression} if a candidate is significantly worse`,
    )
    .option(
      "--margin <difference>",
      "tell whether a candidate is no worse by this difference",
      parseDifference,
    )
    .option("--equivalence", "with --margin: tell whether it differs by less than that either way")
    .option(
      "--fail-unless-no-worse-than <difference>",
      `end with exit code ${exitCodes.regression} unless every candidate is shown to be no worse by it`,
      parseDifference,
    )
    .option("--detect <difference>", "tell how many pairs would show this difference", parseDifference)
    .option(
      "--allow-different-inputs",
      "also compare samples whose inputs or expected answers differ, as for different prompts",
    )
    .addOption(
      new Option(
        "--exclude-different-inputs",
        "let gates go by the other samples, which fail where some have different inputs or expected answers",
      ).conflicts("allowDifferentInputs"),
    )
    .withGroups()
    .option("--html <file>", "also write a page with charts and samples, which opens offline")
    .option(
      "--markdown <file>",
      "also write Markdown, for a comment on a pull request or the summary of a job",
    )
    .option("--junit <file>", "also write JUnit XML, with a test for whatever is asked of each candidate")
    .examples(
      ["ltb compare gpt-4 gpt-4o claude", "two candidates, on the score"],
      ["ltb compare main pr-123 --fail-on-regression", "a gate for CI"],
      [
        "ltb compare main pr-123 --group-by subject",
        "each subject, too, whose p-values are adjusted together",
      ],
      ["ltb compare main pr-123 --html report.html", "a page to look at and to pass on"],
      ["ltb compare main pr-123 --fail-unless-no-worse-than 0.02", "a gate that asks for evidence"],
      [
        "ltb compare main pr-123 --fail-on-regression --missing as_worst",
        "what the candidate failed in or lacks counts as 0",
      ],
      ["ltb compare main pr-123 --cluster-by document", "questions on one document are dependent"],
      "ltb compare a b --metric latency_ms --tolerance 50",
      ["ltb evaluation compare a b --only both_wrong", "lists samples by what became of them"],
    )
    .callService(compare);
}

async function compare(
  { benchmarks }: ServiceClient,
  baseline: string,
  candidates: string[],
  options: Options,
): Promise<void> {
  const margin = marginOf(options);
  const names = await findSides(benchmarks, baseline, candidates);
  const [baselineId = "", ...candidateIds] = names.keys();
  const { clusterBy, groupBy, allowDifferentInputs } = options;
  const response = await benchmarks.compareBenchmarks({
    ...{ baselineId, candidateIds, metric: options.metric, ...directionOf(options), ...reducerOf(options) },
    ...{ tieTolerance: options.tolerance, alpha: options.alpha, pageSize: Math.max(1, options.samples) },
    ...fillingOf(options),
    ...given({ margin, detect: options.detect, allowDifferentInputs, clusterBy, groupBy }),
  });
  if (response.comparisons.every(({ nPaired, differentInputs }) => nPaired + differentInputs === 0))
    await requireMetrics(
      benchmarks,
      [...names].map(([id, name]) => ({ id, name })),
      [options.metric],
    );
  if (options.clusterBy !== undefined)
    requireClusters(
      options.clusterBy,
      response.comparisons.map(({ clusters, nPaired }) => ({ clusters, samples: nPaired })),
    );
  if (options.groupBy !== undefined)
    requireGroups(
      options.groupBy,
      response.comparisons.flatMap(({ slices }) => slices ?? []),
    );
  const { lowerIsBetter } = response;
  const warningsWith = (quote = oneLine) => directionWarnings(options.metric, options, lowerIsBetter, quote);
  const warnings = warningsWith();
  for (const warning of warnings) note(`warning: ${warning}`);
  const isRangeKnown = response.rangeLow !== undefined && response.rangeHigh !== undefined;
  const asked = { ...options, margin, lowerIsBetter, isRangeKnown };
  const verdicts = response.comparisons.map((one) => verdictOf(one, asked));
  const failuresWith = (quote = oneLine) =>
    failedGates(response.comparisons, verdicts, { ...asked, names, quote });
  const failed = failuresWith();
  const failures = failed.map(({ reason }) => reason);
  if (options.json) {
    const { next_page_token, ...figures } = toPlain(CompareBenchmarksResponseSchema, response);
    const { alpha, groupBy } = options;
    const bySlice = groupBy && { slice_verdicts: sliceVerdicts(response.comparisons, asked) };
    const isOpen = response.comparisons.some(({ bounds }) => leaveOpen(bounds));
    const verdict_by = isOpen ? "adjusted_p_value_and_bounds" : "adjusted_p_value";
    printJson({ ...figures, verdicts, ...bySlice, verdict_by, alpha, warnings, failures: failed });
  } else {
    print(comparisonText(names, response, verdicts, asked));
  }
  if (options.html !== undefined) {
    const { writeComparison } = await import("./html/compare-page.ts");
    await writeComparison(options.html, benchmarks, {
      names,
      response,
      verdicts,
      warnings,
      failures,
      options: asked,
    });
  }
  if (options.markdown !== undefined || options.junit !== undefined) {
    const { writeReports } = await import("./reports/write-reports.ts");
    const report = reportOf(names, response, verdicts, asked);
    const reasons = (quote?: (name: string) => string) => failuresWith(quote).map(({ reason }) => reason);
    await writeReports({ ...report, warningsWith, failuresWith: reasons }, options);
  }
  for (const failure of failures) note(failure);
  if (failures.length > 0) process.exitCode = exitCodes.regression;
}

function reportOf(
  names: ReadonlyMap<string, string>,
  response: CompareBenchmarksResponse,
  verdicts: readonly Verdict[],
  options: Evidence & Pick<Options, "samples" | "groupBy">,
): Omit<Report, "failuresWith" | "warningsWith"> {
  const { baselineId, metric, comparisons } = response;
  const { groupBy = "" } = options;
  const candidates = comparisons.map((comparison, index) => {
    const verdict = verdicts[index] ?? "no pairs";
    return {
      name: names.get(comparison.candidateId) ?? comparison.candidateId,
      ...{ verdict, comparison, evidence: evidenceOf(comparison, options) },
      slices: slicesTable(comparisons, index, groupBy, options),
      demands: demandsOf(comparison, verdict, options),
    };
  });
  const explanation = explainTests(response, options.alpha);
  const baseline = names.get(baselineId) ?? baselineId;
  return { metric, baseline, candidates, explanation, samples: options.samples };
}

interface Gates extends Evidence, Pick<Options, "failOnRegression" | "failUnlessNoWorseThan"> {
  names: ReadonlyMap<string, string>;
  /** How names that others gave are shown. */
  quote: (name: string) => string;
}

/** Says why gates that were asked for are not passed; nothing where all are. */
function failedGates(
  comparisons: readonly BenchmarkComparison[],
  verdicts: readonly Verdict[],
  options: Gates,
): { gates: string[]; reason: string }[] {
  const { names, quote, failOnRegression = false, failUnlessNoWorseThan: margin } = options;
  const ofRegression = failOnRegression ? ["--fail-on-regression"] : [];
  const ofMargin = margin === undefined ? [] : ["--fail-unless-no-worse-than"];
  const gates = [...ofRegression, ...ofMargin];
  if (gates.length === 0) return [];
  const failures: ReturnType<typeof failedGates> = [];
  const fail = (count: number, words: string, of = gates) => {
    if (count > 0 && of.length > 0)
      failures.push({ gates: of, reason: `${count} of ${verdicts.length} candidates ${words}` });
  };
  const count = (verdict: Verdict) => verdicts.filter((one) => one === verdict).length;
  fail(count("worse"), "regressed", ofRegression);
  fail(count("may be worse"), "may have regressed, as far as their missing samples allow", ofRegression);
  const apart = comparisons.filter((one) => explainContradiction(one, options)?.isHarm).length;
  fail(apart, `are worse by the test or by the mean, which go apart: ${contradictionRemedy}`, ofRegression);
  for (const one of failOnRegression ? comparisons : []) {
    const regressed = regressedGroups(one, options, quote);
    const name = quote(names.get(one.candidateId) ?? one.candidateId);
    if (regressed !== undefined) failures.push({ gates: ofRegression, reason: `${name} ${regressed}` });
  }
  fail(count("no pairs"), "have no pairs with the baseline, so nothing is known of them");
  fail(count("one cluster"), "have pairs of one cluster only, so nothing is known of them");
  const unproven = comparisons.filter(
    (one) => !isBelow(marginP(one, { ...options, equivalence: false }), options.alpha),
  );
  const total = options.groupBy === undefined ? "" : ` ${ofTotal}`;
  const byReason = Map.groupBy(unproven, (one) => tooFewPairs(one, { ...options, equivalence: false }));
  for (const [why, { length }] of byReason)
    fail(length, `are not shown to be no worse by ${margin}${total}${why}`, ofMargin);
  const doubts = comparisons.flatMap((one) => doubtsOf(one, options));
  const alike = Map.groupBy(doubts, ({ ofAll, remedy }) => `${ofAll}: ${remedy}`);
  for (const [words, { length }] of alike) fail(length, words);
  return failures;
}

function comparisonText(
  names: ReadonlyMap<string, string>,
  response: CompareBenchmarksResponse,
  verdicts: readonly Verdict[],
  options: Evidence & Pick<Options, "samples" | "groupBy">,
): string {
  const { baselineId, metric, lowerIsBetter, comparisons } = response;
  const { samples, alpha, groupBy = "" } = options;
  const nameOf = (id: string) => oneLine(names.get(id) ?? id);
  const rows = comparisons.map((comparison, index) => [
    nameOf(comparison.candidateId),
    ...comparisonCells(comparison),
    verdicts[index] ?? "",
  ]);
  const lines = [
    `${oneLine(metric)}, ${lowerIsBetter ? "lower" : "higher"} is better, baseline ${nameOf(baselineId)}  ${baselineId}`,
    "",
    formatTable(comparisonColumns, rows),
    "",
    ...explainTests(response, alpha),
  ];
  for (const [index, comparison] of comparisons.entries()) {
    const { candidateId, regressed, losses } = comparison;
    const name = nameOf(candidateId);
    const evidence = evidenceOf(comparison, options);
    if (evidence.length > 0) lines.push("", ...evidence.map((line) => `${name}: ${line}`));
    const leftOut = leftOutText(comparison);
    if (leftOut !== "") lines.push("", `${name}: ${leftOut}`);
    const slices = slicesTable(comparisons, index, groupBy, options);
    if (slices !== undefined) {
      const cells = slices.rows.map(({ name, cells, verdict }) => [name, ...cells, verdict]);
      lines.push("", `${name} ${oneLine(slices.title)}:`, formatTable(slices.columns, cells));
      lines.push(...slices.notesWith().map(oneLine));
    }
    if (samples > 0 && regressed.length > 0) {
      const shown = regressed.slice(0, samples);
      lines.push(
        "",
        `${name}: worst of ${losses} regressed samples`,
        formatTable(
          sampleColumns,
          shown.map((sample) => [sample.sampleId, ...sampleCells(sample)]),
        ),
      );
    }
  }
  return lines.join("\n");
}
