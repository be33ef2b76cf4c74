import { scaleLinear } from "d3-scale";
import { Chart } from "./Chart.tsx";

/** A figure with the interval in which it is. */
export interface Estimate {
  value: number;
  low?: number | undefined;
  high?: number | undefined;
}

export interface Point {
  name: string;
  x: Estimate;
  y: Estimate;
  href?: string | undefined;
  /** It is named, and joined with the others that are. */
  marked: boolean;
}

interface Axis {
  name: string;
  write: (value: number) => string;
}

interface Props {
  title: string;
  note?: string;
  x: Axis;
  y: Axis;
  points: readonly Point[];
  /** What is said in the table of the points that are marked. */
  mark: string;
}

const height = 340;
const [top, right, bottom, left] = [22, 14, 40, 56];
/** About so wide is a character of a label, in pixels. */
const character = 6.5;

/** Two figures of each thing against each other, both with their intervals. */
export function Scatter({ title, note, x, y, points, mark }: Props) {
  const marked = points.filter((point) => point.marked).toSorted((one, other) => one.x.value - other.x.value);
  const or = (value: number | undefined, { write }: Axis) => (value === undefined ? "–" : write(value));
  return (
    <Chart
      {...{ title, note, height }}
      table={{
        columns: ["", ...[y, x].flatMap(({ name }) => [name, "from", "to"]), mark],
        rows: points.map((point) => [
          point.name,
          ...[or(point.y.value, y), or(point.y.low, y), or(point.y.high, y)],
          ...[or(point.x.value, x), or(point.x.low, x), or(point.x.high, x)],
          point.marked ? "yes" : "",
        ]),
      }}
    >
      {(width) => {
        const across = scaleLinear(rangeOf(points.map((point) => point.x)), [left, width - right]).nice();
        const up = scaleLinear(rangeOf(points.map((point) => point.y)), [height - bottom, top]).nice();
        return (
          <>
            {up.ticks(6).map((tick) => (
              <g key={tick}>
                <line className="axis" x1={left} x2={width - right} y1={up(tick)} y2={up(tick)} />
                <text x={left - 6} y={up(tick) + 4} textAnchor="end">
                  {y.write(tick)}
                </text>
              </g>
            ))}
            {across.ticks(Math.round((width - left) / 90)).map((tick) => (
              <text key={tick} x={across(tick)} y={height - bottom + 16} textAnchor="middle">
                {x.write(tick)}
              </text>
            ))}
            <text x={width - right} y={height - 6} textAnchor="end">
              {x.name} →
            </text>
            <text x="0" y="11">
              ↑ {y.name}
            </text>
            <polyline
              className="joined"
              points={marked.map((point) => `${across(point.x.value)},${up(point.y.value)}`).join(" ")}
            />
            {points.map((point, index) => {
              const [cx, cy] = [across(point.x.value), up(point.y.value)];
              const words = `${point.name}: ${y.name} ${y.write(point.y.value)}, ${x.name} ${x.write(point.x.value)}`;
              const isLeft = cx > width / 2;
              const longest = Math.floor((isLeft ? cx - left : width - right - cx) / character) - 2;
              const drawn = (
                <>
                  <circle className="point" cx={cx} cy={cy} r={point.marked ? 5 : 4} />
                  {point.marked && (
                    <text
                      className="name"
                      x={cx + (isLeft ? -9 : 9)}
                      y={cy - 7}
                      textAnchor={isLeft ? "end" : "start"}
                    >
                      {point.name.length > longest ? `${point.name.slice(0, longest)}…` : point.name}
                    </text>
                  )}
                </>
              );
              return (
                <g key={`${point.name} ${point.href ?? index}`} className={point.marked ? "good" : undefined}>
                  <title>{words}</title>
                  {point.x.low !== undefined && point.x.high !== undefined && (
                    <line
                      className="whisker"
                      x1={across(point.x.low)}
                      x2={across(point.x.high)}
                      y1={cy}
                      y2={cy}
                    />
                  )}
                  {point.y.low !== undefined && point.y.high !== undefined && (
                    <line className="whisker" x1={cx} x2={cx} y1={up(point.y.low)} y2={up(point.y.high)} />
                  )}
                  {point.href === undefined ? (
                    drawn
                  ) : (
                    <a href={point.href} aria-label={words}>
                      {drawn}
                    </a>
                  )}
                </g>
              );
            })}
          </>
        );
      }}
    </Chart>
  );
}

function rangeOf(estimates: readonly Estimate[]): [number, number] {
  const ends = estimates.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]);
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  return least === most
    ? [least - Math.abs(least || 1) * 0.1, most + Math.abs(most || 1) * 0.1]
    : [least, most];
}
