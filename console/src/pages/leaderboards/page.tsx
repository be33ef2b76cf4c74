import { Link } from "@tanstack/react-router";
import type { Dataset } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { usePages } from "../../data/usePages.ts";
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
    isName: true,
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
  const { query, rows, onEnd, total } = usePages(
    BenchmarkService.method.listDatasets,
    "datasets",
    { pageSize: 200 },
    { every: 10_000 },
  );
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
        {() => (
          <VirtualTable
            label="Datasets"
            columns={columns}
            rows={rows}
            keyOf={({ dataset }) => dataset}
            total={total}
            onEnd={onEnd}
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
