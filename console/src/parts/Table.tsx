import type { ReactNode } from "react";
import { useIsWide } from "../data/useIsWide.ts";
import { Scroll } from "./Scroll.tsx";

export interface TableColumn<Row> {
  title: string;
  /** Tells it from columns with the same title. Default: its title */
  id?: string;
  /** What stands at the head instead of the title. */
  head?: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Figures stand at the right. */
  number?: boolean;
  /** Its cells name their rows. */
  isName?: boolean;
}

interface Props<Row> {
  /** What the table lists, for who hears it. */
  label: string;
  columns: readonly TableColumn<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

/** A table of a few rows, whose columns are as wide as what is in them. */
export function Table<Row>({ label, columns, rows, keyOf }: Props<Row>) {
  const isStacked = useIsStacked();
  return (
    <Scroll label={label}>
      <table className={isStacked ? "table stacked" : "table"}>
        <thead>
          <tr>
            {columns.map(({ title, id = title, head, number }) => (
              <th key={id} scope="col" className={number ? "number" : undefined}>
                {head ?? title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => {
                const { title, id = title, number, isName } = column;
                const given = { className: number ? "number" : undefined, "data-title": title };
                return isName ? (
                  <th key={id} scope="row" {...given}>
                    {column.cell(row)}
                  </th>
                ) : (
                  <td key={id} {...given}>
                    {column.cell(row)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Whether the window is so narrow that rows stand as lines, each value behind the title of its column. */
export function useIsStacked(): boolean {
  return !useIsWide(46);
}
