import type { Spec } from "vega";
import { at, chart, extentOf, full, mark } from "./chart.ts";
import { colours, type Interval, shapes } from "./intervals.ts";
import type { Html } from "./markup.ts";

/** A mean at its place in time. */
export interface Moment extends Omit<Interval, "shaded" | "reach"> {
  /** Whether a line from top to bottom stands there. */
  isMarked: boolean;
}

/** A mean that others are compared with, and its interval. */
type Level = Pick<Interval, "mean" | "low" | "high">;

/**
 * Draws means with whiskers from left to right, joined by a line, at equal distances however much time lies
 * between them.
 * @param level drawn as a broken line over its interval
 */
export function timelineChart(
  title: string,
  description: string,
  axis: string,
  moments: readonly Moment[],
  level: Level | undefined,
): Promise<Html> {
  const rows = moments.map(({ label, mean, low = mean, high = mean, verdict = "none", isMarked }, index) => ({
    // Runs of one minute have one label, and a point scale would take them as one.
    key: `${index} ${label}`,
    ...{ mean, low, high, isMarked },
    shape: shapes[verdict],
    colour: colours[verdict],
  }));
  const levels = level ? [{ ...level, low: level.low ?? level.mean, high: level.high ?? level.mean }] : [];
  return chart(title, description, 900, (width) => spec(width, axis, rows, levels));
}

type Row = Record<"mean" | "low" | "high", number>;

function spec(width: number, axis: string, rows: readonly Row[], levels: readonly Row[]): Spec {
  const isNarrow = width < 400;
  const x = at("key");
  const up = (field: string) => ({ scale: "y", field });
  const line = { stroke: { field: "colour" }, strokeWidth: 1.5 };
  const wide = { x: 0, x2: { signal: "width" } };
  // Without the number in front, which tells equal labels apart; narrow, only the day.
  const label = "slice(datum.value, indexof(datum.value, ' ') + 1)";
  const text = { signal: isNarrow ? `slice(${label}, 0, 10)` : label };
  const domain = extentOf([...rows, ...levels].flatMap(({ low, high, mean }) => [low, high, mean]));
  return {
    width,
    height: 340,
    data: [
      { name: "rows", values: [...rows] },
      {
        name: "marked",
        source: "rows",
        transform: [{ type: "filter", expr: "datum.isMarked" }],
      },
      { name: "levels", values: [...levels] },
    ],
    scales: [
      { name: "x", type: "point", range: "width", domain: { data: "rows", field: "key" }, padding: 0.5 },
      { name: "y", type: "linear", range: "height", nice: true, zero: false, domain },
    ],
    axes: [
      {
        ...{ scale: "x", orient: "bottom", title: "created (UTC)", labelOverlap: true },
        encode: { labels: { update: { text } } },
      },
      { scale: "y", orient: "left", title: axis, grid: true, tickCount: 7 },
    ],
    marks: [
      mark("rect", "levels", { ...wide, y: up("low"), y2: up("high"), fill: "var(--line)", opacity: 0.35 }),
      mark("rule", "levels", { ...wide, y: up("mean"), stroke: "var(--ink)", strokeDash: [4, 3] }),
      mark("rule", "marked", { x, ...full, ...line, strokeDash: [2, 3] }),
      mark("line", "rows", { x, y: up("mean"), stroke: "var(--even)", strokeWidth: 1 }),
      mark("rule", "rows", { x, y: up("low"), y2: up("high"), ...line }),
      mark("symbol", "rows", {
        ...{ x, y: up("mean"), shape: { field: "shape" }, fill: { field: "colour" } },
        size: Math.min(90, Math.max(12, (width * 4) / rows.length)),
      }),
    ],
  } as Spec;
}
