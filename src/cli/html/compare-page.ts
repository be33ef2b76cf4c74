import type { BenchmarkComparison, PairedSample } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { CompareBenchmarksResponse } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { differenceOf } from "../../charts/rows.ts";
import { leaveOpen, type Verdict } from "../../statistics/verdict.ts";
import { countCharacters, cutText } from "../../text.ts";
import type { Evidence } from "../compare/asked.ts";
import { evidenceOf } from "../compare/evidence.ts";
import type { BenchmarkClient } from "../shared/client.ts";
import { explainTests, testName } from "../shared/comparison.ts";
import { formatNumber } from "../shared/output.ts";
import { slicesTable } from "../shared/pair-slices.ts";
import { type Block, type Cell, remarks, type Sample, type Section, tableOf, text } from "./document.ts";
import { unitOf, withInterval } from "./figures.ts";
import { groupsChart } from "./groups.ts";
import { type Summarized, spreadSection } from "./histograms.ts";
import { writePage } from "./write-page.ts";

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
    lead: `Compared by ${unit}, ${lowerIsBetter ? "lower" : "higher"} is better, on the samples that ${options.missing === "as_worst" ? "the baseline has a value of" : "both have"}. Baseline: ${baseline}`,
    id: baselineId,
    sections: [
      ...remarks("Warning", warnings),
      ...remarks("A gate is not passed", failures),
      {
        title: `Mean difference in ${unit}`,
        note: `Candidate minus baseline, with the 95 % interval below. ▲ better, ▼ worse,${verdicts.includes("may be worse") ? " ▽ may be worse," : ""} ● no significant difference. ${comparisons.some(({ bounds }) => leaveOpen(bounds)) ? reachWords : ""}${explainTests(response, options.alpha).join(" ")}`,
        body: [
          ...differences(unit, candidates),
          figures(candidates),
          {
            kind: "note",
            text: `Intervals of the means: ${response.clusterBy === "" ? "Wilson's where every value is 0 or 1, else by Student's t distribution" : "by clusters"}. The effect size d is the mean difference in standard deviations of the differences. Left out: samples of the baseline and of the candidate without a partner.`,
          },
        ],
      },
      {
        title: "What the pairs show",
        note: "A difference that was not found is no proof that there is none.",
        body: candidates.map(({ name, comparison }) =>
          text(`${name}: ${evidenceOf(comparison, options).join("; ")}.`),
        ),
      },
      ...comparisons.flatMap((_, index) => slicesOf(given, index)),
      ...(await spreadSection(
        client,
        [await summariesOf(client, names, response)],
        "The dashed line is the mean over all samples of a benchmark, paired or not; the band around it its 95 % interval.",
      )),
      ...(await Promise.all(
        candidates.map(async ({ name, comparison }) => {
          const texts = readTexts(client, baselineId, comparison.candidateId);
          return { title: `${name}: samples`, body: await samplesOf(comparison, options.samples, texts) };
        }),
      )),
    ],
  });
}

/** The section on the groups of a comparison, where they are asked for. */
function slicesOf({ names, response, options }: Comparison, index: number): Section[] {
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
      { text: formatNumber(pValue, 2), below: testName(slice) },
      formatNumber(adjustedPValue, 2),
      `${wins} / ${losses} / ${ties}`,
    ];
  });
  const drawn = table.rows.flatMap(({ name, verdict, slice }) => differenceOf(name, slice, verdict));
  return [
    {
      title,
      note: `Candidate minus baseline in each group. ${table.notesWith().join(" ")}`,
      body: [
        ...groupsChart(`Mean differences by ${groupBy}`, `difference in ${unitOf(metric)}`, drawn, 0),
        tableOf(title, [groupBy, ...columns.slice(1)], rows),
      ],
    },
  ];
}

function differences(unit: string, candidates: readonly Candidate[]): Block[] {
  const rows = candidates.flatMap(({ name, verdict, comparison }) => differenceOf(name, comparison, verdict));
  if (rows.length === 0) return [text("There are no pairs to draw.")];
  const title = "Mean differences with their 95 % intervals";
  return [{ kind: "intervals", chart: { title, unit: `difference in ${unit}`, rows, at: 0 } }];
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

const signed = (verdict: Verdict): Cell => ({
  text: `${signs[verdict]}${verdict}`,
  tone: verdict === "better" ? "good" : verdict === "worse" ? "bad" : undefined,
});

const means = [">pairs", ">baseline", ">candidate", ">difference"];
const tests = [">p (t)", ">p (test)", ">p (Holm)", ">win / loss / tie"];
const columns = ["candidate", "verdict", ...means, ...tests];

function figures(candidates: readonly Candidate[]): Block {
  const rows = candidates.map(({ name, comparison, verdict }) => {
    const { nPaired, baselineMean, candidateMean, meanDifference, effectSize } = comparison;
    const { wins, losses, ties, baselineUnpaired, candidateUnpaired } = comparison;
    const { pairedTPValue, pValue, adjustedPValue } = comparison;
    const { baselineCi95Low, baselineCi95High, candidateCi95Low, candidateCi95High } = comparison;
    return [
      name,
      signed(verdict),
      { text: nPaired, below: `${baselineUnpaired} and ${candidateUnpaired} left out` },
      withInterval(baselineMean, { ci95Low: baselineCi95Low, ci95High: baselineCi95High }),
      withInterval(candidateMean, { ci95Low: candidateCi95Low, ci95High: candidateCi95High }),
      withInterval(meanDifference, comparison),
      {
        text: formatNumber(pairedTPValue, 2),
        below: effectSize === undefined ? "" : `d ${formatNumber(effectSize, 2)}`,
      },
      { text: formatNumber(pValue, 2), below: testName(comparison) },
      formatNumber(adjustedPValue, 2),
      `${wins} / ${losses} / ${ties}`,
    ];
  });
  return tableOf("Every candidate", columns, rows);
}

/** The summaries of all benchmarks that have a value, the baseline's first. */
async function summariesOf(
  client: BenchmarkClient,
  names: Comparison["names"],
  { metric, clusterBy }: CompareBenchmarksResponse,
): Promise<Summarized[]> {
  const known: Summarized[] = [];
  for (const [id, title] of names) {
    const asked = { benchmarkId: id, metrics: [metric], clusterBy };
    const { metrics } = await client.getBenchmarkSummary(asked);
    const [summary] = metrics;
    if (summary !== undefined && summary.count > 0) known.push({ id, title, summary });
  }
  return known;
}

/** Reads what the two evaluations of a sample say, each text with its title. */
function readTexts(client: BenchmarkClient, baselineId: string, candidateId: string) {
  const read = async (id: string, benchmarkId: string) =>
    id === "" ? undefined : (await client.getEvaluation({ id, benchmarkId })).evaluation;
  return async (sample: PairedSample, isOpen: boolean): Promise<Sample> => {
    const [baseline, candidate] = await Promise.all([
      read(sample.baselineEvaluationId, baselineId),
      read(sample.candidateEvaluationId, candidateId),
    ]);
    const { sampleId, baselineValue, candidateValue, difference } = sample;
    const [before, after] = [baselineValue, candidateValue].map((value) => formatNumber(value));
    const texts = [
      { title: "Input", text: (candidate ?? baseline)?.input ?? "" },
      { title: "Expected", text: (candidate ?? baseline)?.expected },
      { title: `Output of the baseline (${before})`, text: baseline?.output ?? baseline?.error },
      { title: `Output of the candidate (${after})`, text: candidate?.output ?? candidate?.error },
    ];
    return {
      title: `${sampleId}: ${before} → ${after} (${difference > 0 ? "+" : ""}${formatNumber(difference)})`,
      isOpen,
      texts: texts.flatMap(({ title, text }) => (text === undefined ? [] : [{ title, text: cut(text) }])),
    };
  };
}

async function samplesOf(
  { regressed, improved, losses, wins }: BenchmarkComparison,
  most: number,
  sampleOf: ReturnType<typeof readTexts>,
): Promise<Block[]> {
  const list = async (title: string, changed: readonly PairedSample[], count: number): Promise<Block> => {
    const samples: Sample[] = [];
    if (count === 0) return { kind: "samples", title: `${title}: none`, samples };
    for (const sample of changed.slice(0, most)) samples.push(await sampleOf(sample, samples.length === 0));
    return { kind: "samples", title: `${title}: ${samples.length} of ${count}`, samples };
  };
  return [await list("Most regressed", regressed, losses), await list("Most improved", improved, wins)];
}

function cut(text: string): string {
  const shown = cutText(text, SHOWN_TEXT);
  return shown === text ? text : `${shown} … (${countCharacters(text)} characters)`;
}
