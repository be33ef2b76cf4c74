import { Distribution } from "./distribution.ts";
import type { Tally } from "./tally.ts";

export type Labels = Readonly<Record<string, string | number>>;

/** One series of a family. */
export type Sample =
  | { readonly labels?: Labels; readonly value: number }
  | { readonly labels?: Labels; readonly distribution: Distribution };

/**
 * A metric: its name, and a function that is asked for its values when somebody reads it. Events are counted
 * in plain fields (`Tally`, `Distribution`, `MethodStats`). Metrics libraries find a series by its labels at
 * every event, which would cost more than all else here.
 */
export interface Family {
  /** Follows the rules of Prometheus: base units, and `_total` at the end of counters. */
  readonly name: string;
  readonly help: string;
  /** A `summary` is a distribution without bounds: it has count and sum only. */
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** Must not throw: values that are not known are left out. */
  samples(): Iterable<Sample> | Promise<Iterable<Sample>>;
}

/** The value of a metric without labels, or its series; undefined while they are unknown. */
type Reading = number | Distribution | Iterable<Sample> | undefined;

function samplesOf(reading: Reading): Iterable<Sample> {
  if (typeof reading === "number") return [{ value: reading }];
  return reading instanceof Distribution ? [{ distribution: reading }] : (reading ?? []);
}

function maker(type: Family["type"]) {
  return (name: string, help: string, read: () => Reading | Promise<Reading>): Family => {
    return { name, help, type, samples: async () => samplesOf(await read()) };
  };
}

export const counter = maker("counter");
export const gauge = maker("gauge");
export const histogram = maker("histogram");
export const summary = maker("summary");

/** A counter with one label. */
export function counters(name: string, help: string, label: string, tally: Tally): Family {
  const series = () => Array.from(tally.entries(), ([of, value]) => ({ labels: { [label]: of }, value }));
  return counter(name, help, series);
}
