import type { ReactNode } from "react";

interface Props {
  /** What the chart shows, as its name. */
  title: string;
  /** Said below it: the unit, what was left out. */
  note?: ReactNode;
  width: number;
  height: number;
  /** The same figures as a table, for who cannot see it and for who wants to copy them. */
  table: { columns: readonly string[]; rows: readonly (readonly string[])[] };
  children: ReactNode;
}

/** The frame of every chart: a picture with a name, and its figures behind it. */
export function Chart({ title, note, width, height, table, children }: Props) {
  return (
    <figure className="chart">
      <svg viewBox={`0 0 ${width} ${height}`} role="group" aria-label={title}>
        {children}
      </svg>
      {note !== undefined && <figcaption>{note}</figcaption>}
      <details>
        <summary>Figures of “{title}”</summary>
        <div className="scroll">
          <table className="table">
            <thead>
              <tr>
                {table.columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row) => (
                <tr key={row.join(" ")}>
                  {row.map((cell, index) => (
                    <td key={index}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
