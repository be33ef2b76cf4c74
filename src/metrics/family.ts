import type { Distribution } from "./distribution.ts";
import type { Tally } from "./tally.ts";

export type Labels = Readonly<Record<string, string | number>>;

/** One series of a family. */
export type Sample =
  | { readonly labels?: Labels; readonly value: number }
  | { readonly labels?: Labels; readonly distribution: Distribution };

/**
 * A metric: its name and what it stands at, which is asked for when somebody reads it and not kept twice. Events are counted in plain fields
 * (`Tally`, `Distribution`, `MethodStats`): finding a series by its labels, as metrics libraries do at every event, costs more than all else here.
 */
export interface Family {
  /** By the rules of Prometheus: base units, counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  /** `summary`: a distribution without bounds, of which count and sum are told. */
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** May not throw; what cannot be told is left out. */
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

/** A gauge without labels; left out while its value is unknown. */
export function gauge(name: string, help: string, value: () => number | undefined): Family {
  return {
    name,
    help,
    type: "gauge",
    samples: () => {
      const now = value();
      return now === undefined ? [] : [{ value: now }];
    },
  };
}

export function histogram(name: string, help: string, distribution: Distribution): Family {
  return { name, help, type: "histogram", samples: () => [{ distribution }] };
}
