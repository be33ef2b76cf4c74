import { createContext, type ReactNode, useContext, useLayoutEffect, useRef, useState } from "react";
import { Scroll } from "../parts/Scroll.tsx";

interface Props {
  /** What the chart shows, as its name. */
  title: string;
  /** Said below it: the unit, what was left out. */
  note?: ReactNode;
  height: number;
  /** The same figures as a table, for who cannot see it and for who wants to copy them. */
  table: { columns: readonly string[]; rows: readonly (readonly string[])[] };
  /** Draws on so many pixels, so that text is as large as elsewhere. */
  children: (width: number) => ReactNode;
}

const [least, most] = [280, 800];

/**
 * The widths in pixels of the drawings, for wide and for narrow windows, where a page is written to a file:
 * nothing measures it there, and its style shows the drawing that fits. Undefined: the chart is measured.
 */
export const FixedWidths = createContext<readonly [wide: number, narrow: number] | undefined>(undefined);

/** The frame of every chart: a picture with a name, and its figures behind it. */
export function Chart({ title, note, height, table, children }: Props) {
  const widths = useContext(FixedWidths);
  const figure = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(most);
  useLayoutEffect(() => {
    const element = figure.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(Math.min(most, Math.max(least, element.clientWidth))));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <figure className="chart" ref={figure}>
      {(widths ?? [width]).map((each, index) => (
        <svg
          key={each}
          className={widths && (index === 0 ? "wide" : "narrow")}
          viewBox={`0 0 ${each} ${height}`}
          width={each}
          height={height}
          role={widths ? "img" : "group"}
          aria-label={title}
        >
          {children(each)}
        </svg>
      ))}
      {note !== undefined && <figcaption>{note}</figcaption>}
      <details>
        <summary>Figures of “{title}”</summary>
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
      </details>
    </figure>
  );
}
