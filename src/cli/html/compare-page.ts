import type { BenchmarkComparison, MetricSummary, PairedSample } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { CompareBenchmarksResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationView } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { leaveOpen, type Verdict } from "../../statistics/verdict.ts";
import { countCharacters, cutText } from "../../text.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { explainTests, testName } from "../shared/comparison.ts";
import { type Evidence, evidenceOf } from "../shared/evidence.ts";
import { formatInterval, formatNumber } from "../shared/output.ts";
import { slicesTable } from "../shared/pair-slices.ts";
import { readEvaluations } from "../transfer/read-evaluations.ts";
import { type Drawn, fill, Histogram, histogramCharts } from "./histogram.ts";
import { intervalChart } from "./intervals.ts";
import { Html, html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { sentences, tableOf, withInterval, withSmall, writePage } from "./page.ts";

interface Comparison {
  /** Names by id, the baseline's first. */
  names: ReadonlyMap<string, string>;
  response: CompareBenchmarksResponse;
  /** As the comparisons of the response. */
  verdicts: readonly Verdict[];
  /** Sentences on the comparison as a whole. */
  warnings: readonly string[];
  /** Sentences that say why gates are not passed. */
  failures: readonly string[];
  /** `samples`: the most in each list. */
  options: Evidence & { samples: number; groupBy?: string };
}

interface Candidate {
  name: string;
  verdict: Verdict;
  comparison: BenchmarkComparison;
}

/** What one line of the chart of differences shows. */
interface Drawable extends Omit<Candidate, "comparison"> {
  comparison: Pick<BenchmarkComparison, "meanDifference" | "ci95Low" | "ci95High" | "bounds">;
}

/** Characters of a text that are shown. */
const SHOWN_TEXT = 2000;

/** Writes the page of `ltb compare --html`, with the texts of the samples that changed most. */
export async function writeComparison(
  path: string,
  client: BenchmarkClient,
  given: Comparison,
): Promise<void> {
  const { names, response, verdicts, warnings, failures, options } = given;
  const { metric, baselineId, lowerIsBetter, comparisons } = response;
  const candidates = comparisons.map((comparison, index) => ({
    name: names.get(comparison.candidateId) ?? comparison.candidateId,
    verdict: verdicts[index] ?? "no pairs",
    comparison,
  }));
  const baseline = names.get(baselineId) ?? "";
  const unit = unitOf(metric);
  const compared = candidates.length === 1 ? candidates[0]?.name : `${candidates.length} candidates`;
  await writePage(path, {
    title: `${compared} against ${baseline}`,
    lead: html`Compared by ${unit}, ${lowerIsBetter ? "lower" : "higher"} is better, on the samples that ${options.missing === "as_worst" ? "the baseline has a value of" : "both have"}. Baseline: ${baseline} <code>${baselineId}</code>`,
    sections: [
      ...sentences(
        "Warning",
        warnings.map((line) => `${line}.`),
      ),
      ...(failures.length > 0
        ? [{ title: "A gate is not passed", body: failures.map((failure) => html`<p>${failure}.</p>`) }]
        : []),
      {
        title: `Mean difference in ${unit}`,
        note: `Candidate minus baseline, with the 95 % interval below. ▲ better, ▼ worse,${verdicts.includes("may be worse") ? " ▽ may be worse," : ""} ● no significant difference. ${comparisons.some(({ bounds }) => leaveOpen(bounds)) ? reachWords : ""}${explainTests(response, options.alpha).join(" ")}`,
        body: [
          await differences(unit, candidates),
          figures(candidates),
          html`<p class="note">Intervals of the means: ${response.clusterBy === "" ? "Wilson's where every value is 0 or 1, else by Student's t distribution" : "by clusters"}. The effect size d is the mean difference in standard deviations of the differences. Left out: samples of the baseline and of the candidate without a partner.</p>`,
        ],
      },
      {
        title: "What the pairs show",
        note: "A difference that was not found is no proof that there is none.",
        body: candidates.map(
          ({ name, comparison }) => html`<p>${name}: ${evidenceOf(comparison, options).join("; ")}.</p>`,
        ),
      },
      ...(await Promise.all(comparisons.map((_, index) => slicesOf(given, index)))).flat(),
      {
        title: "How the values are spread",
        note: "The dashed line is the mean over all samples of a benchmark, paired or not; the band around it its 95 % interval.",
        body: html`<div class="charts">${await spread(client, names, response)}</div>`,
      },
      ...(await Promise.all(
        candidates.map(async ({ name, comparison }) => {
          const texts = readTexts(client, baselineId, comparison.candidateId);
          return { title: `${name}: samples`, body: await samplesOf(comparison, options.samples, texts) };
        }),
      )),
    ],
  });
}

/** More groups than these have a table only. */
const MOST_LINES = 80;

/** The section on the groups of a comparison, where they are asked for. */
async function slicesOf({ names, response, options }: Comparison, index: number) {
  const { comparisons, metric } = response;
  const { groupBy = "" } = options;
  const comparison = comparisons[index];
  const table = slicesTable(comparisons, index, groupBy, options);
  if (comparison === undefined || table === undefined) return [];
  const name = names.get(comparison.candidateId) ?? comparison.candidateId;
  const title = `${name} ${table.title}`;
  const rows = table.rows.map(({ name, slice, cells: [pairs = ""], verdict }) => {
    const { wins, losses, ties, pairedTPValue, pValue, adjustedPValue } = slice;
    return [
      name,
      signed(verdict),
      String(pairs),
      formatNumber(slice.baselineMean, 4),
      formatNumber(slice.candidateMean, 4),
      withInterval(slice.meanDifference, slice),
      formatNumber(pairedTPValue, 2),
      withSmall(formatNumber(pValue, 2), testName(slice)),
      formatNumber(adjustedPValue, 2),
      `${wins} / ${losses} / ${ties}`,
    ];
  });
  const drawn = table.rows.map(({ name, verdict, slice }) => ({ name, verdict, comparison: slice }));
  const isDrawn = drawn.length > 0 && drawn.length <= MOST_LINES;
  return [
    {
      title,
      note: `Candidate minus baseline in each group. ${table.notesWith().join(" ")}`,
      body: [
        ...(isDrawn ? [await differences(unitOf(metric), drawn)] : []),
        tableOf(title, [groupBy, ...columns.slice(1)], rows),
      ],
    },
  ];
}

async function differences(unit: string, candidates: readonly Drawable[]): Promise<Html> {
  const paired = candidates.filter(({ comparison }) => comparison.meanDifference !== undefined);
  if (paired.length === 0) return html`<p>There are no pairs to draw.</p>`;
  const words = paired.map(({ name, verdict, comparison }) => {
    const interval = formatInterval(comparison, { digits: 3, between: " to ", none: "no interval" });
    const reach = reachOf(comparison);
    const within = reach
      ? `, within bounds ${formatNumber(reach.low, 3)} to ${formatNumber(reach.high, 3)}`
      : "";
    return `${name}: ${formatNumber(comparison.meanDifference, 3)} (${interval}${within}), ${verdict}`;
  });
  return intervalChart(
    "Mean differences with their 95 % intervals",
    `${words.join("; ")}.`,
    `difference in ${unit}`,
    paired.map(({ name, verdict, comparison }) => {
      const { meanDifference: mean = 0, ci95Low: low, ci95High: high } = comparison;
      const reach = reachOf(comparison);
      return {
        ...{ label: name, mean, low, high },
        verdict: verdict === "better" || verdict === "worse" ? verdict : "none",
        ...(reach && { reach }),
      };
    }),
    { zero: true },
  );
}

/** How far the mean difference may go where samples are missing, which verdicts then go by. */
function reachOf({ bounds }: Drawable["comparison"]) {
  if (!leaveOpen(bounds)) return undefined;
  const { low, high, ci95Low = low, ci95High = high } = bounds;
  return { low: ci95Low, high: ci95High };
}

const reachWords =
  "Dotted lines go as far as the mean difference may be, whatever the missing samples are, with 95 % intervals. ";

const signs: Record<Verdict, string> = {
  better: "▲ ",
  worse: "▼ ",
  "may be worse": "▽ ",
  "no significant difference": "● ",
  "no pairs": "",
  "one cluster": "",
};

const signed = (verdict: Verdict) => html`<span class="${verdict}">${signs[verdict]}${verdict}</span>`;

const means = [">pairs", ">baseline", ">candidate", ">difference"];
const tests = [">p (t)", ">p (test)", ">p (Holm)", ">win / loss / tie"];
const columns = ["candidate", "verdict", ...means, ...tests];

function figures(candidates: readonly Candidate[]): Html {
  const rows = candidates.map(({ name, comparison, verdict }) => {
    const { nPaired, baselineMean, candidateMean, meanDifference, effectSize } = comparison;
    const { wins, losses, ties, baselineUnpaired, candidateUnpaired } = comparison;
    const { pairedTPValue, pValue, adjustedPValue } = comparison;
    const { baselineCi95Low, baselineCi95High, candidateCi95Low, candidateCi95High } = comparison;
    return [
      name,
      signed(verdict),
      withSmall(nPaired, `${baselineUnpaired} and ${candidateUnpaired} left out`),
      withInterval(baselineMean, { ci95Low: baselineCi95Low, ci95High: baselineCi95High }),
      withInterval(candidateMean, { ci95Low: candidateCi95Low, ci95High: candidateCi95High }),
      withInterval(meanDifference, comparison),
      withSmall(
        formatNumber(pairedTPValue, 2),
        effectSize === undefined ? "" : `d ${formatNumber(effectSize, 2)}`,
      ),
      withSmall(formatNumber(pValue, 2), testName(comparison)),
      formatNumber(adjustedPValue, 2),
      `${wins} / ${losses} / ${ties}`,
    ];
  });
  return tableOf("Every candidate", columns, rows);
}

async function spread(
  client: BenchmarkClient,
  names: Comparison["names"],
  { metric, clusterBy }: CompareBenchmarksResponse,
): Promise<Html[]> {
  const known: { id: string; name: string; summary: MetricSummary }[] = [];
  for (const [id, name] of names) {
    const asked = { benchmarkId: id, metrics: [metric], clusterBy };
    const { metrics } = await client.getBenchmarkSummary(asked);
    const [summary] = metrics;
    if (summary !== undefined && summary.count > 0) known.push({ id, name, summary });
  }
  // One scale for all: what stands one below the other is read as one.
  const range = {
    min: Math.min(...known.map(({ summary: { min = 0 } }) => min)),
    max: Math.max(...known.map(({ summary: { max = 0 } }) => max)),
  };
  const drawn: Drawn[] = [];
  for (const { id, name, summary } of known) {
    const histogram = new Histogram(metric, range);
    await fill([histogram], readEvaluations(client, id, EvaluationView.BASIC));
    drawn.push({ histogram, summary, title: name });
  }
  return histogramCharts(drawn);
}

/** Reads what the two evaluations of a sample say, each text with its title. */
function readTexts(client: BenchmarkClient, baselineId: string, candidateId: string) {
  const read = async (id: string, benchmarkId: string) =>
    id === "" ? undefined : (await client.getEvaluation({ id, benchmarkId })).evaluation;
  return async (sample: PairedSample): Promise<[title: string, text: string | undefined][]> => {
    const [baseline, candidate] = await Promise.all([
      read(sample.baselineEvaluationId, baselineId),
      read(sample.candidateEvaluationId, candidateId),
    ]);
    const [before, after] = [sample.baselineValue, sample.candidateValue].map((value) => formatNumber(value));
    return [
      ["Input", (candidate ?? baseline)?.input ?? ""],
      ["Expected", (candidate ?? baseline)?.expected],
      [`Output of the baseline (${before})`, baseline?.output ?? baseline?.error],
      [`Output of the candidate (${after})`, candidate?.output ?? candidate?.error],
    ];
  };
}

async function samplesOf(
  { regressed, improved, losses, wins }: BenchmarkComparison,
  most: number,
  textsOf: ReturnType<typeof readTexts>,
): Promise<Html[]> {
  const list = async (title: string, samples: readonly PairedSample[], count: number) => {
    const shown = samples.slice(0, most);
    if (count === 0) return html`<h3>${title}: none</h3>`;
    const items: Html[] = [];
    for (const sample of shown) items.push(sampleItem(sample, await textsOf(sample), items.length === 0));
    return html`<h3>${title}: ${shown.length} of ${count}</h3>${items}`;
  };
  return [await list("Most regressed", regressed, losses), await list("Most improved", improved, wins)];
}

function sampleItem(sample: PairedSample, texts: [string, string | undefined][], open: boolean): Html {
  const { sampleId, baselineValue, candidateValue, difference } = sample;
  const sign = difference > 0 ? "+" : "";
  return html`<details${new Html(open ? " open" : "")}><summary>${sampleId}: ${formatNumber(baselineValue)} → ${formatNumber(candidateValue)} (${sign}${formatNumber(difference)})</summary>
<dl>${texts.flatMap(([label, text]) => (text === undefined ? [] : [html`<dt>${label}</dt><dd><pre>${cut(text)}</pre></dd>`]))}</dl></details>
`;
}

function cut(text: string): string {
  const shown = cutText(text, SHOWN_TEXT);
  return shown === text ? text : `${shown} … (${countCharacters(text)} characters)`;
}
