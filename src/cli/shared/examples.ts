/** The examples below a command's help: each a command line and what it is for. */
export function examples(...lines: [command: string, what: string][]): string {
  const width = Math.max(0, ...lines.filter(([, what]) => what !== "").map(([command]) => command.length));
  return `\nExamples:\n${lines.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`.trimEnd()).join("\n")}`;
}
