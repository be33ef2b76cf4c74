import { ValueType } from "@opentelemetry/api";
import { hrTime, millisToHrTime } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { Family, Sample } from "../metrics/family.ts";
import { version } from "../version.ts";

/** Converts the families to OpenTelemetry's metrics, with the same names, cumulative from now on. */
export function metricProducer(families: readonly Family[]): MetricProducer {
  const startTime = millisToHrTime(Date.now());
  return {
    async collect() {
      const endTime = hrTime();
      const times = { startTime, endTime };
      const metrics = await Promise.all(families.map((family) => dataOf(family, times)));
      const scope = { name: "llm-test-bench-persistence", version };
      return {
        resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] },
        errors: [],
      };
    },
  };
}

type Times = Pick<MetricData["dataPoints"][number], "startTime" | "endTime">;

async function dataOf({ name, help, type, samples }: Family, times: Times): Promise<MetricData> {
  const found = Array.from(await samples());
  const common = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const pointsOf = <Value>(read: (sample: Sample) => Value) =>
    found.map((sample) => ({ ...times, attributes: { ...sample.labels }, value: read(sample) }));
  if (type === "histogram" || type === "summary")
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: pointsOf(histogramOf) };
  const dataPoints = pointsOf((sample) => ("value" in sample ? sample.value : Number.NaN));
  return type === "counter"
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
}

function histogramOf(sample: Sample) {
  if ("value" in sample) throw new TypeError("a histogram has no single value");
  const { bounds, counts, sum, count } = sample.distribution;
  return { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count };
}

/** The unit as UCUM spells it. */
function unitOf(name: string): string {
  if (/_seconds(_total)?$/.test(name)) return "s";
  return /_bytes(_total)?$/.test(name) ? "By" : "1";
}
