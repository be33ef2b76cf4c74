import type { Spec } from "vega";
import { at, chart, extentOf, full, mark } from "./chart.ts";
import { colours, endsOf, extended, type Interval, type Row, shapes } from "./intervals.ts";
import type { Html } from "./markup.ts";

/** A mean at its place in time. */
export interface Moment extends Omit<Interval, "shaded"> {
  /** Whether a line from top to bottom stands there. */
  isMarked: boolean;
  /** Whether the verdict would be another if missing samples had values: its shape is an outline then. */
  isUnsettled?: boolean;
}

/** A mean that others are compared with, its interval, and how far it may be. */
type Level = Pick<Interval, "mean" | "low" | "high" | "reach">;

/**
 * Draws means with whiskers from left to right, joined by a line, at equal distances however much time lies
 * between them.
 * @param level drawn as a broken line over its interval, which is fainter as far as the mean may be
 */
export function timelineChart(
  title: string,
  description: string,
  axis: string,
  moments: readonly Moment[],
  level: Level | undefined,
): Promise<Html> {
  const rows = moments.map(({ label, verdict = "none", isMarked, isUnsettled, ...moment }, index) => ({
    // Runs of one minute have one label, and a point scale would take them as one.
    key: `${index} ${label}`,
    ...{ ...extended(moment), isMarked },
    shape: shapes[verdict],
    colour: colours[verdict],
    fill: isUnsettled ? "var(--paper)" : colours[verdict],
  }));
  const levels = level ? [extended(level)] : [];
  return chart(title, description, 900, (width) => spec(width, axis, rows, levels));
}

function spec(width: number, axis: string, rows: readonly Row[], levels: readonly Row[]): Spec {
  const isNarrow = width < 400;
  const x = at("key");
  const up = (field: string) => ({ scale: "y", field });
  const line = { stroke: { field: "colour" }, strokeWidth: 1.5 };
  const wide = { x: 0, x2: { signal: "width" } };
  // Without the number in front, which tells equal labels apart; narrow, only the day.
  const label = "slice(datum.value, indexof(datum.value, ' ') + 1)";
  const text = { signal: isNarrow ? `slice(${label}, 0, 10)` : label };
  const domain = extentOf([...rows, ...levels].flatMap(endsOf));
  const reach = {
    y: { signal: "datum.isEndlessBelow ? height : scale('y', datum.from)" },
    y2: { signal: "datum.isEndlessAbove ? 0 : scale('y', datum.to)" },
  };
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
      { name: "open", source: "rows", transform: [{ type: "filter", expr: "datum.isOpen" }] },
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
      mark("rect", "levels", { ...wide, ...reach, fill: "var(--line)", opacity: 0.2 }),
      mark("rect", "levels", { ...wide, y: up("low"), y2: up("high"), fill: "var(--line)", opacity: 0.35 }),
      mark("rule", "levels", { ...wide, y: up("mean"), stroke: "var(--ink)", strokeDash: [4, 3] }),
      mark("rule", "marked", { x, ...full, ...line, opacity: 0.3 }),
      mark("line", "rows", { x, y: up("mean"), stroke: "var(--even)", strokeWidth: 1 }),
      mark("rule", "open", { x, ...reach, ...line, strokeDash: [2, 3] }),
      mark("rule", "rows", { x, y: up("low"), y2: up("high"), ...line }),
      mark("symbol", "rows", {
        ...{ x, y: up("mean"), shape: { field: "shape" }, fill: { field: "fill" }, ...line },
        size: Math.min(90, Math.max(12, (width * 4) / rows.length)),
      }),
    ],
  } as Spec;
}
