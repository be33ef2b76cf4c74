import { IntervalMethod } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { formatInterval, formatNumber, note } from "../shared/output.ts";
import { writeToFile } from "../transfer/write-text.ts";
import { type Html, html } from "./markup.ts";
import { style } from "./style.ts";

/** How intervals are written in tables. */
export const interval = { digits: 4, between: " to ", none: "–" };

/** A figure with a smaller one below it. */
export const withSmall = (figure: string | number, below: string) => html`${figure}<small>${below}</small>`;

/** A mean, and below it its interval. */
export function withInterval(mean: number | undefined, ends: Parameters<typeof formatInterval>[0]): Html {
  return withSmall(formatNumber(mean, 4), formatInterval(ends, { ...interval, digits: 3, none: "" }));
}

/** Says by which method the intervals of means were computed. */
export function intervalsOf(means: readonly { intervalMethod: IntervalMethod }[]): string {
  const has = (method: IntervalMethod) => means.some(({ intervalMethod }) => intervalMethod === method);
  if (has(IntervalMethod.CLUSTER_T)) return "by clusters of samples";
  const [t, wilson] = [has(IntervalMethod.STUDENT_T), has(IntervalMethod.WILSON)];
  if (t && wilson) return "Wilson's where every value is 0 or 1, else by Student's t distribution";
  if (wilson) return "Wilson's, since every value is 0 or 1";
  return t
    ? "by Student's t distribution"
    : "fewer than two values, and values that do not vary, determine none";
}

interface Page {
  title: string;
  /** The subject and its size, under the title. */
  lead: Html;
  sections: readonly Section[];
}

export interface Section {
  title: string;
  /** The explanation that readers need. */
  note?: string | undefined;
  body: Html | readonly Html[];
}

/** A section of sentences, if there are any. */
export function sentences(title: string, lines: readonly string[]): Section[] {
  return lines.length === 0 ? [] : [{ title, body: lines.map((line) => html`<p>${line}</p>`) }];
}

/**
 * Writes a page that needs nothing else: no script, no other file, nothing from the network, which its policy
 * forbids besides. It follows the reader's choice of light or dark, and prints.
 */
export async function writePage(path: string, page: Page): Promise<void> {
  await writeToFile(path, [pageText(page)]);
  note(`wrote ${path}`);
}

function pageText({ title, lead, sections }: Page): string {
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
  const made = new Date().toISOString().slice(0, 16).replace("T", " ");
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<header><h1>${title}</h1><p class="lead">${lead}</p></header>
${sections.map(section)}
<footer>Made by ltb on ${made} UTC.</footer>
</main>
</body>
</html>
`.text;
}

function section({ title, note, body }: Section): Html {
  return html`<section><h2>${title}</h2>
${note === undefined ? "" : html`<p class="note">${note}</p>`}
${body}
</section>
`;
}

/** A table; the names of columns of numbers begin with `>`. A wide one scrolls within the page. */
export function tableOf(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | Html)[])[],
): Html {
  const kind = (column: number) => (columns[column]?.startsWith(">") ? "number" : "text");
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((name, column) => html`<th scope="col" class="${kind(column)}">${name.replace(/^>/, "")}</th>`)}</tr></thead>
<tbody>
${rows.map(
  (cells) =>
    html`<tr>${cells.map((cell, column) => (column === 0 ? html`<th scope="row" class="${kind(column)}">${cell}</th>` : html`<td class="${kind(column)}">${cell}</td>`))}</tr>
`,
)}</tbody>
</table></div>`;
}
