import type { Bin, HistogramData } from "../../../src/charts/data.ts";
import { compact, figure } from "../parts/format.ts";
import { Bar, wordsOf } from "./Bar.tsx";

interface Props extends Pick<HistogramData, "bins" | "unit" | "mean"> {
  y: (count: number) => number;
  ends: readonly [left: number, right: number];
  bottom: number;
  hrefOf?: ((bin: Bin) => string) | undefined;
}

/** About how wide a character of a label is, in pixels. */
const character = 6.5;

/** Few values, as 0 and 1 of a binary score: a bar for each, all at the same distance, with its count. */
export function Values({ bins, y, ends: [left, right], bottom, unit, mean, hrefOf }: Props) {
  const slot = (right - left) / Math.max(1, bins.length);
  const wide = Math.min(slot * 0.75, 90);
  const labels = bins.map(({ low, count }) => [figure(low), compact(count)] as const);
  const longest = Math.max(...labels.flat().map(({ length }) => length));
  // Labels that would touch stand at every other bar only, or at fewer.
  const every = Math.ceil(((longest + 1) * character) / slot);
  return (
    <>
      {bins.map((bin, index) => {
        const middle = left + (index + 0.5) * slot;
        const [value, count] = labels[index] ?? [];
        return (
          <g key={bin.low}>
            <Bar
              words={wordsOf(bin)}
              href={hrefOf?.(bin)}
              x={middle - wide / 2}
              y={y(bin.count)}
              width={wide}
              height={bottom - y(bin.count)}
            />
            {index % every === 0 && (
              <>
                <text className="name" x={middle} y={y(bin.count) - 4} textAnchor="middle">
                  {count}
                </text>
                <text x={middle} y={bottom + 15} textAnchor="middle">
                  {value}
                </text>
              </>
            )}
          </g>
        );
      })}
      <line className="axis" x1={left} x2={right} y1={bottom} y2={bottom} />
      {mean && (
        <text x={right} y="10" textAnchor="end">
          mean {figure(mean.value)}
        </text>
      )}
      {unit !== undefined && (
        <text className="unit" x={(left + right) / 2} y={bottom + 32} textAnchor="middle">
          {unit}
        </text>
      )}
    </>
  );
}
