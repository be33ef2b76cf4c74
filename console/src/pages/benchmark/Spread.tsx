import { useQuery } from "@connectrpc/connect-query";
import type { GetBenchmarkSummaryResponse } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Bin } from "../../../../src/charts/data.ts";
import { binsOf } from "../../../../src/charts/rows.ts";
import { Histogram } from "../../charts/Histogram.tsx";
import { hrefOf } from "../../data/links.ts";
import type { SlowingInterval } from "../../data/live.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { Loaded } from "../../parts/Loaded.tsx";

interface Props {
  id: string;
  metric: string;
  summary: GetBenchmarkSummaryResponse | undefined;
  refetchInterval: false | SlowingInterval;
}

/** How the values of the chosen metric are spread. A bar leads to the samples in it. */
export function Spread({ id, metric, summary, refetchInterval }: Props) {
  const [, change] = useSearchState();
  const histogram = useQuery(
    BenchmarkService.method.getMetricHistogram,
    { benchmarkIds: [id], metric },
    { refetchInterval },
  );
  const names = [...new Set([metric, ...(summary?.metrics ?? []).map(({ name }) => name)])];
  const found = summary?.metrics.find(({ name }) => name === metric);
  return (
    <>
      <div className="head">
        <h2>How values are spread</h2>
        <label className="small">
          Metric{" "}
          <select value={metric} onChange={({ target }) => change({ metric: target.value })}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <Loaded query={histogram}>
        {(data) => {
          const bins = binsOf(data);
          if (bins.length === 0)
            return <p className="empty">No evaluation has a value of this metric yet.</p>;
          return (
            <>
              <Histogram
                title={`Evaluations by ${metric}`}
                bins={bins}
                mean={
                  found?.mean === undefined
                    ? undefined
                    : { value: found.mean, low: found.ci95Low, high: found.ci95High }
                }
                hrefOf={(bin) => samplesIn(id, metric, bin, bins)}
              />
              {!data.exact && <p className="soft small">Counts near an edge are about right.</p>}
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** A bin has no values at its end, but for the last; a list has those at both of its ends. */
function samplesIn(id: string, metric: string, { low, high }: Bin, bins: readonly Bin[]): string {
  const last = bins.at(-1)?.high === high;
  const max = last || low === high ? high : below(high);
  return hrefOf(`/benchmarks/${id}/samples`, {
    metric: metric === "score" ? undefined : metric,
    min: String(low),
    max: String(max),
  });
}

/** The largest number below another. */
function below(value: number): number {
  const step = Math.max(Math.abs(value) * 2 ** -53, Number.MIN_VALUE);
  return value - step;
}
