/**
 * Writes the examples below a command's help, as `addHelpText` takes them: command lines, some with what they
 * are for.
 */
export function examples(...lines: (string | [command: string, what: string])[]): ["after", string] {
  const pairs = lines.map((line) => (typeof line === "string" ? ([line, ""] as const) : line));
  const width = Math.max(0, ...pairs.map(([command, what]) => (what === "" ? 0 : command.length)));
  const written = pairs.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`.trimEnd());
  return ["after", `\nExamples:\n${written.join("\n")}`];
}
