import type { HistogramData, IntervalsData, TimelineData } from "../../charts/data.ts";

// What a page of `--html` says. How it looks is known in console/src/document, which is bundled with what
// draws the console's charts, and which the command line is not compiled with.

export interface Page {
  title: string;
  /** The subject and its size, under the title. */
  lead: string;
  /** The id of the subject, at the end of the lead. */
  id?: string;
  sections: readonly Section[];
}

export interface Section {
  title: string;
  /** The explanation that readers need. */
  note?: string | undefined;
  body: readonly Block[];
}

export type Block =
  | { kind: "text"; text: string }
  /** An explanation that is smaller than text. */
  | { kind: "note"; text: string }
  | { kind: "table"; table: Table }
  | { kind: "intervals"; chart: IntervalsData }
  | { kind: "timeline"; chart: TimelineData }
  /** Charts side by side. */
  | { kind: "histograms"; charts: readonly HistogramData[] }
  | { kind: "samples"; title: string; samples: readonly Sample[] };

export interface Table {
  caption: string;
  /** The names of columns of numbers begin with `>`. */
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

export type Cell =
  | string
  | number
  /** `below` is smaller; `tone` colours what is better (good) or worse (bad). */
  | { text: string | number; below?: string; tone?: "good" | "bad" | undefined };

/** A sample that opens to its texts. */
export interface Sample {
  title: string;
  isOpen: boolean;
  texts: readonly { title: string; text: string }[];
}

export const text = (words: string): Block => ({ kind: "text", text: words });

/** A section of what is said without full stops elsewhere, if anything is. */
export const remarks = (title: string, lines: readonly string[]): Section[] =>
  sentences(
    title,
    lines.map((line) => `${line}.`),
  );

/** A section of sentences, if there are any. */
export function sentences(title: string, lines: readonly string[]): Section[] {
  return lines.length === 0 ? [] : [{ title, body: lines.map(text) }];
}

export function tableOf(caption: string, columns: Table["columns"], rows: Table["rows"]): Block {
  return { kind: "table", table: { caption, columns, rows } };
}
