import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { count, figure } from "../../parts/format.ts";

interface Props {
  benchmark: Benchmark;
  /** The mean that the stream told, which may be newer than the figures of the list. */
  latest: number | undefined;
}

/** The mean score so far, with its 95 % interval where that is of the same mean. */
export function MeanScore({ benchmark: { summary }, latest }: Props) {
  const score = summary?.score;
  const mean = latest ?? score?.mean;
  if (mean === undefined) return <span className="soft">–</span>;
  const isSame = score?.mean !== undefined && (latest === undefined || Math.abs(latest - score.mean) < 1e-9);
  const { ci95Low: low, ci95High: high, samples = 0 } = score ?? {};
  return (
    <div title={isSame ? `mean of ${count(samples)} samples, with its 95 % confidence interval` : undefined}>
      {figure(mean)}
      <div className="soft small nowrap">
        {isSame &&
          (low === undefined || high === undefined
            ? `n = ${count(samples)}`
            : `${figure(low)} to ${figure(high)}`)}
      </div>
    </div>
  );
}
