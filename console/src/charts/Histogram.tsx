import { scaleLinear } from "d3-scale";
import { count, figure } from "../parts/format.ts";
import { Chart } from "./Chart.tsx";

/** `count` values from `low` to `high`; equal ends: values that are all the same. */
export interface Bin {
  low: number;
  high: number;
  count: number;
}

interface Props {
  title: string;
  bins: readonly Bin[];
  /** A line across: the mean. */
  mark?: number | undefined;
  /** What a bar leads to: the values in it. */
  hrefOf?: (bin: Bin) => string;
}

const [height, bottom] = [170, 22];

/** How often values are as large as they are. */
export function Histogram({ title, bins, mark, hrefOf }: Props) {
  const low = Math.min(...bins.map((bin) => bin.low));
  const high = Math.max(...bins.map((bin) => bin.high));
  const pad = high > low ? 0 : Math.max(Math.abs(low) * 0.1, 0.5);
  const y = scaleLinear([0, Math.max(1, ...bins.map((bin) => bin.count))], [height - bottom, 12]);
  const words = ({ low, high, count: n }: Bin) =>
    `${low === high ? figure(low) : `${figure(low)} to ${figure(high)}`}: ${count(n)}`;
  return (
    <Chart
      title={title}
      height={height}
      table={{
        columns: ["from", "to", "samples"],
        rows: bins.map((bin) => [figure(bin.low), figure(bin.high), count(bin.count)]),
      }}
    >
      {(width) => {
        const x = scaleLinear([low - pad, high + pad], [1, width - 1]);
        return (
          <>
            {bins.map((bin) => {
              const left = x(bin.low);
              const wide = Math.max(x(bin.high) - left - 1, 3);
              const rect = (
                <rect
                  className="bar"
                  x={left}
                  y={y(bin.count)}
                  width={wide}
                  height={Math.max(height - bottom - y(bin.count), 0)}
                >
                  <title>{words(bin)}</title>
                </rect>
              );
              const href = hrefOf?.(bin);
              const key = `${bin.low} ${bin.high}`;
              return href === undefined ? (
                <g key={key}>{rect}</g>
              ) : (
                <a key={key} href={href} aria-label={words(bin)}>
                  {rect}
                </a>
              );
            })}
            <line className="axis" x1="0" x2={width} y1={height - bottom} y2={height - bottom} />
            {x.ticks(Math.round(width / 90)).map((tick) => (
              <text key={tick} x={x(tick)} y={height - 6} textAnchor="middle">
                {figure(tick)}
              </text>
            ))}
            {mark !== undefined && (
              <g>
                <line
                  className="whisker"
                  x1={x(mark)}
                  x2={x(mark)}
                  y1="8"
                  y2={height - bottom}
                  strokeDasharray="3 3"
                />
                <text x={x(mark) + 4} y="11">
                  mean {figure(mark)}
                </text>
              </g>
            )}
          </>
        );
      }}
    </Chart>
  );
}
