import { styleText } from "node:util";
import { makePrintable } from "./text.ts";

const colours = { warn: "yellow", error: "red", fatal: "red" } as const;

/**
 * Turns JSON lines of the log into lines for people: time of day in UTC, level, message and details, and
 * below them the stack of an error. Nothing in them acts on a terminal.
 * @param stream coloured if this is a terminal that has colours
 */
export function readableLines(lines: string, stream: NodeJS.WriteStream): string {
  return lines.replace(/^.+$/gm, (line) =>
    line.startsWith("{") ? readableLine(JSON.parse(line), stream) : makePrintable(line),
  );
}

function readableLine(
  { level, time, msg, err, ...details }: Record<string, unknown>,
  stream: NodeJS.WriteStream,
) {
  const paint = (style: Parameters<typeof styleText>[0], text: string) => styleText(style, text, { stream });
  const label = String(level).toUpperCase().padEnd(5);
  const colour = Object.hasOwn(colours, String(level))
    ? colours[String(level) as keyof typeof colours]
    : "cyan";
  const told = Object.entries(details).map(([name, value]) => `${name}=${wordOf(value)}`);
  const { message = "", stack = "" } = err && typeof err === "object" ? (err as Record<string, unknown>) : {};
  const cause = stack || message ? `\n${makePrintable(String(stack || message))}` : "";
  const parts = [
    `${String(time).slice(11, 19)}Z`,
    paint(colour, label),
    harmless(String(msg ?? "")),
    ...(told.length > 0 ? [paint("dim", harmless(told.join(" ")))] : []),
  ];
  return `${parts.join(" ")}${cause.replaceAll("\n", "\n    ")}`;
}

function harmless(text: string): string {
  return makePrintable(text).replaceAll("\n", " ");
}

function wordOf(value: unknown): string {
  return typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}
