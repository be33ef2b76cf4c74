import { useQuery } from "@connectrpc/connect-query";
import type { MetricSlices } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { Intervals } from "../../charts/Intervals.tsx";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { TextFilter } from "../../parts/Filter.tsx";
import { count, measure } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";

/** The chosen metric over groups of samples, by a key of their metadata. */
export function Slices({ id, metric }: { id: string; metric: string }) {
  const [search] = useSearchState();
  const groupBy = one(search.group);
  return (
    <>
      <h2>Groups</h2>
      <div className="filters">
        <TextFilter name="group" label="Key of the metadata" suggestions={["provider", "model"]} />
      </div>
      {groupBy === "" ? (
        <p className="soft">
          Name a key of the samples' metadata, such as <code>subject</code>, to see the mean of each of its
          values.
        </p>
      ) : (
        <Grouped id={id} metric={metric} groupBy={groupBy} />
      )}
    </>
  );
}

function Grouped({ id, metric, groupBy }: { id: string; metric: string; groupBy: string }) {
  // It reads every evaluation, so it is asked once.
  const asked = useQuery(
    BenchmarkService.method.getBenchmarkSummary,
    { benchmarkId: id, metrics: [metric], groupBy },
    { staleTime: 60_000, refetchOnWindowFocus: false },
  );
  return (
    <Loaded query={asked}>
      {({ slices: [slices] }) =>
        slices?.slices.some(({ mean }) => mean !== undefined) ? (
          <Forest slices={slices} groupBy={groupBy} />
        ) : (
          <p className="empty">
            No sample has a value of {metric}, or none has the key {groupBy}.
          </p>
        )
      }
    </Loaded>
  );
}

function Forest({ slices, groupBy }: { slices: MetricSlices; groupBy: string }) {
  const rows = slices.slices.flatMap(({ value, samples, mean, ci95Low: low, ci95High: high }) =>
    mean === undefined
      ? []
      : [{ name: `${value ?? "(none)"} · n ${count(samples)}`, value: mean, low, high }],
  );
  const notes = [
    "95 % intervals.",
    slices.macroMean !== undefined &&
      `Mean of the ${count(slices.macroSlices)} groups' means: ${measure(slices.metric, slices.macroMean)}${
        slices.macroStderr === undefined
          ? ""
          : ` ± ${measure(slices.metric, slices.macroStderr)} (standard error)`
      }.`,
    slices.slicesLeftOut > 0 &&
      `${count(slices.slicesLeftOut)} more groups, with fewer samples, are left out.`,
  ].filter((note) => note !== false);
  return <Intervals title={`Mean ${slices.metric} by ${groupBy}`} rows={rows} note={notes.join(" ")} />;
}
