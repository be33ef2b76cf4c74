import { collectDefaultMetrics, type Metric, type MetricValue, Registry } from "prom-client";
import type { Distribution } from "./distribution.ts";
import type { Family, Labels, Sample } from "./family.ts";

/** All metrics of a server in the text format of Prometheus, version 0.0.4. */
export class Exposition {
  readonly #registry = new Registry();

  /** @throws Error if two families have one name */
  constructor(families: readonly Family[]) {
    for (const family of families) this.#registry.registerMetric(adapted(family) as unknown as Metric);
    // Of the whole process: a second server in it shares them.
    for (const metric of processMetrics().getMetricsAsArray())
      this.#registry.registerMetric(metric as unknown as Metric);
  }

  async read(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}

let ofProcess: Registry | undefined;

/** CPU, memory, file descriptors, event loop and garbage collection: https://github.com/siimon/prom-client#default-metrics */
function processMetrics(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

type Value = MetricValue<string> & { metricName?: string };

/** What prom-client asks of a metric: https://github.com/siimon/prom-client/blob/v15.1.3/lib/registry.js */
function adapted(family: Family) {
  const { name, help, type } = family;
  return {
    name,
    help,
    type,
    aggregator: "sum",
    reset: () => undefined,
    get: async () => {
      const values = Array.from(await family.samples()).flatMap((sample) => valuesOf(family, sample));
      return { name, help, type, aggregator: "sum", values };
    },
  };
}

function valuesOf({ name, type }: Family, sample: Sample): Value[] {
  const { labels = {} } = sample;
  if ("value" in sample) return [{ labels, value: sample.value }];
  const { sum, count } = sample.distribution;
  return [
    ...(type === "histogram" ? buckets(name, labels, sample.distribution) : []),
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}

function buckets(name: string, labels: Labels, { bounds, counts }: Distribution): Value[] {
  let upTo = 0;
  return Array.from(counts, (count, place) => {
    upTo += count;
    const le = bounds[place] ?? "+Inf";
    return { labels: { ...labels, le }, value: upTo, metricName: `${name}_bucket` };
  });
}
