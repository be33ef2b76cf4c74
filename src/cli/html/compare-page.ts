import type { BenchmarkComparison, MetricSummary, PairedSample } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { ComparisonTest } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { Evaluation } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { formatInterval, formatNumber } from "../shared/output.ts";
import { fill, Histogram, histogramChart } from "./histogram.ts";
import { intervalChart } from "./intervals.ts";
import { Html, html } from "./markup.ts";
import { unitOf } from "./metric.ts";
import { interval, pageText, type Section, tableOf } from "./page.ts";

/** One benchmark of a comparison. */
export interface Compared {
  id: string;
  name: string;
  /** Value of the compared metric; undefined if there is none. */
  summary: MetricSummary | undefined;
  /** All of them, read once, for the histogram. */
  evaluations: AsyncIterable<readonly Evaluation[]>;
}

export interface CandidateComparison {
  name: string;
  comparison: BenchmarkComparison;
  verdict: string;
}

/** The page of `ltb compare --html`. */
export interface ComparisonPage {
  metric: string;
  lowerIsBetter: boolean;
  /** The baseline first. */
  benchmarks: readonly Compared[];
  candidates: readonly CandidateComparison[];
  /** The two evaluations of a sample, to be read. */
  textsOf: (sample: PairedSample, comparison: BenchmarkComparison) => Promise<SampleTexts>;
  /** Most samples in each list. */
  samples: number;
}

export interface SampleTexts {
  input: string;
  expected: string | undefined;
  baseline: string | undefined;
  candidate: string | undefined;
}

/** Characters of a text that are shown. */
const SHOWN_TEXT = 2000;

export async function comparePage(page: ComparisonPage): Promise<string> {
  const { metric, lowerIsBetter, benchmarks, candidates } = page;
  const [baseline] = benchmarks;
  const unit = unitOf(metric);
  return pageText({
    title:
      candidates.length === 1
        ? `${candidates[0]?.name} against ${baseline?.name}`
        : `${candidates.length} candidates against ${baseline?.name}`,
    lead: html`Compared by ${unit}, ${lowerIsBetter ? "lower" : "higher"} is better, on the samples that both have. Baseline: ${baseline?.name ?? ""} <code>${baseline?.id ?? ""}</code>`,
    sections: [
      {
        title: `Mean difference in ${unit}`,
        note: "Candidate minus baseline with the 95 % interval of the paired t distribution. ▲ better, ▼ worse, ● no significant difference, by the p-value of the test named below, adjusted for several candidates by Holm's method.",
        body: [await differences(page), figures(page), html`<p class="note">${testsOf(candidates)}</p>`],
      },
      {
        title: "How the values are spread",
        note: "The dashed line is the mean of all evaluations of a benchmark, paired or not; the band around it its 95 % interval.",
        body: html`<div class="charts">${await spread(page)}</div>`,
      },
      ...(await Promise.all(candidates.map((candidate) => sampleSection(candidate, page)))),
    ],
  });
}

function differences({ metric, candidates }: ComparisonPage): Promise<Html> {
  const paired = candidates.filter(({ comparison }) => comparison.meanDifference !== undefined);
  const words = paired.map(
    ({ name, verdict, comparison: { meanDifference, ci95Low, ci95High } }) =>
      `${name}: ${formatNumber(meanDifference, 3)} (${formatNumber(ci95Low, 3)} to ${formatNumber(ci95High, 3)}), ${verdict}`,
  );
  return intervalChart(
    "Mean differences with their 95 % intervals",
    words.length > 0 ? `${words.join("; ")}.` : "No candidate shares a sample with the baseline.",
    `difference in ${unitOf(metric)}`,
    paired.map(({ name, verdict, comparison: { meanDifference = 0, ci95Low, ci95High } }) => ({
      label: name,
      mean: meanDifference,
      low: ci95Low,
      high: ci95High,
      verdict: verdict === "better" || verdict === "worse" ? verdict : "none",
    })),
    { zero: true },
  );
}

const tests: Record<ComparisonTest, string> = {
  [ComparisonTest.UNSPECIFIED]: "there are no pairs to test",
  [ComparisonTest.MCNEMAR_EXACT]: "McNemar's exact test",
  [ComparisonTest.WILCOXON_SIGNED_RANK]: "Wilcoxon's signed-rank test",
};

function testsOf(candidates: readonly CandidateComparison[]): string {
  const names = [...new Set(candidates.map(({ comparison }) => tests[comparison.test]))];
  return `p: ${names.join(", ")}. Effect d: mean difference in standard deviations of the differences. Left out: evaluations without a partner.`;
}

const signs: Record<string, string> = { better: "▲ ", worse: "▼ ", "no difference": "● " };

const numbers = ["pairs", "baseline", "candidate", "difference", "95 % interval", "p"];
const others = ["win / loss / tie", "effect d", "left out"];
const columns = ["candidate", "verdict", ...[...numbers, ...others].map((name) => `>${name}`)];

function figures({ candidates }: ComparisonPage): Html {
  const rows = candidates.map(({ name, comparison, verdict }) => {
    const { nPaired, baselineMean, candidateMean, meanDifference, adjustedPValue, effectSize } = comparison;
    const { wins, losses, ties, baselineUnpaired, candidateUnpaired } = comparison;
    return [
      name,
      html`<span class="${verdict}">${signs[verdict] ?? ""}${verdict}</span>`,
      nPaired,
      ...[baselineMean, candidateMean, meanDifference].map((value) => formatNumber(value, 4)),
      formatInterval(comparison, { ...interval, digits: 3 }),
      adjustedPValue === undefined ? "–" : formatNumber(adjustedPValue, 2),
      `${wins} / ${losses} / ${ties}`,
      formatNumber(effectSize, 2),
      baselineUnpaired + candidateUnpaired,
    ];
  });
  return tableOf("Every candidate", columns, rows);
}

async function spread({ metric, benchmarks }: ComparisonPage): Promise<Html[]> {
  const known = benchmarks.flatMap(({ summary }) => (summary && summary.count > 0 ? [summary] : []));
  if (known.length === 0) return [];
  // One scale for all: what stands one below the other is read as one.
  const range = {
    min: Math.min(...known.map(({ min = 0 }) => min)),
    max: Math.max(...known.map(({ max = 0 }) => max)),
  };
  const charts: Html[] = [];
  for (const { name, summary, evaluations } of benchmarks) {
    if (summary === undefined || summary.count === 0) continue;
    const histogram = new Histogram(metric, range);
    await fill([histogram], evaluations);
    charts.push(await histogramChart(histogram, summary, name));
  }
  return charts;
}

async function sampleSection(
  { name, comparison }: CandidateComparison,
  page: ComparisonPage,
): Promise<Section> {
  const { regressed, improved, losses, wins } = comparison;
  const list = async (title: string, samples: readonly PairedSample[], count: number) => {
    const shown = samples.slice(0, page.samples);
    if (shown.length === 0) return html`<h3>${title}: none</h3>`;
    const items: Html[] = [];
    for (const [index, sample] of shown.entries())
      items.push(await sampleItem(sample, comparison, page, index === 0));
    return html`<h3>${title}: ${shown.length} of ${count}</h3>${items}`;
  };
  return {
    title: `${name}: samples`,
    body: [await list("Most regressed", regressed, losses), await list("Most improved", improved, wins)],
  };
}

async function sampleItem(
  sample: PairedSample,
  comparison: BenchmarkComparison,
  page: ComparisonPage,
  open: boolean,
): Promise<Html> {
  const { sampleId, repetition, baselineValue, candidateValue, difference } = sample;
  const { input, expected, baseline, candidate } = await page.textsOf(sample, comparison);
  const sign = difference > 0 ? "+" : "";
  const texts: [string, string | undefined][] = [
    ["Input", input],
    ["Expected", expected],
    [`Output of the baseline (${formatNumber(baselineValue)})`, baseline],
    [`Output of the candidate (${formatNumber(candidateValue)})`, candidate],
  ];
  return html`<details${new Html(open ? " open" : "")}><summary>${sampleId}${repetition > 0 ? ` #${repetition}` : ""}: ${formatNumber(baselineValue)} → ${formatNumber(candidateValue)} (${sign}${formatNumber(difference)})</summary>
<dl>${texts.flatMap(([label, text]) => (text === undefined ? [] : [html`<dt>${label}</dt><dd><pre>${cut(text)}</pre></dd>`]))}</dl></details>
`;
}

function cut(text: string): string {
  return text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)} … (${text.length} characters)` : text;
}
