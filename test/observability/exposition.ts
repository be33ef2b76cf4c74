import { expect } from "vitest";

export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Parsed {
  types: Map<string, string>;
  series: Series[];
  /** Of the one series with this name and, at least, these labels; undefined where there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined;
}

/**
 * The text format of Prometheus, strictly:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format. Each metric has its help,
 * its type and then all of its series; none is there twice; histograms are cumulative and agree with their
 * counts.
 */
export function parseExposition(text: string): Parsed {
  expect(text.endsWith("\n")).toBe(true);
  const types = new Map<string, string>();
  const series: Series[] = [];
  const seen = new Set<string>();
  let helped: string | undefined;
  let current: { name: string; type: string } | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, help] = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) \S/.exec(line) ?? [];
    const [, typed, type = ""] =
      /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (help !== undefined) helped = help;
    else if (typed !== undefined) {
      if (typed !== helped || types.has(typed)) throw new Error(`out of place: ${line}`);
      types.set(typed, type);
      current = { name: typed, type };
    } else {
      const one = parseSeries(line);
      if (!current || !isOf(one.name, current)) throw new Error(`of another metric: ${line}`);
      const key = JSON.stringify([one.name, Object.entries(one.labels).sort()]);
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      series.push(one);
    }
  }
  const value = (name: string, labels: Record<string, string> = {}) => {
    const found = series.filter(
      (one) =>
        one.name === name && Object.entries(labels).every(([label, wanted]) => one.labels[label] === wanted),
    );
    if (found.length > 1) throw new Error(`${found.length} series of ${name} ${JSON.stringify(labels)}`);
    return found[0]?.value;
  };
  for (const [name, type] of types) if (type === "histogram") checkHistogram(name, series);
  return { types, series, value };
}

function isOf(name: string, { name: family, type }: { name: string; type: string }): boolean {
  if (type === "histogram" || type === "summary")
    return (
      new RegExp(`^${family}(_bucket|_sum|_count)$`).test(name) || (type === "summary" && name === family)
    );
  return name === family;
}

function parseSeries(line: string): Series {
  const [, name = "", inner, value = ""] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? [];
  if (name === "") throw new Error(`no series: ${line}`);
  const labels: Record<string, string> = {};
  let rest = inner ?? "";
  while (rest !== "") {
    const [whole = "", label = "", quoted = ""] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,(?=.)|$)/s.exec(rest) ?? [];
    if (whole === "" || label in labels) throw new Error(`malformed labels: ${line}`);
    labels[label] = quoted.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped));
    rest = rest.slice(whole.length);
  }
  // As Go's ParseFloat, which takes NaN in any case; prom-client writes Nan.
  if (!/^([+-]?Inf|N[aA][nN]|[+-]?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(value))
    throw new Error(`no number: ${line}`);
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}

function checkHistogram(name: string, series: readonly Series[]): void {
  const rows = new Map<string, { last: number; bound: number; sawAll: boolean }>();
  const keyOf = ({ le: _, ...labels }: Record<string, string>) =>
    JSON.stringify(Object.entries(labels).sort());
  for (const one of series) {
    if (one.name === `${name}_bucket`) {
      const key = keyOf(one.labels);
      const row = rows.get(key) ?? { last: 0, bound: Number.NEGATIVE_INFINITY, sawAll: false };
      const bound = Number(one.labels.le?.replace("Inf", "Infinity"));
      if (!(bound > row.bound) || one.value < row.last) throw new Error(`${name}: buckets do not ascend`);
      rows.set(key, { last: one.value, bound, sawAll: bound === Number.POSITIVE_INFINITY });
    }
    if (one.name === `${name}_count`) {
      const row = rows.get(keyOf(one.labels));
      if (row && (!row.sawAll || row.last !== one.value)) throw new Error(`${name}: the count is another`);
    }
  }
}

/** What `/metrics` at this address tells. */
export async function scrape(httpUrl: string): Promise<Parsed> {
  const response = await fetch(`${httpUrl}/metrics`);
  expect(response.status).toBe(200);
  return parseExposition(await response.text());
}

/** Waits for what comes by itself, however busy the machine is. */
export const poll = <T>(probe: () => T) => expect.poll(probe);
