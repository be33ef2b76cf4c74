import { useInfiniteQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { Dataset } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { type Column, VirtualTable } from "../../parts/VirtualTable.tsx";

const columns: readonly Column<Dataset>[] = [
  {
    title: "Dataset",
    width: "minmax(12rem, 2fr)",
    cell: ({ dataset }) => (
      <Link to="/leaderboards/$dataset" params={{ dataset }}>
        <bdi>{dataset}</bdi>
      </Link>
    ),
  },
  { title: "Benchmarks", width: "7.6rem", number: true, cell: ({ benchmarkCount }) => count(benchmarkCount) },
  {
    title: "Latest",
    width: "minmax(12rem, 2fr)",
    cell: ({ latestBenchmarkName: name, latestBenchmarkId: id }) => (
      <BenchmarkLink id={id}>
        <bdi>{name}</bdi>
      </BenchmarkLink>
    ),
  },
  { title: "Created", width: "8rem", cell: ({ latestCreatedAt }) => <Time at={latestCreatedAt} /> },
  {
    title: "Metrics",
    width: "minmax(12rem, 3fr)",
    cell: ({ metrics }) => (
      <bdi className="two-lines soft" title={metrics.join(", ")}>
        {metrics.join(", ")}
      </bdi>
    ),
  },
];

/** The datasets on which benchmarks ran: each has a leaderboard. */
export function Page() {
  useTitle("Leaderboards");
  const query = useInfiniteQuery(
    BenchmarkService.method.listDatasets,
    { pageSize: 200, pageToken: "" },
    {
      pageParamKey: "pageToken",
      getNextPageParam: ({ nextPageToken }) => nextPageToken || undefined,
      refetchInterval: useInterval(10_000),
    },
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  return (
    <>
      <div className="head">
        <h1>Leaderboards</h1>
        <CopyAs
          method={BenchmarkService.method.listDatasets}
          request={{ pageSize: 200 }}
          ltb={ltbWords("datasets")}
        />
      </div>
      <Loaded query={query}>
        {({ pages }) => (
          <VirtualTable
            label="Datasets"
            columns={columns}
            rows={pages.flatMap(({ datasets }) => datasets)}
            keyOf={({ dataset }) => dataset}
            total={hasNextPage ? undefined : pages.reduce((sum, page) => sum + page.datasets.length, 0)}
            onEnd={hasNextPage && !isFetchingNextPage ? () => void fetchNextPage() : undefined}
            empty={
              <p>
                There is no benchmark yet. <code>ltb demo</code> makes one, and <code>ltb import FILE…</code>{" "}
                reads logs of other tools.
              </p>
            }
          />
        )}
      </Loaded>
    </>
  );
}
