import type { Spec } from "vega";
import { at, chart, extentOf, full, mark } from "./chart.ts";
import type { Html } from "./markup.ts";

type Verdict = "better" | "worse" | "none";

/** A mean with its interval, one line of the chart. */
export interface Interval {
  label: string;
  mean: number;
  low: number | undefined;
  high: number | undefined;
  /** Shape and colour show the verdict: a triangle up is better, one down worse, a circle neither. */
  verdict?: Verdict;
  /** Whether it stands on shaded ground. */
  shaded?: boolean;
  /** As far as the mean may be, drawn as a dotted line; an end that is infinite is that of the chart. */
  reach?: { low: number; high: number };
}

export const shapes: Record<Verdict, string> = {
  better: "triangle-up",
  worse: "triangle-down",
  none: "circle",
};
export const colours: Record<Verdict, string> = {
  better: "var(--good)",
  worse: "var(--bad)",
  none: "var(--even)",
};

/** Draws means with whiskers, one below the other; with `zero`, as for differences, also a line at 0. */
export function intervalChart(
  title: string,
  description: string,
  axis: string,
  intervals: readonly Interval[],
  { zero = false } = {},
): Promise<Html> {
  const rows = intervals.map(({ label, verdict = "none", shaded = false, ...interval }, index) => ({
    // Names may repeat, and a band scale would take the same ones as one.
    key: `${index} ${label}`,
    ...{ ...extended(interval), shaded },
    shape: shapes[verdict],
    colour: colours[verdict],
  }));
  return chart(title, description, 900, (width) => spec(width, axis, rows, zero));
}

/** The ends of an interval, and those of its reach; what has no end ends with the chart. */
export function extended({ mean, low = mean, high = mean, reach }: Omit<Interval, "label">) {
  return {
    ...{ mean, low, high, isOpen: reach !== undefined },
    ...{ from: finiteOr(low, reach?.low), to: finiteOr(high, reach?.high) },
    ...{ isEndlessBelow: reach?.low === -Infinity, isEndlessAbove: reach?.high === Infinity },
  };
}

const finiteOr = (other: number, end = other) => (Number.isFinite(end) ? end : other);

/** What a chart draws of an interval. */
export type Row = ReturnType<typeof extended>;

export const endsOf = ({ mean, low, high, from, to }: Row) => [mean, low, high, from, to];

function spec(width: number, axis: string, rows: readonly Row[], zero: boolean): Spec {
  const isNarrow = width < 400;
  const y = { scale: "y", field: "key", band: 0.5 };
  const line = { stroke: { field: "colour" }, strokeWidth: 2 };
  const cap = (field: string) =>
    mark("rule", "rows", { x: at(field), y: { ...y, offset: -5 }, y2: { ...y, offset: 5 }, ...line });
  const ground = {
    x: 0,
    x2: { signal: "width" },
    y: { scale: "y", field: "key" },
    height: { scale: "y", band: 1 },
  };
  const values = rows.flatMap(endsOf);
  const domain = extentOf(zero ? [0, ...values] : values);
  // Without the number in front, which tells equal names apart.
  const text = { signal: "slice(datum.value, indexof(datum.value, ' ') + 1)" };
  const labels = {
    labelLimit: isNarrow ? 110 : 300,
    labelPadding: 8,
    encode: { labels: { update: { text } } },
  };
  const ticks = { grid: true, tickCount: isNarrow ? 4 : 7, labelOverlap: true };
  return {
    width,
    height: 62 + rows.length * 30,
    data: [
      { name: "rows", values: [...rows] },
      { name: "open", source: "rows", transform: [{ type: "filter", expr: "datum.isOpen" }] },
      { name: "zero", values: zero ? [{ at: 0 }] : [] },
    ],
    scales: [
      { name: "x", type: "linear", range: "width", nice: true, zero: false, domain },
      { name: "y", type: "band", range: "height", domain: { data: "rows", field: "key" } },
    ],
    axes: [
      { scale: "x", orient: "bottom", title: axis, ...ticks },
      { scale: "y", orient: "left", ticks: false, domain: false, ...labels },
    ],
    marks: [
      mark("rect", "rows", {
        ...ground,
        fill: "var(--line)",
        opacity: { signal: "datum.shaded ? 0.35 : 0" },
      }),
      mark("rule", "zero", { x: at("at"), ...full, stroke: "var(--ink)", strokeDash: [4, 3] }),
      mark("rule", "open", {
        x: { signal: "datum.isEndlessBelow ? 0 : scale('x', datum.from)" },
        x2: { signal: "datum.isEndlessAbove ? width : scale('x', datum.to)" },
        ...{ y, ...line, strokeDash: [2, 3] },
      }),
      mark("rule", "rows", { x: at("low"), x2: at("high"), y, ...line }),
      cap("low"),
      cap("high"),
      mark("symbol", "rows", {
        x: at("mean"),
        y,
        shape: { field: "shape" },
        fill: { field: "colour" },
        size: 90,
      }),
    ],
  } as Spec;
}
