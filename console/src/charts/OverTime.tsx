import { scaleLinear } from "d3-scale";
import { count } from "../parts/format.ts";
import type { Tone } from "../parts/Status.tsx";
import { AxisLeft } from "./Axis.tsx";
import { Chart } from "./Chart.tsx";

/** Numbers over time, one for each of the chart's times. Bars stand one upon another, lines do not. */
export interface Series {
  name: string;
  as: "line" | "bars";
  tone: Tone;
  values: readonly number[];
}

interface Props {
  title: string;
  note?: string;
  /** Begin and end of the chart, in milliseconds since 1970. */
  from: number;
  to: number;
  /** How long a step is, in milliseconds. */
  step: number;
  /** When the steps begin of which something is known, ascending; what lies between is not drawn. */
  times: readonly number[];
  series: readonly Series[];
}

const [height, top, right, bottom, left] = [150, 22, 28, 22, 36];
const between = 15 * 60_000;

// To make it ready takes milliseconds, so that waits until it is needed.
let clock: Intl.DateTimeFormat | undefined;

/** A time by the reader's clock, to the minute. */
function minute(time: number): string {
  clock ??= new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  return clock.format(time);
}

/** How numbers went over time, step by step. */
export function OverTime({ title, note, from, to, step, times, series }: Props) {
  const bars = series.filter(({ as }) => as === "bars");
  const lines = series.filter(({ as }) => as === "line");
  /** The sum of the first bars of a step. */
  const sumOf = (at: number, end = bars.length) =>
    bars.slice(0, end).reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
  const most = Math.max(1, ...times.map((_, at) => sumOf(at)), ...lines.flatMap(({ values }) => values));
  const y = scaleLinear([0, most], [height - bottom, top]).nice(3);
  const marks = Array.from(
    { length: Math.floor(to / between) - Math.ceil(from / between) + 1 },
    (_, index) => (Math.ceil(from / between) + index) * between,
  );
  return (
    <Chart
      {...{ title, note, height }}
      table={{
        columns: ["from", ...series.map(({ name }) => name)],
        rows: times.map((time, at) => [minute(time), ...series.map(({ values }) => count(values[at] ?? 0))]),
      }}
    >
      {(width) => {
        const x = scaleLinear([from, to], [left, width - right]);
        const wide = Math.max(x(from + step) - x(from) - 1, 1);
        return (
          <>
            <AxisLeft scale={y} from={left} to={width - right} whole />
            {marks.map((time) => (
              <text key={time} x={x(time)} y={height - 6} textAnchor="middle">
                {minute(time)}
              </text>
            ))}
            {series.map(({ name, as, tone }, index) => (
              <g key={name} className={tone}>
                <rect
                  className="bar"
                  x={left + index * 100}
                  y={as === "line" ? 5 : 1}
                  width="10"
                  height={as === "line" ? 3 : 10}
                />
                <text x={left + index * 100 + 14} y="10">
                  {name}
                </text>
              </g>
            ))}
            {bars.map(({ name, tone, values }, place) => (
              <g key={name} className={tone}>
                {times.map((time, at) => {
                  const [low, high] = [y(sumOf(at, place)), y(sumOf(at, place + 1))];
                  return (
                    low > high && (
                      <rect key={time} className="bar" x={x(time)} y={high} width={wide} height={low - high}>
                        <title>{`${minute(time)}: ${count(values[at] ?? 0)} ${name}`}</title>
                      </rect>
                    )
                  );
                })}
              </g>
            ))}
            {lines.map(({ name, tone, values }) => (
              <g key={name} className={tone}>
                <path
                  className="course"
                  d={times
                    .map((time, at) => {
                      const follows = at > 0 && time - (times[at - 1] ?? 0) <= step;
                      return `${follows ? "L" : "M"}${x(time + step)},${y(values[at] ?? 0)}`;
                    })
                    .join("")}
                />
              </g>
            ))}
          </>
        );
      }}
    </Chart>
  );
}
