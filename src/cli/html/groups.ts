import type { Interval } from "../../charts/data.ts";
import type { Block } from "./document.ts";

/** More groups than these have a table only. */
const MOST_LINES = 80;

/** A chart of groups, unless they are none or too many to be drawn. */
export function groupsChart(title: string, unit: string, rows: readonly Interval[], at?: number): Block[] {
  if (rows.length === 0 || rows.length > MOST_LINES) return [];
  return [{ kind: "intervals", chart: { title, unit, rows, at } }];
}
