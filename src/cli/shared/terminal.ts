import { styleText } from "node:util";
import { makePrintable } from "../../text.ts";

/** The styles of text, each begun by a character that Unicode leaves to a program's own use. */
const marks = { bold: "\ufdd0", red: "\ufdd1", green: "\ufdd2", yellow: "\ufdd3" } as const;
const end = "\ufddf";
type Style = keyof typeof marks;
const styles = Object.fromEntries(Object.entries(marks).map(([style, mark]) => [mark, style as Style]));

const marked = new RegExp(`([${Object.values(marks).join("")}])([^\\n]*?)${end}`, "gu");
const anyMark = /[\ufdd0-\ufdef]/gu;

/** Text in a style, which it gets where it is printed to a terminal; elsewhere it stays plain. */
export function paint(style: Style, text: string): string {
  return `${marks[style]}${text}${end}`;
}

/** Text of others, which no style of ours may begin in. */
export function withoutMarks(text: string): string {
  return text.replace(anyMark, "�");
}

/**
 * Text as an output shows it: harmless, and in colours where the output is a terminal that has them.
 * NO_COLOR turns these off, and FORCE_COLOR on.
 */
export function showable(text: string, stream: NodeJS.WriteStream): string {
  const styled = makePrintable(text).replace(marked, (_, mark: string, inner: string) =>
    styleText(styles[mark] ?? "reset", inner, { stream }),
  );
  return withoutMarks(styled);
}

/** Columns of the narrowest terminal that a table could be meant for. */
const NARROWEST = 20;

/**
 * Columns of a line: those that COLUMNS says, else those of the terminal; undefined where there is none, and
 * where it does not know its width, which it tells as 0 or 1.
 */
export function lineWidth(): number | undefined {
  return [Number(process.env.COLUMNS), process.stdout.columns].find(
    (n) => Number.isInteger(n) && n >= NARROWEST,
  );
}
