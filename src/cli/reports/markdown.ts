import { makePrintable } from "../../text.ts";
import {
  comparisonCells,
  comparisonColumns,
  leftOutText,
  sampleCells,
  sampleColumns,
} from "../shared/comparison.ts";
import type { Cell } from "../shared/output.ts";
import type { Report, ReportedCandidate } from "./report.ts";

/** Writes a comparison as GitHub Flavored Markdown, fit for a pull request's comment and a job's summary. */
export function toMarkdown({
  metric,
  baseline,
  candidates,
  warningsWith,
  failuresWith,
  explanation,
  samples,
}: Report): string {
  const rows = candidates.map(({ name, verdict, comparison }) => [
    code(name),
    ...comparisonCells(comparison),
    verdict,
  ]);
  const parts = [
    `### ${code(metric)} against ${code(baseline)}`,
    ...warningsWith(code).map((warning) => `**Warning:** ${warning}.`),
    ...failuresWith(code).map((failure) => `**A gate is not passed:** ${failure}.`),
    table(comparisonColumns, rows),
    explanation.join(" "),
    ...candidates.flatMap((candidate) => detailsOf(candidate, samples)),
  ];
  return `${parts.join("\n\n")}\n`;
}

function detailsOf({ name, comparison, evidence, slices }: ReportedCandidate, samples: number): string[] {
  const { regressed, losses } = comparison;
  const leftOut = leftOutText(comparison);
  const lines = [...evidence, ...(leftOut === "" ? [] : [leftOut])];
  const shown = regressed.slice(0, samples);
  return [
    lines.map((line) => `- ${code(name)}: ${line}`).join("\n"),
    ...(slices
      ? [
          `#### ${code(name)} ${code(slices.title)}`,
          table(
            slices.columns.map((column, index) => (index === 0 ? code(column) : column)),
            slices.rows.map(({ name, cells, verdict }) => [code(name), ...cells, verdict]),
          ),
          slices.notesWith(code).join(" "),
        ]
      : []),
    ...(shown.length > 0
      ? [
          `<details><summary>The worst ${shown.length} of ${losses} samples that got worse</summary>`,
          table(
            sampleColumns,
            shown.map((sample) => [code(sample.sampleId), ...sampleCells(sample)]),
          ),
          "</details>",
        ]
      : []),
  ].filter((part) => part !== "");
}

/** The names of columns that are aligned to the right begin with `>`. */
function table(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  const names = columns.map((name) => name.replace(/^>/, ""));
  const rule = columns.map((name) => (name.startsWith(">") ? "--:" : "---"));
  return [names, rule, ...rows].map(line).join("\n");
}

/** Text that others wrote, as code: so it mentions nobody and links nowhere. */
function code(text: string): string {
  const shown = makePrintable(text).replaceAll(/\s+/g, " ");
  const longest = Math.max(0, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 || shown.trim() !== shown ? " " : "";
  return `${fence}${pad}${shown === "" ? " " : shown}${pad}${fence}`;
}
