import { scaleLinear } from "d3-scale";
import type { Interval, IntervalsData } from "../../../src/charts/data.ts";
import { cutText } from "../../../src/text.ts";
import { figure } from "../parts/format.ts";
import { AxisBelow, belowHeight } from "./Axis.tsx";
import { Chart } from "./Chart.tsx";
import { Mark } from "./Mark.tsx";
import { endsOf, extentOf } from "./scale.ts";
import { figureCells, figureColumns } from "./table.ts";

const rowHeight = 24;

/** Figures with their intervals, one above another on a common scale (a forest plot). */
export function Intervals({ title, note, unit, rows, at }: IntervalsData) {
  const extent = extentOf([...rows.flatMap(endsOf), ...(at === undefined ? [] : [at])]);
  const bottom = rows.length * rowHeight;
  return (
    <Chart
      title={title}
      note={note}
      height={bottom + belowHeight(unit)}
      table={{
        columns: ["", ...figureColumns(rows)],
        rows: rows.map((row) => [row.name, ...figureCells(row, rows)]),
      }}
    >
      {(width) => {
        const left = Math.min(220, width * 0.36);
        const right = width - (width < 400 ? 48 : 60);
        const x = scaleLinear(extent, [left + 8, right]).nice();
        return (
          <>
            {rows.map(
              ({ isShaded }, index) =>
                isShaded && (
                  <rect
                    key={index}
                    className="band"
                    x="0"
                    y={index * rowHeight}
                    width={width}
                    height={rowHeight}
                  />
                ),
            )}
            <AxisBelow scale={x} from={0} to={bottom} unit={unit} />
            {at !== undefined && (
              <line className="level" x1={x(at)} x2={x(at)} y1="0" y2={bottom} strokeDasharray="4 3" />
            )}
            {rows.map((row, index) => (
              <g key={index} className={row.tone}>
                <Label row={row} right={left} y={index * rowHeight + 16} />
                <Whisker row={row} x={x} ends={[left + 8, right]} y={index * rowHeight + 12} />
                <text x={width - 4} y={index * rowHeight + 16} textAnchor="end">
                  {figure(row.value)}
                </text>
              </g>
            ))}
          </>
        );
      }}
    </Chart>
  );
}

/** The name of a row, cut to the room that it has. */
function Label({ row: { name, href }, right, y }: { row: Interval; right: number; y: number }) {
  const longest = Math.floor((right - 8) / 7);
  const shown = name.length > longest ? `${cutText(name, longest - 1)}…` : name;
  const label = (
    <text className="name" x={right - 8} y={y} textAnchor="end">
      {shown}
      <title>{name}</title>
    </text>
  );
  return href === undefined ? label : <a href={href}>{label}</a>;
}

interface WhiskerProps {
  row: Interval;
  x: (value: number) => number;
  /** Where the chart begins and ends, and with it a reach that has no end. */
  ends: readonly [left: number, right: number];
  y: number;
}

/** A figure with its interval, and dotted as far as it may be. */
function Whisker({ row: { value, low, high, reach, tone }, x, ends: [left, right], y }: WhiskerProps) {
  const hasInterval = low !== undefined && high !== undefined;
  return (
    <>
      {reach && (
        <line
          className="reach"
          x1={reach.low === -Infinity ? left : x(reach.low)}
          x2={reach.high === Infinity ? right : x(reach.high)}
          y1={y}
          y2={y}
        />
      )}
      {hasInterval && <path className="whisker" d={`M${x(low)} ${y - 4}v8m0-4H${x(high)}m0-4v8`} />}
      <Mark x={x(value)} y={y} tone={tone} />
    </>
  );
}
