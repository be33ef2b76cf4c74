import type { ScaleLinear } from "d3-scale";
import { compact, figure } from "../parts/format.ts";

interface Props {
  scale: ScaleLinear<number, number>;
  /** Where the lines across begin and end, in pixels. */
  from: number;
  to: number;
  /** Writes a figure. Default: as a plain number */
  write?: (value: number) => string;
}

interface Below extends Props {
  /** Written below the ticks. */
  unit?: string | undefined;
}

/** How much an axis below a chart takes, in pixels. */
export const belowHeight = (unit: string | undefined) => (unit === undefined ? 20 : 38);

/** The axis below a chart, with lines up. */
export function AxisBelow({ scale, from, to, unit, write = figure }: Below) {
  const [left = 0, right = 0] = scale.range();
  return (
    <>
      {scale.ticks(Math.max(3, Math.floor((right - left) / 90))).map((tick) => (
        <g key={tick}>
          <line className="grid" x1={scale(tick)} x2={scale(tick)} y1={from} y2={to} />
          <text x={scale(tick)} y={to + 15} textAnchor="middle">
            {write(tick)}
          </text>
        </g>
      ))}
      <line className="axis" x1={left} x2={right} y1={to} y2={to} />
      {unit !== undefined && (
        <text className="unit" x={(left + right) / 2} y={to + 32} textAnchor="middle">
          {unit}
        </text>
      )}
    </>
  );
}

/** The axis at the left of a chart, with lines across; `whole`: its figures are counts. */
export function AxisLeft({
  scale,
  from,
  to,
  whole = false,
  write = whole ? compact : figure,
}: Props & { whole?: boolean }) {
  const [bottom = 0, top = 0] = scale.range();
  const ticks = scale.ticks(Math.max(2, Math.floor((bottom - top) / 32)));
  return (
    <>
      {ticks
        .filter((tick) => !whole || Number.isInteger(tick))
        .map((tick) => (
          <g key={tick}>
            <line className="grid" x1={from} x2={to} y1={scale(tick)} y2={scale(tick)} />
            <text x={from - 5} y={scale(tick) + 4} textAnchor="end">
              {write(tick)}
            </text>
          </g>
        ))}
    </>
  );
}
