import { scaleLinear } from "d3-scale";
import type { ReactNode } from "react";
import { AxisBelow, AxisLeft } from "./Axis.tsx";
import { Chart } from "./Chart.tsx";
import { type Label, placeLabels } from "./labels.ts";
import { Mark } from "./Mark.tsx";
import { endsOf, extentOf } from "./scale.ts";

/** A figure with the interval in which it is. */
interface Estimate {
  value: number;
  low?: number | undefined;
  high?: number | undefined;
}

interface Point {
  name: string;
  x: Estimate;
  y: Estimate;
  href?: string | undefined;
  /** It is named where there is room, and joined with the others that are. */
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
  /** The first of them are named before the others. */
  points: readonly Point[];
  /** What is said in the table of the points that are marked. */
  mark: string;
}

const height = 340;
const [top, right, bottom, left] = [22, 14, 40, 56];

/** Two figures of each thing against each other, both with their intervals. */
export function Scatter({ title, note, x, y, points, mark }: Props) {
  const or = (value: number | undefined, { write }: Axis) => (value === undefined ? "–" : write(value));
  const words = (point: Point) =>
    `${point.name}: ${y.name} ${y.write(point.y.value)}, ${x.name} ${x.write(point.x.value)}`;
  const scaleOf = (axis: "x" | "y", ends: [number, number]) =>
    scaleLinear(extentOf(points.flatMap((point) => endsOf(point[axis]))), ends).nice();
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
        const area = { left, right: width - right, top, bottom: height - bottom };
        const across = scaleOf("x", [area.left, area.right]);
        const up = scaleOf("y", [area.bottom, area.top]);
        const placed = points.map((point) => ({ point, x: across(point.x.value), y: up(point.y.value) }));
        const marked = placed.filter(({ point }) => point.marked);
        const names = marked.map(({ point: { name }, ...at }) => ({ ...at, name }));
        const found = placeLabels(names, placed, area);
        const labels = new Map(marked.map(({ point }, index) => [point, found[index]]));
        return (
          <>
            <AxisLeft scale={up} from={left} to={area.right} write={y.write} />
            <AxisBelow scale={across} from={top} to={area.bottom} write={x.write} unit={x.name} />
            <text className="unit" x="0" y="11">
              {y.name}
            </text>
            <polyline
              className="joined"
              points={marked
                .toSorted((one, other) => one.x - other.x)
                .map((one) => `${one.x},${one.y}`)
                .join(" ")}
            />
            {placed.map(({ point, ...at }, index) => (
              <g key={index} className={point.marked ? "good" : undefined}>
                <title>{words(point)}</title>
                <Whiskers {...at} point={point} across={across} up={up} />
                <MaybeLink href={point.href} label={words(point)}>
                  <Mark {...at} size={point.marked ? 5 : 4} />
                  <Name label={labels.get(point)} />
                </MaybeLink>
              </g>
            ))}
          </>
        );
      }}
    </Chart>
  );
}

interface WhiskersProps {
  point: Point;
  x: number;
  y: number;
  across: (value: number) => number;
  up: (value: number) => number;
}

/** The intervals of both figures, as a cross. */
function Whiskers({ point, x, y, across, up }: WhiskersProps) {
  const [{ low: left, high: right }, { low, high }] = [point.x, point.y];
  return (
    <>
      {left !== undefined && right !== undefined && (
        <line className="whisker" x1={across(left)} x2={across(right)} y1={y} y2={y} />
      )}
      {low !== undefined && high !== undefined && (
        <line className="whisker" x1={x} x2={x} y1={up(low)} y2={up(high)} />
      )}
    </>
  );
}

function Name({ label }: { label: Label | undefined }) {
  return (
    label && (
      <text className="name afloat" x={label.x} y={label.y} textAnchor={label.anchor}>
        {label.text}
      </text>
    )
  );
}

function MaybeLink(props: { href: string | undefined; label: string; children: ReactNode }) {
  const { href, label, children } = props;
  if (href === undefined) return children;
  return (
    <a href={href} aria-label={label}>
      {children}
    </a>
  );
}
