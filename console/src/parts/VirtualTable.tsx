import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";
import { boxes, type Selection } from "./selection.tsx";
import { type TableColumn, useIsStacked } from "./Table.tsx";

export interface Column<Row> extends TableColumn<Row> {
  /** A track of a CSS grid, with its least width in rem: `12rem`, `minmax(10rem, 2fr)`. */
  width: string;
}

interface Props<Row> {
  /** What the table lists, for who hears it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** How many rows there are in all; undefined: it is not known, or more than are here. */
  total?: number | undefined;
  /** About how tall a row is, in pixels, where it is not stacked. */
  rowHeight?: number;
  /** Called when the end comes into sight and there is more. */
  onEnd?: (() => void) | undefined;
  /** Called with the index of the first row in sight when that changes. */
  onSight?: ((first: number) => void) | undefined;
  /** The key of the row that is selected, which comes into sight. */
  selected?: string | undefined;
  /** Which rows are chosen; undefined: none can be. */
  selection?: Selection<Row>;
  /** Shown instead of no rows. */
  empty?: ReactNode;
}

/** A table that holds any number of rows, and renders those in sight. */
export function VirtualTable<Row>(props: Props<Row>) {
  const { label, rows, keyOf, total, rowHeight = 37, onEnd, onSight, selected, selection, empty } = props;
  const lastChosen = useRef<string>(undefined);
  const chooser: Column<Row>[] = selection ? [boxes(selection, { rows, keyOf, last: lastChosen })] : [];
  const columns: readonly Column<Row>[] = [...chooser, ...props.columns];
  const body = useRef<HTMLDivElement>(null);
  const isStacked = useIsStacked();
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => (isStacked ? 3 : 1) * rowHeight,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
    getItemKey: (index) => keyOf(rows[index] as Row),
  });
  const measured = useRef(isStacked);
  useEffect(() => {
    if (measured.current === isStacked) return;
    measured.current = isStacked;
    virtual.measure();
  }, [virtual, isStacked]);
  const items = virtual.getVirtualItems();
  const first = virtual.range?.startIndex ?? 0;
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => onSight?.(first), [first, onSight]);
  useEffect(() => {
    if (last >= rows.length - 20) onEnd?.();
  }, [last, rows.length, onEnd]);
  const place = selected ? rows.findIndex((row) => keyOf(row) === selected) : -1;
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place, { align: "auto" });
  }, [virtual, place]);
  if (rows.length === 0 && empty !== undefined) return <div className="empty">{empty}</div>;
  const template = columns.map(({ width }) => width).join(" ");
  // All rows are equally wide, whatever is in them, so that their columns stand in line.
  const least = columns.reduce(
    (sum, { width }) => sum + Number.parseFloat(/[\d.]+(?=rem)/.exec(width)?.[0] ?? "0"),
    0,
  );
  const minWidth = isStacked ? undefined : `${least}rem`;
  return (
    // Rows are laid out by themselves, which a table element does not allow.
    <div
      className={isStacked ? "virtual stacked" : "virtual"}
      role="table"
      aria-label={label}
      aria-rowcount={total ?? -1}
    >
      <div role="rowgroup" className="virtual-head" style={{ minWidth }}>
        <div role="row" className="virtual-row" style={{ gridTemplateColumns: template }}>
          {columns.map(({ title, id = title, head, number }) => (
            <div role="columnheader" key={id} className={number ? "number" : undefined}>
              {head ?? title}
            </div>
          ))}
        </div>
      </div>
      <div
        role="rowgroup"
        ref={body}
        className="virtual-body"
        style={{ height: virtual.getTotalSize(), minWidth }}
      >
        {items.map(({ index, key, start }) => {
          const row = rows[index] as Row;
          return (
            <div
              role="row"
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              aria-rowindex={index + 2}
              aria-current={selected !== undefined && keyOf(row) === selected ? "true" : undefined}
              className="virtual-row"
              style={{
                gridTemplateColumns: template,
                transform: `translateY(${start - virtual.options.scrollMargin}px)`,
              }}
            >
              {columns.map(({ title, id = title, number, isName, cell }) => (
                <div
                  role={isName ? "rowheader" : "cell"}
                  key={id}
                  className={number ? "number" : undefined}
                  data-title={title}
                >
                  {cell(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
