import { type ScaleLinear, scaleLinear } from "d3-scale";
import type { Interval, Moment, TimelineData } from "../../../src/charts/data.ts";
import { figure } from "../parts/format.ts";
import { AxisLeft } from "./Axis.tsx";
import { Chart } from "./Chart.tsx";
import { Mark } from "./Mark.tsx";
import { endsOf, extentOf } from "./scale.ts";
import { figureCells, figureColumns } from "./table.ts";

/** In pixels. Above the chart stands the name of its axis. */
const [left, right, top, bottom, height] = [52, 12, 24, 260, 280];

/** Links that stand closer than this many pixels are hard to hit (WCAG 2.5.8). */
const apart = 24;

/** Figures of runs from left to right with their intervals, joined by a line. */
export function Timeline({ title, note, unit, moments, level }: TimelineData) {
  const all = level ? [...moments, level] : moments;
  const y = scaleLinear(extentOf(all.flatMap(endsOf)), [bottom, top]).nice();
  return (
    <Chart
      title={title}
      note={note}
      height={height}
      table={{
        columns: ["time (UTC)", "run", ...figureColumns(all)],
        rows: [
          ...moments.map((moment) => [moment.time, moment.name, ...figureCells(moment, all)]),
          ...(level ? [["baseline", level.name, ...figureCells(level, all)]] : []),
        ],
      }}
    >
      {(width) => {
        const slot = (width - left - right) / Math.max(1, moments.length);
        const at = (index: number) => left + (index + 0.5) * slot;
        const size = Math.min(4, Math.max(1.5, slot / 5));
        return (
          <>
            {unit !== undefined && (
              <text className="unit" x="0" y="10">
                {unit}
              </text>
            )}
            <AxisLeft scale={y} from={left} to={width - right} />
            {level && <Level level={level} y={y} width={width} />}
            <line className="axis" x1={left} x2={width - right} y1={bottom} y2={bottom} />
            <Times moments={moments} at={at} width={width} />
            <polyline
              className="line"
              points={moments.map(({ value }, index) => `${at(index)},${y(value)}`).join(" ")}
            />
            {moments.map((moment, index) => (
              <Run key={index} moment={moment} x={at(index)} y={y} size={size} isLink={slot >= apart} />
            ))}
          </>
        );
      }}
    </Chart>
  );
}

type Scale = ScaleLinear<number, number>;

/** The line of what runs are compared with, over its interval and the fainter ground of what it may be. */
function Level({ level, y, width }: { level: Interval; y: Scale; width: number }) {
  const { value, low = value, high = value, reach } = level;
  const grounds = [...(reach ? [reach] : []), { low, high }];
  return (
    <>
      {grounds.map((ground, index) => {
        const [from, to] = endsIn(ground, y);
        return (
          <rect
            key={index}
            className="ground"
            x={left}
            y={to}
            width={width - left - right}
            height={from - to}
          />
        );
      })}
      <line className="level" x1={left} x2={width - right} y1={y(value)} y2={y(value)} strokeDasharray="4 3">
        <title>{`baseline ${level.name}: ${figure(value)}`}</title>
      </line>
    </>
  );
}

/** Where a range begins and ends, in pixels from above; an end that is infinite is that of the chart. */
function endsIn({ low, high }: { low: number; high: number }, y: Scale): [from: number, to: number] {
  return [low === -Infinity ? bottom : y(low), high === Infinity ? top : y(high)];
}

interface RunProps {
  moment: Moment;
  x: number;
  y: Scale;
  size: number;
  isLink: boolean;
}

function Run({ moment, x, y, size, isLink }: RunProps) {
  const { name, time, value, low, high, reach, tone, href, isMarked, isUnsettled } = moment;
  const [from, to] = reach ? endsIn(reach, y) : [0, 0];
  const mark = (
    <Mark x={x} y={y(value)} tone={tone} size={size}>
      <title>{`${name}, ${time}: ${figure(value)}`}</title>
    </Mark>
  );
  return (
    <g className={[tone, isUnsettled && "open"].filter(Boolean).join(" ") || undefined}>
      {isMarked && <line className="change" x1={x} x2={x} y1={top} y2={bottom} />}
      {reach && <line className="reach" x1={x} x2={x} y1={from} y2={to} />}
      {low !== undefined && high !== undefined && (
        <line className="whisker" x1={x} x2={x} y1={y(low)} y2={y(high)} />
      )}
      {href === undefined || !isLink ? (
        mark
      ) : (
        <a href={href} aria-label={`${name}, ${time}: ${figure(value)}`}>
          {mark}
        </a>
      )}
    </g>
  );
}

interface TimesProps {
  moments: readonly Moment[];
  at: (index: number) => number;
  width: number;
}

/** The times of as many runs as have room; of a narrow chart only their days. */
function Times({ moments, at, width }: TimesProps) {
  const isNarrow = width < 480;
  const room = isNarrow ? 76 : 120;
  const most = Math.max(1, Math.floor((width - left - right) / room));
  const every = Math.ceil(moments.length / most);
  return moments.map(
    ({ time }, index) =>
      index % every === 0 &&
      at(index) + room / 2 <= width + right && (
        <text key={index} x={at(index)} y={bottom + 15} textAnchor="middle">
          {isNarrow ? time.slice(0, 10) : time}
        </text>
      ),
  );
}
