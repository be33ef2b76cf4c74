import { scaleLinear } from "d3-scale";
import { figure } from "../parts/format.ts";
import { Chart } from "./Chart.tsx";

/** A figure with its interval; `tone` colours it where a test says that it is better or worse. */
export interface Interval {
  name: string;
  value: number;
  low?: number | undefined;
  high?: number | undefined;
  tone?: "good" | "bad" | undefined;
  href?: string | undefined;
  /** Rows with the same are not significantly apart, and share their ground. */
  band?: number | undefined;
}

interface Props {
  title: string;
  note?: string;
  rows: readonly Interval[];
  /** A line across, as at no difference. */
  at?: number | undefined;
}

const rowHeight = 24;

/** Figures with their intervals, one above another on a common scale (a forest plot). */
export function Intervals({ title, note, rows, at }: Props) {
  const ends = rows.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  if (at !== undefined) ends.push(at);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const height = rows.length * rowHeight + 26;
  return (
    <Chart
      title={title}
      note={note}
      height={height}
      table={{
        columns: ["", "value", "from", "to"],
        rows: rows.map(({ name, value, low, high }) => [
          name,
          figure(value),
          low === undefined ? "–" : figure(low),
          high === undefined ? "–" : figure(high),
        ]),
      }}
    >
      {(width) => {
        const left = Math.min(220, width * 0.36);
        const x = scaleLinear(least === most ? [least - 0.5, most + 0.5] : [least, most], [
          left + 8,
          width - 60,
        ]).nice();
        const longest = Math.floor(left / 6.5);
        return (
          <>
            {rows.map((row, index) => {
              const y = index * rowHeight;
              const shaded = row.band !== undefined && row.band % 2 === 0;
              const label = (
                <text className="name" x={left - 8} y={y + 16} textAnchor="end">
                  {row.name.length > longest ? `${row.name.slice(0, longest - 1)}…` : row.name}
                  <title>{row.name}</title>
                </text>
              );
              return (
                <g key={`${row.name} ${row.href ?? index}`} className={row.tone}>
                  {shaded && <rect className="band" x="0" y={y} width={width} height={rowHeight} />}
                  {row.href === undefined ? label : <a href={row.href}>{label}</a>}
                  {row.low !== undefined && row.high !== undefined && (
                    <line className="whisker" x1={x(row.low)} x2={x(row.high)} y1={y + 12} y2={y + 12} />
                  )}
                  <circle className="point" cx={x(row.value)} cy={y + 12} r="4" />
                  <text x={width - 4} y={y + 16} textAnchor="end">
                    {figure(row.value)}
                  </text>
                </g>
              );
            })}
            {at !== undefined && (
              <line className="axis" x1={x(at)} x2={x(at)} y1="0" y2={height - 22} strokeDasharray="4 3" />
            )}
            <line className="axis" x1={left} x2={width} y1={height - 20} y2={height - 20} />
            {x.ticks(Math.round((width - left) / 90)).map((tick) => (
              <text key={tick} x={x(tick)} y={height - 5} textAnchor="middle">
                {figure(tick)}
              </text>
            ))}
          </>
        );
      }}
    </Chart>
  );
}
