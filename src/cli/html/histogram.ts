import type { Spec } from "vega";
import type { MetricSummary } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { Evaluation } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { formatInterval, formatNumber } from "../shared/output.ts";
import { at, chart, full, mark } from "./chart.ts";
import type { Html } from "./markup.ts";
import { metricValue, unitOf } from "./metric.ts";

/** Up to so many different values get a bar each, as the two of a binary score; more are gathered in bins. */
const MOST_VALUES = 12;
const BINS = 30;

/** How the values of a metric are spread, in a size that is the same for any number. */
export class Histogram {
  readonly metric: string;
  /** Bounds of the bins: bin `i` is from `start + i * step` on, below the next one. The last has its end. */
  readonly start: number;
  readonly step: number;
  readonly counts: number[];
  /** The values themselves, as long as they are few. */
  values: Map<number, number> | undefined = new Map();

  /** @param range least and greatest value; those beyond are counted at the ends */
  constructor(metric: string, range: { min: number; max: number }) {
    this.metric = metric;
    this.step = niceStep((range.max - range.min) / BINS);
    this.start = Math.floor(stepsOf(range.min, this.step)) * this.step;
    const bins = Math.ceil(stepsOf(range.max - this.start, this.step));
    this.counts = new Array(Math.min(Math.max(1, bins), 4 * BINS)).fill(0);
  }

  add(evaluation: Evaluation): void {
    const value = metricValue(evaluation, this.metric);
    if (value === undefined) return;
    const bin = Math.floor(stepsOf(value - this.start, this.step));
    const kept = Math.min(this.counts.length - 1, Math.max(0, bin));
    this.counts[kept] = (this.counts[kept] ?? 0) + 1;
    this.values?.set(value, (this.values.get(value) ?? 0) + 1);
    if (this.values !== undefined && this.values.size > MOST_VALUES) this.values = undefined;
  }
}

/** How many steps a length is. Bounds of bins are decimals, so that their multiples are off by rounding. */
function stepsOf(length: number, step: number): number {
  const steps = length / step;
  const whole = Math.round(steps);
  return Math.abs(steps - whole) < 1e-9 ? whole : steps;
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  if (!(least > 0 && Number.isFinite(least))) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least * 0.999_999) ?? 10);
}

/** One pass over evaluations for several histograms. */
export async function fill(
  histograms: readonly Histogram[],
  chunks: AsyncIterable<readonly Evaluation[]>,
): Promise<void> {
  for await (const evaluations of chunks)
    for (const evaluation of evaluations) for (const histogram of histograms) histogram.add(evaluation);
}

export interface Drawn {
  histogram: Histogram;
  summary: MetricSummary;
  title: string;
}

/**
 * Bars of histograms of the same metric and range, each with the mean and its interval. They share what their
 * bars are, values or bins, and both axes.
 */
export function histogramCharts(drawn: readonly Drawn[]): Promise<Html[]> {
  const found = drawn.map(({ histogram }) => histogram.values);
  const all = new Set(found.flatMap((values) => [...(values?.keys() ?? [])]));
  const areFew = found.every((values) => values !== undefined) && all.size <= MOST_VALUES;
  const few = areFew ? [...all].sort((a, b) => a - b) : undefined;
  const bars = drawn.map(({ histogram: { values, start, step, counts } }) =>
    few
      ? few.map((value) => ({ value: formatNumber(value), count: values?.get(value) ?? 0 }))
      : counts.map((count, bin) => ({ from: start + bin * step, to: start + (bin + 1) * step, count })),
  );
  const most = Math.max(...bars.flat().map(({ count }) => count));
  return Promise.all(drawn.map((one, index) => histogramChart(one, bars[index] ?? [], most)));
}

type Bar = { count: number } & ({ value: string } | { from: number; to: number });

function histogramChart(
  { histogram, summary, title }: Drawn,
  bars: readonly Bar[],
  most: number,
): Promise<Html> {
  const { metric, step } = histogram;
  const { mean = 0, ci95Low: low = mean, ci95High: high = mean, count, min, max } = summary;
  const written = formatInterval(summary, { digits: 4, between: " to ", none: "" });
  const interval = written && ` (95 % interval ${written})`;
  const numbers = bars.flatMap((bar) => ("value" in bar ? [`${bar.value}: ${bar.count}`] : [])).join(", ");
  const range = `${count} values from ${formatNumber(min)} to ${formatNumber(max)}`;
  const description = `${range}, mean ${formatNumber(summary.mean, 4)}${interval}. ${numbers || `Bins of ${formatNumber(step)}.`}`;
  const [first, last] = [histogram.start, histogram.start + histogram.counts.length * step];
  const figures = numbers ? undefined : { mean, low: Math.max(low, first), high: Math.min(high, last) };
  return chart(title, description, 440, (width) =>
    spec(width, title, unitOf(metric), { bars, most }, figures),
  );
}

const count = { scale: "y", field: "count" };

const meanMarks = [
  mark("rect", "mean", { x: at("low"), x2: at("high"), ...full, fill: "var(--mark)", opacity: 0.25 }),
  mark("rule", "mean", { x: at("mean"), ...full, stroke: "var(--mark)", strokeWidth: 2, strokeDash: [5, 3] }),
];

const countLabels = mark("text", "bars", {
  x: { ...at("value"), band: 0.5 },
  y: { ...count, offset: -4 },
  align: "center",
  text: { field: "count" },
  fill: "var(--ink)",
});

function spec(
  width: number,
  title: string,
  unit: string,
  { bars, most }: { bars: readonly object[]; most: number },
  mean: object | undefined,
): Spec {
  const bounds = ["from", "to"].map((field) => ({ data: "bars", field }));
  const x = mean
    ? { type: "linear", zero: false, domain: { fields: bounds } }
    : { type: "band", padding: 0.25, domain: { data: "bars", field: "value" } };
  const extent = mean
    ? { x: at("from"), x2: { ...at("to"), offset: -1 } }
    : { x: at("value"), width: { scale: "x", band: 1 } };
  const y = { name: "y", type: "linear", range: "height", nice: true, zero: true };
  const grid = { grid: true, tickCount: 4, tickMinStep: 1, domain: false, ticks: false, format: "~s" };
  const ticks = { tickCount: width < 400 ? 5 : 8, labelOverlap: true, labelLimit: 90 };
  return {
    width,
    height: 200,
    title: { text: title, limit: width - 20 },
    data: [
      { name: "bars", values: [...bars] },
      { name: "mean", values: mean ? [mean] : [] },
    ],
    scales: [
      { name: "x", range: "width", ...x },
      { ...y, domain: [0, most] },
    ],
    axes: [
      { scale: "y", orient: "left", title: "evaluations", ...grid },
      { scale: "x", orient: "bottom", title: unit, ...ticks },
    ],
    marks: [
      mark("rect", "bars", { ...extent, y: count, y2: { scale: "y", value: 0 }, fill: "var(--bar)" }),
      ...(mean ? meanMarks : [countLabels]),
    ],
  } as Spec;
}
