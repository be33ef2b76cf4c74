import type { Fault, Report } from "./check.ts";

/** Prints the report as a table, with every fault below it. @param options.brief true: without the table */
export function formatReport({ checked, faults }: Report, { brief = false } = {}): string {
  const width = Math.max(...checked.map(({ statement }) => statement.length));
  const total = (count: (row: Report["checked"][number]) => number) =>
    checked.reduce((sum, row) => sum + count(row), 0);
  const table = [
    `${"statement".padEnd(width)}  examples  columns`,
    ...checked.map(
      ({ statement, examples, columns, faults }) =>
        `${statement.padEnd(width)}  ${String(examples).padStart(8)}  ${String(columns).padStart(7)}${faults > 0 ? `  ${faults} wrong` : ""}`,
    ),
    "",
  ];
  return [
    ...(brief ? [] : table),
    ...faults.map(formatFault),
    `${checked.length} statements, ${total(({ examples }) => examples)} examples: ${faults.length === 0 ? "no fault" : `${faults.length} faults`}`,
  ].join("\n");
}

export function formatFault({ statement, example, column, problem, database, schema }: Fault): string {
  const place = [
    statement,
    ...(example === undefined ? [] : [`example ${example}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
  ].join(", ");
  const sides = database === undefined ? "" : `\n  PostgreSQL: ${database}\n  row schema: ${schema}`;
  return `${place}: ${problem}${sides}\n`;
}
