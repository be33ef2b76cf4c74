import { scaleLinear } from "d3-scale";
import type { Bin, HistogramData } from "../../../src/charts/data.ts";
import { count, figure } from "../parts/format.ts";
import { AxisBelow, AxisLeft, belowHeight } from "./Axis.tsx";
import { Bar, wordsOf } from "./Bar.tsx";
import { Chart } from "./Chart.tsx";
import { Values } from "./Values.tsx";

interface Props extends HistogramData {
  /** What a bar leads to: the values in it. */
  hrefOf?: ((bin: Bin) => string) | undefined;
}

/** In pixels. Above the bars stand the names of their axis and of the mean. */
const [left, right, top, bottom] = [36, 12, 28, 160];

/** How often values are as large as they are. */
export function Histogram({ title, note, unit, bins, mean, most, hrefOf }: Props) {
  const y = scaleLinear([0, most ?? Math.max(1, ...bins.map((bin) => bin.count))], [bottom, top]).nice(3);
  const areValues = bins.every(({ low, high }) => low === high);
  return (
    <Chart
      title={title}
      note={note}
      height={bottom + belowHeight(unit)}
      table={{
        columns: ["from", "to", "evaluations"],
        rows: bins.map((bin) => [figure(bin.low), figure(bin.high), count(bin.count)]),
      }}
    >
      {(width) => {
        const ends = [left, width - right] as const;
        return (
          <>
            <text x="0" y="10">
              evaluations
            </text>
            <AxisLeft scale={y} from={left} to={width - right} whole />
            {areValues ? (
              <Values bins={bins} y={y} ends={ends} bottom={bottom} unit={unit} mean={mean} hrefOf={hrefOf} />
            ) : (
              <Bins bins={bins} y={y} ends={ends} unit={unit} mean={mean} hrefOf={hrefOf} />
            )}
          </>
        );
      }}
    </Chart>
  );
}

interface BinsProps extends Pick<Props, "bins" | "unit" | "mean" | "hrefOf"> {
  y: (count: number) => number;
  ends: readonly [left: number, right: number];
}

/** Bars on a scale of values, and the mean with its interval. */
function Bins({ bins, y, ends, unit, mean, hrefOf }: BinsProps) {
  const [low, high] = [Math.min(...bins.map((bin) => bin.low)), Math.max(...bins.map((bin) => bin.high))];
  const x = scaleLinear([low, high], ends).clamp(true);
  return (
    <>
      {bins.map((bin) => (
        <Bar
          key={bin.low}
          words={wordsOf(bin)}
          href={hrefOf?.(bin)}
          x={x(bin.low)}
          y={y(bin.count)}
          width={Math.max(x(bin.high) - x(bin.low) - 1, 1)}
          height={bottom - y(bin.count)}
        />
      ))}
      <AxisBelow scale={x} from={bottom} to={bottom} unit={unit} />
      {mean && (
        <g className="mean">
          {mean.low !== undefined && mean.high !== undefined && (
            <rect
              x={x(mean.low)}
              y={top - 4}
              width={Math.max(x(mean.high) - x(mean.low), 1)}
              height={bottom - top + 4}
            />
          )}
          <line x1={x(mean.value)} x2={x(mean.value)} y1={top - 4} y2={bottom} strokeDasharray="5 3" />
          <text
            x={x(mean.value) + (isRight(x(mean.value), ends) ? -4 : 4)}
            y={top - 6}
            textAnchor={isRight(x(mean.value), ends) ? "end" : "start"}
          >
            mean {figure(mean.value)}
          </text>
        </g>
      )}
    </>
  );
}

const isRight = (x: number, [left, right]: BinsProps["ends"]) => x > (left + right) / 2;
