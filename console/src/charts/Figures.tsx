import { useState } from "react";
import { Scroll } from "../parts/Scroll.tsx";

export interface FiguresTable {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

/** The figures of a chart as a table: a page makes it when it is opened, a file holds it from the start. */
export function Figures({ of: title, table }: { of: string; table: FiguresTable }) {
  const [wasOpened, setOpened] = useState(import.meta.env.SSR);
  return (
    <details onToggle={() => setOpened(true)}>
      <summary>Figures of “{title}”</summary>
      {wasOpened && (
        <Scroll label={`Figures of “${title}”`}>
          <table className="table">
            <thead>
              <tr>
                {table.columns.map((column, index) => (
                  <th key={index} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row, index) => (
                <tr key={index}>
                  {row.map((cell, column) => (
                    <td key={column}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </details>
  );
}
