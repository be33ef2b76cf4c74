// What the charts show that the console and the pages of the command line draw by the same code
// (console/src/charts). Their data stands here, since the command line is not compiled with that code.

/** A figure with its interval. */
export interface Interval {
  name: string;
  value: number;
  low?: number | undefined;
  high?: number | undefined;
  /** As far as the figure may be where something is missing; an end that is infinite is that of the chart. */
  reach?: { low: number; high: number } | undefined;
  /** What a test says of it, which shape and colour show: better (good), worse (bad), or neither. */
  tone?: "good" | "bad" | undefined;
  href?: string | undefined;
}

/** Figures one below the other (a forest plot). */
export interface IntervalsData {
  title: string;
  note?: string | undefined;
  /** The name of the axis. */
  unit?: string | undefined;
  rows: readonly (Interval & { isShaded?: boolean | undefined })[];
  /** A line across, as at no difference. */
  at?: number | undefined;
}

/** The figure of one run. */
export interface Moment extends Interval {
  /** Its time as `2026-03-14 15:09`, in UTC. */
  time: string;
  /** Whether a line from top to bottom stands there. */
  isMarked?: boolean | undefined;
  /** Whether the test would say otherwise if missing samples had values: its shape is an outline then. */
  isUnsettled?: boolean | undefined;
}

/** Figures of runs from left to right, at equal distances however much time lies between them. */
export interface TimelineData {
  title: string;
  note?: string | undefined;
  unit?: string | undefined;
  moments: readonly Moment[];
  /** What runs are compared with: a broken line over its interval, which is fainter as far as it may be. */
  level?: Interval | undefined;
}

/** `count` values from `low` to `high`; equal ends: values that are all the same. */
export interface Bin {
  low: number;
  high: number;
  count: number;
}

/** How often values are as large as they are. */
export interface HistogramData {
  title: string;
  note?: string | undefined;
  unit?: string | undefined;
  bins: readonly Bin[];
  mean?: Omit<Interval, "name"> | undefined;
  /** The count at the top of the axis, where charts share one. Default: the largest of the bins. */
  most?: number | undefined;
}
