import type { Distribution } from "./distribution.ts";
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

/** A counter without labels. */
export function counter(name: string, help: string, value: () => number): Family {
  return { name, help, type: "counter", samples: () => [{ value: value() }] };
}

/** A counter with one label. */
export function counters(name: string, help: string, label: string, tally: Tally): Family {
  return {
    name,
    help,
    type: "counter",
    samples: () => Array.from(tally.entries(), ([of, value]) => ({ labels: { [label]: of }, value })),
  };
}

type Maybe = number | undefined;

/** A gauge without labels; left out while its value is unknown. */
export function gauge(name: string, help: string, read: () => Maybe | Promise<Maybe>): Family {
  const samples = async () => {
    const value = await read();
    return value === undefined ? [] : [{ value }];
  };
  return { name, help, type: "gauge", samples };
}

export function histogram(name: string, help: string, distribution: Distribution): Family {
  return { name, help, type: "histogram", samples: () => [{ distribution }] };
}
