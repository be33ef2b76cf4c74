import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import Table from "cli-table3";
import { rawJson } from "../../json-numbers.ts";
import type { Log } from "../../log.ts";
import { formatUtcMinute, makePrintable, makePrintableJson } from "../../text.ts";
import type { JsonObject, JsonValue } from "../../validation.ts";
import { toPlain } from "./plain.ts";
import { lineWidth, paint, showable, withoutMarks } from "./terminal.ts";

// Commands write by these functions, so that nothing that others wrote acts on a terminal.

export function print(text: string): void {
  process.stdout.write(`${showable(text, process.stdout)}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${makePrintableJson(JSON.stringify(value))}\n`);
}

/** Something worth knowing that is not the result. */
export function note(text: string): void {
  const shown = text.replace(/^(?:note|warning):/, (label) => paint("yellow", label));
  process.stderr.write(`${showable(shown, process.stderr)}\n`);
}

/** The same as JSON. */
export function noteJson(value: unknown): void {
  process.stderr.write(`${makePrintableJson(JSON.stringify(value))}\n`);
}

/** Asks for something that is typed in the same line. */
export function ask(question: string): void {
  process.stderr.write(makePrintable(question));
}

const noteLine = (_details: object, message: string) => note(message);

/** A log for what a command starts: its lines are notes, those for debugging left out. */
export const noteLog: Log = { debug: () => undefined, info: noteLine, warn: noteLine, error: noteLine };

/** The parts of a frame, none of which are drawn. */
const frame = "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right";
const edges = "left left-mid mid mid-mid right right-mid middle";
const noFrame = Object.fromEntries(`${frame} ${edges}`.split(" ").map((part) => [part, ""]));

export type Cell = string | number | bigint;

/** How far the further lines of a row are indented that is too long for one. */
const INDENT = 4;
const NEXT_LINE = `\n${" ".repeat(INDENT)}`;

/**
 * A table without frames. The names of columns that are aligned to the right begin with `>`. A row that is
 * longer than a line of the terminal goes on in further lines, which begin with whole cells.
 */
export function formatTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const width = lineWidth() ?? Number.POSITIVE_INFINITY;
  const drawn = columns.map((name, index) =>
    drawColumn(
      name,
      rows.map((row) => row[index] ?? ""),
    ),
  );
  const layers = layersOf(drawn, width);
  const lines = [columns, ...rows].map((_, row) => {
    const text = layers.map((layer) =>
      layer
        .map((column) => column[row])
        .join("  ")
        .trimEnd(),
    );
    const filled = text.filter((line, layer) => layer === 0 || line !== "");
    const styled = filled.map((line) => (row === 0 ? paint("bold", line) : wrapWords(line, width)));
    return styled.join(NEXT_LINE);
  });
  return lines.join("\n");
}

/** The lines of a column, all of one width: its name, and its cells. */
function drawColumn(name: string, cells: readonly Cell[]): string[] {
  const drawn = new Table({
    head: [oneLine(name.replace(/^>/, ""))],
    colAligns: [name.startsWith(">") ? "right" : "left"],
    chars: noFrame,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
  });
  for (const cell of cells) drawn.push([oneLine(String(cell))]);
  return drawn.toString().split("\n");
}

/** The columns, divided into as few lines as they fit in. */
function layersOf(columns: readonly string[][], width: number): string[][][] {
  const layers: string[][][] = [];
  let left = 0;
  for (const column of columns) {
    const taken = Math.max(...column.map(({ length }) => length));
    if (layers.length === 0 || taken > left) {
      left = width - (layers.length === 0 ? 0 : INDENT);
      layers.push([]);
    }
    layers.at(-1)?.push(column);
    left -= taken + 2;
  }
  return layers;
}

/** Breaks a line that is one long cell between its words. A longer line of several cells is none of these. */
function wrapWords(line: string, width: number): string {
  if (line.length <= width) return line;
  const words = new RegExp(`\\S.{0,${Math.max(width - INDENT, 20) - 1}}(?=\\s|$)|\\S+`, "gu");
  return line.match(words)?.join(NEXT_LINE) ?? line;
}

/** Joins cells to a line of a terminal, without empty ones. */
export function joinCells(cells: readonly string[]): string {
  const filled = cells.filter((cell) => cell !== "");
  return oneLine(filled.join("  ").trimEnd());
}

/** Text for a line of a terminal. */
export function oneLine(text: string): string {
  return withoutMarks(makePrintable(text)).replaceAll("\n", " ");
}

/** Lists an object as lines of name and value, without empty ones; an inner object has its own lines. */
export function formatFields(object: JsonObject): string {
  const rows = flatten(object);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** Prints every field of a message, or it as JSON. `words` are shown to people in place of such fields. */
export function printFields<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  { json }: { json?: boolean },
  words: JsonObject = {},
): void {
  const fields = toPlain(schema, message);
  if (json) printJson(fields);
  else print(formatFields({ ...fields, ...words }));
}

function flatten(object: JsonObject, prefix = ""): [name: string, value: string][] {
  return Object.entries(object).flatMap(([key, value]): [string, string][] => {
    const name = `${prefix}${key.replaceAll("_", " ")}`;
    if (rawJson.isRawJSON(value)) return [[name, JSON.stringify(value)]];
    if (value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0))
      return [];
    if (typeof value === "object" && !Array.isArray(value)) return flatten(value, `${name} `);
    const text = typeof value === "number" ? formatNumber(value) : String(value);
    return [[name, Array.isArray(value) ? value.map(itemText).join(", ") : text]];
  });
}

const itemText = (item: JsonValue) => (typeof item === "object" ? JSON.stringify(item) : String(item));

/** A number in at most `digits` significant digits. */
export function formatNumber(value: number | undefined, digits = 5): string {
  if (value === undefined) return "-";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(digits)));
}

/** "1 sample", "2 samples". */
export const countOf = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

/** An interval, or `none` where there is none. */
export function formatInterval(
  { ci95Low, ci95High }: { ci95Low?: number | undefined; ci95High?: number | undefined },
  { digits = 5, between = " … ", none = "-" } = {},
): string {
  if (ci95Low === undefined) return none;
  return `${formatNumber(ci95Low, digits)}${between}${formatNumber(ci95High, digits)}`;
}

/** Whole numbers from the first to the last, or the one that both are. */
export function formatSpan(first: number | undefined, last: number | undefined): string {
  if (first === undefined) return "-";
  return last === undefined || first === last ? String(first) : `${first}–${last}`;
}

/**
 * What a band of a leaderboard says, and what it does not say.
 * @param isOpen whether the mean of some may be another: see `isOpen` of an entry
 */
export const apartWords = (isOpen: boolean) => {
  const reach = isOpen
    ? ", which go as far as a mean may be where samples have no value, or failed beside it"
    : "";
  return (
    `Benchmarks share a band where their 95 % intervals overlap${reach}. That pairs no samples, nor is it adjusted for their number.\n` +
    "ltb compare pairs samples, and may tell apart what shares a band."
  );
};

/** A time in UTC to the minute, for a column of a table. */
export function formatMinute(time: Timestamp | undefined): string {
  return time === undefined ? "-" : formatUtcMinute(timestampDate(time));
}

/** The time of day in UTC, as ISO 8601 has it. */
export function formatClock(time: Date): string {
  return `${time.toISOString().slice(11, 19)}Z`;
}

/** A time in UTC to the second. */
export function formatSecond(time: Timestamp | undefined): string {
  return time === undefined ? "-" : timestampDate(time).toISOString().slice(0, 19).replace("T", " ");
}
