import { scaleLinear } from "d3-scale";
import type { MetricSummary } from "../../../../gen/ltb/v1/benchmark_pb.ts";

const width = 160;

/** The interval of a mean between the least and the greatest value, or from 0 to 1 for a share. */
export function Whisker({
  metric: { mean = 0, ci95Low = mean, ci95High = mean, min, max },
}: {
  metric: MetricSummary;
}) {
  const low = Math.min(min ?? ci95Low, ci95Low);
  const high = Math.max(max ?? ci95High, ci95High);
  const isShare = low >= 0 && high <= 1;
  const x = scaleLinear(isShare ? [0, 1] : [low, high], [4, width - 4]);
  return (
    <svg className="chart interval" viewBox={`0 0 ${width} 12`} aria-hidden="true">
      <line className="axis" x1="0" x2={width} y1="6" y2="6" />
      <line className="whisker" x1={x(ci95Low)} x2={x(ci95High)} y1="6" y2="6" />
      <circle className="point" cx={x(mean)} cy="6" r="2.5" />
    </svg>
  );
}
