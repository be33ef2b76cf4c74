import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Benchmark, BenchmarkView } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { useMay } from "../../data/session.ts";
import { usePages } from "../../data/usePages.ts";
import { all, useSearchState } from "../../data/useSearchState.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { BenchmarkState, Status } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { type Column, VirtualTable } from "../../parts/VirtualTable.tsx";
import { DeleteDialog } from "./DeleteDialog.tsx";
import { Filters } from "./Filters.tsx";
import { commandOf, listOf } from "./filter.ts";
import { Labels } from "./Labels.tsx";
import { MeanScore } from "./MeanScore.tsx";
import { Progress } from "./Progress.tsx";
import { useWatched } from "./useWatched.ts";

/** All benchmarks, as they stand now. */
export function Page() {
  useTitle("Benchmarks");
  const [search, change] = useSearchState();
  const picked = all(search.pick);
  const mayDelete = useMay("user");
  const [deleting, setDeleting] = useState(false);
  const input = listOf(search);
  const { query, rows, onEnd, total } = usePages(
    BenchmarkService.method.listBenchmarks,
    "benchmarks",
    { ...input, pageSize: 100, view: BenchmarkView.SUMMARY },
    // New rows come when they are asked for.
    { refetchOnWindowFocus: false },
  );
  const news = useWatched(rows.map(({ id }) => id));
  // New ones wait until they are asked for, so that no row moves under the pointer.
  const refetchInterval = useSlowingInterval(5_000);
  const newest = useQuery(
    BenchmarkService.method.listBenchmarks,
    { ...input, pageSize: 50, view: BenchmarkView.SUMMARY },
    { refetchInterval },
  );
  const fresh = new Map(newest.data?.benchmarks.map((benchmark) => [benchmark.id, benchmark]));
  const known = new Set(rows.map(({ id }) => id));
  const waiting = rows.length === 0 ? [] : (newest.data?.benchmarks ?? []);
  const arrived = waiting.filter(({ id }) => !known.has(id)).length;

  const columns: Column<Benchmark>[] = [
    {
      title: "Status",
      width: "6.75rem",
      cell: ({ id, status }) =>
        news.get(id)?.deleted ? <Status tone="even">deleted</Status> : <BenchmarkState status={status} />,
    },
    {
      title: "Name",
      isName: true,
      width: "minmax(16.5rem, 17fr)",
      cell: ({ id, name, labels }) => (
        <>
          <Link className="two-lines" to="/benchmarks/$id" params={{ id }} title={name}>
            {name}
          </Link>
          <Labels labels={labels} />
        </>
      ),
    },
    {
      title: "Model",
      width: "minmax(8.5rem, 8.5fr)",
      cell: ({ model, provider }) => (
        <>
          <div className="one-line" title={model}>
            {model}
          </div>
          <div className="one-line soft small" title={provider}>
            {provider}
          </div>
        </>
      ),
    },
    {
      title: "Dataset",
      width: "minmax(8rem, 8fr)",
      cell: ({ dataset }) => (
        <div className="two-lines" title={dataset}>
          {dataset}
        </div>
      ),
    },
    { title: "Progress", width: "8.5rem", cell: (benchmark) => <Progress benchmark={benchmark} /> },
    {
      title: "Mean score",
      width: "8rem",
      cell: (benchmark) => <MeanScore benchmark={benchmark} latest={news.get(benchmark.id)?.meanScore} />,
    },
    { title: "Created", width: "6.2rem", cell: ({ createdAt }) => <Time at={createdAt} /> },
  ];
  const current = rows.map((row) => {
    const { benchmark, deleted } = news.get(row.id) ?? {};
    const summary = fresh.get(row.id)?.summary ?? row.summary;
    return { ...(benchmark && !deleted && benchmark.version >= row.version ? benchmark : row), summary };
  });
  return (
    <>
      <div className="head">
        <h1>Benchmarks</h1>
        <CopyAs
          method={BenchmarkService.method.listBenchmarks}
          request={{ ...input, pageSize: 100 }}
          ltb={commandOf(search)}
        />
      </div>
      <Filters />
      <div className="actions" aria-live="polite">
        {picked.length > 0 && (
          <>
            <span>
              {picked.length === 1 ? "One is chosen: the baseline." : `${picked.length} are chosen.`}
            </span>
            {picked.length > 1 && (
              <a href={hrefOf("/compare", { baseline: picked[0], with: picked.slice(1) })}>
                Compare them with the first
              </a>
            )}
            {mayDelete && (
              <button type="button" className="danger" onClick={() => setDeleting(true)}>
                Delete…
              </button>
            )}
            <button type="button" onClick={() => change({ pick: undefined })}>
              Choose none
            </button>
          </>
        )}
        {arrived > 0 && (
          <button type="button" onClick={() => void query.refetch()}>
            Show {arrived} new
          </button>
        )}
      </div>
      {deleting && (
        <DeleteDialog
          ids={picked}
          onDone={() => change({ pick: undefined })}
          onClose={() => setDeleting(false)}
        />
      )}
      <Loaded query={query}>
        {() => (
          <VirtualTable
            label="Benchmarks"
            columns={columns}
            rows={current}
            keyOf={({ id }) => id}
            selection={{
              chosen: new Set(picked),
              onChange: (chosen) => change({ pick: [...chosen] }),
              nameOf: ({ name }) => name,
            }}
            rowHeight={53}
            total={total}
            onEnd={onEnd}
            empty={
              <>
                No benchmark matches. <code>ltb demo</code> makes some, <code>ltb import FILE</code> reads
                logs.
              </>
            }
          />
        )}
      </Loaded>
    </>
  );
}
