import type { Interval } from "../../../src/charts/data.ts";
import { figure } from "../parts/format.ts";

// Figures with intervals as columns of the table behind a chart.

const hasReach = (all: readonly Interval[]) => all.some(({ reach }) => reach);

/** The columns of figures; those of how far they may be only where one may be another. */
export function figureColumns(all: readonly Interval[]): string[] {
  return ["value", "from", "to", ...(hasReach(all) ? ["may be from", "may be to"] : [])];
}

/** The cells of one of the figures. */
export function figureCells({ value, low, high, reach }: Interval, all: readonly Interval[]): string[] {
  const ends = [low, high, ...(hasReach(all) ? [reach?.low, reach?.high] : [])];
  return [
    figure(value),
    ...ends.map((end) => (end !== undefined && Number.isFinite(end) ? figure(end) : "–")),
  ];
}
