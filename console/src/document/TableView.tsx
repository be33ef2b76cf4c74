import type { Cell, Table } from "../../../src/cli/html/document.ts";
import { Scroll } from "../parts/Scroll.tsx";

/** A table of a page; a wide one scrolls within it. */
export function TableView({ table: { caption, columns, rows } }: { table: Table }) {
  const kinds = columns.map((name) => (name.startsWith(">") ? "number" : undefined));
  return (
    <Scroll label={caption}>
      <table className="table">
        <caption className="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((name, column) => (
              <th key={column} scope="col" className={kinds[column]}>
                {name.replace(/^>/, "")}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([head, ...cells], row) => (
            <tr key={row}>
              <th scope="row" className={kinds[0]}>
                <CellView cell={head ?? ""} />
              </th>
              {cells.map((cell, column) => (
                <td key={column} className={kinds[column + 1]}>
                  <CellView cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function CellView({ cell }: { cell: Cell }) {
  if (typeof cell !== "object") return cell;
  const { text, below, tone } = cell;
  return (
    <>
      {tone === undefined ? text : <strong className={`nowrap text-${tone}`}>{text}</strong>}
      {below && <small>{below}</small>}
    </>
  );
}
