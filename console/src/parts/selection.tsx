import type { RefObject } from "react";
import { count } from "./format.ts";

export interface Selection<Row> {
  /** The keys of the chosen rows, in the order in which they were chosen. */
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
  nameOf: (row: Row) => string;
  /** Whether all that are shown can be chosen at once, by a box at the head. */
  all?: boolean;
}

interface Rows<Row> {
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  /** The key of the row that was chosen last. */
  last: RefObject<string | undefined>;
}

/** The column by which rows are chosen; with Shift, all from the one that was chosen last. */
export function boxes<Row>(selection: Selection<Row>, { rows, keyOf, last }: Rows<Row>) {
  const { chosen, onChange, nameOf, all } = selection;
  const every = rows.length > 0 && rows.every((row) => chosen.has(keyOf(row)));
  const choose = (key: string, isRange: boolean) => {
    const next = new Set(chosen);
    const at = (wanted: string | undefined) => rows.findIndex((row) => keyOf(row) === wanted);
    const from = isRange ? at(last.current) : -1;
    last.current = key;
    if (from >= 0) {
      const [first, end] = [from, at(key)].toSorted((one, other) => one - other);
      for (const row of rows.slice(first, (end ?? from) + 1)) next.add(keyOf(row));
    } else if (!next.delete(key)) next.add(key);
    onChange(next);
  };
  return {
    title: "Selected",
    width: "2rem",
    head: all ? (
      <label className="all">
        <input
          type="checkbox"
          className="check"
          aria-label={`Select the ${count(rows.length)} shown`}
          checked={every}
          onChange={() => onChange(new Set(every ? [] : rows.map(keyOf)))}
        />{" "}
        <span>all shown</span>
      </label>
    ) : (
      <span className="hidden">Selected</span>
    ),
    cell: (row: Row) => (
      <input
        type="checkbox"
        className="check"
        aria-label={`Select ${nameOf(row)}`}
        checked={chosen.has(keyOf(row))}
        onChange={({ nativeEvent }) =>
          choose(keyOf(row), nativeEvent instanceof MouseEvent && nativeEvent.shiftKey)
        }
      />
    ),
  };
}
