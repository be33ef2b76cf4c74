import { collectDefaultMetrics, Registry } from "prom-client";
import type { Family, Labels, Sample } from "./family.ts";

/**
 * All metrics of a server in the text format of Prometheus, version 0.0.4. prom-client measures the process;
 * its classes take no values that are read as they stand, so families are written here.
 */
export class Exposition {
  readonly #families: readonly Family[];

  /** @throws Error if two families have one name */
  constructor(families: readonly Family[]) {
    const names = new Set(
      getProcessMetrics()
        .getMetricsAsArray()
        .map(({ name }) => name),
    );
    for (const { name } of families) {
      if (names.has(name)) throw new Error(`two metrics are named ${name}`);
      names.add(name);
    }
    this.#families = families;
  }

  async read(): Promise<{ contentType: string; text: string }> {
    const ours = await Promise.all(this.#families.map(writeFamily));
    const texts = [...ours, await getProcessMetrics().metrics()];
    return { contentType: getProcessMetrics().contentType, text: texts.join("\n\n") };
  }
}

let ofProcess: Registry | undefined;

/** Reads the metrics of the whole process (https://github.com/siimon/prom-client#default-metrics). */
function getProcessMetrics(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
async function writeFamily(family: Family): Promise<string> {
  const { name, help, type } = family;
  const series = Array.from(await family.samples()).flatMap((sample) => writeSample(family, sample));
  return [`# HELP ${name} ${escapeText(help)}`, `# TYPE ${name} ${type}`, ...series].join("\n");
}

function writeSample({ name, type }: Family, sample: Sample): string[] {
  const { labels = {} } = sample;
  if ("value" in sample) return [writeSeries(name, labels, sample.value)];
  const { bounds, counts, sum, count } = sample.distribution;
  let upTo = 0;
  const buckets = Array.from(counts, (inBucket, place) => {
    upTo += inBucket;
    return writeSeries(`${name}_bucket`, { ...labels, le: bounds[place] ?? "+Inf" }, upTo);
  });
  return [
    ...(type === "histogram" ? buckets : []),
    writeSeries(`${name}_sum`, labels, sum),
    writeSeries(`${name}_count`, labels, count),
  ];
}

function writeSeries(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${escapeText(String(text)).replaceAll('"', '\\"')}"`,
  );
  const number = value === Number.POSITIVE_INFINITY ? "+Inf" : String(value).replace("Infinity", "Inf");
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${number}`;
}

function escapeText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
