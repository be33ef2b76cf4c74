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

/** How the values of a metric are spread. Its size does not grow with their number. */
export class Histogram {
  readonly metric: string;
  /** Bounds of the bins: bin `i` is from `start + i * step` on, below the next one. */
  readonly start: number;
  readonly step: number;
  readonly counts: number[];
  /** The values themselves, as long as they are few. */
  values: Map<number, number> | undefined = new Map();

  /** @param range least and greatest value; those beyond are counted at the ends */
  constructor(metric: string, range: { min: number; max: number }) {
    this.metric = metric;
    this.step = niceStep((range.max - range.min) / BINS);
    this.start = Math.floor(range.min / this.step) * this.step;
    const bins = Math.floor((range.max - this.start) / this.step) + 1;
    this.counts = new Array(Math.min(Math.max(1, bins), 4 * BINS)).fill(0);
  }

  add(evaluation: Evaluation): void {
    const value = metricValue(evaluation, this.metric);
    if (value === undefined) return;
    const bin = Math.floor((value - this.start) / this.step);
    const kept = Math.min(this.counts.length - 1, Math.max(0, bin));
    this.counts[kept] = (this.counts[kept] ?? 0) + 1;
    this.values?.set(value, (this.values.get(value) ?? 0) + 1);
    if (this.values !== undefined && this.values.size > MOST_VALUES) this.values = undefined;
  }
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

/** Bars of a histogram with the mean and its interval above them. */
export async function histogramChart(
  histogram: Histogram,
  summary: MetricSummary,
  title: string,
): Promise<Html> {
  const { metric, values, start, step, counts } = histogram;
  const few = values === undefined ? undefined : [...values].sort(([a], [b]) => a - b);
  const bars = few
    ? few.map(([value, count]) => ({ value: formatNumber(value), count }))
    : counts.map((count, bin) => ({ from: start + bin * step, to: start + (bin + 1) * step, count }));
  const { mean = 0, ci95Low: low = mean, ci95High: high = mean, count, min, max } = summary;
  const written = formatInterval(summary, { digits: 4, between: " to ", none: "" });
  const interval = written && ` (95 % interval ${written})`;
  const numbers = few?.map(([value, count]) => `${formatNumber(value)}: ${count}`).join(", ");
  const range = `${count} values from ${formatNumber(min)} to ${formatNumber(max)}`;
  const description = `${range}, mean ${formatNumber(summary.mean, 4)}${interval}. ${numbers ?? `Bins of ${formatNumber(step)}.`}`;
  const figures = few ? undefined : { mean, low, high };
  return chart(title, description, 440, (width) => spec(width, title, unitOf(metric), bars, figures));
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

function spec(width: number, title: string, unit: string, bars: object[], mean: object | undefined): Spec {
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
      { name: "bars", values: bars },
      { name: "mean", values: mean ? [mean] : [] },
    ],
    scales: [
      { name: "x", range: "width", ...x },
      { ...y, domain: { data: "bars", field: "count" } },
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
