import { useQuery } from "@connectrpc/connect-query";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { count, percent } from "../../parts/format.ts";
import { standingOf } from "./standing.ts";

interface Props {
  benchmarkId: string;
  metric: string;
  value: number;
  /** The value as the page writes it. */
  children: string;
}

/** A value of a sample, with its place among all values of the metric in the benchmark. */
export function Ranked({ benchmarkId, metric, value, children }: Props) {
  const { data } = useQuery(
    BenchmarkService.method.getMetricHistogram,
    { benchmarkIds: [benchmarkId], metric, bins: 100 },
    { staleTime: 60_000 },
  );
  const standing = data && standingOf(value, data);
  return (
    <>
      {children}
      {standing && standing.count > 1 && (
        <div className="soft small">
          higher than {percent(standing.lower)}, {standing.isAbout && "about "}the same as{" "}
          {percent(standing.same)} of {count(standing.count)}
        </div>
      )}
    </>
  );
}
