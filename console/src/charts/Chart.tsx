import { createContext, type ReactNode, useContext, useLayoutEffect, useRef, useState } from "react";
import { Figures, type FiguresTable } from "./Figures.tsx";

interface Props {
  /** What the chart shows, as its name. */
  title: string;
  /** Said below it: the unit, what was left out. */
  note?: ReactNode;
  height: number;
  /** The same figures as a table, for who cannot see it and for who wants to copy them. */
  table: FiguresTable;
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
  // A drawing for a width that is not known yet would be made in vain.
  const [width, setWidth] = useState(import.meta.env.SSR ? most : undefined);
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
          key={index}
          className={widths && (index === 0 ? "wide" : "narrow")}
          viewBox={`0 0 ${each ?? most} ${height}`}
          width={each ?? most}
          height={height}
          role={widths ? "img" : "group"}
          aria-label={title}
        >
          {each !== undefined && children(each)}
        </svg>
      ))}
      {note !== undefined && <figcaption>{note}</figcaption>}
      <Figures of={title} table={table} />
    </figure>
  );
}
