import { ConnectError } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { ErrorInfoSchema } from "../../../../gen/google/rpc/error_details_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { loadFile } from "../../data/loadFile.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { VirtualTable } from "../../parts/VirtualTable.tsx";
import { columns } from "./columns.tsx";
import { Filters } from "./Filters.tsx";
import { asksForAll, commandOf, listOf, useSamples } from "./useSamples.ts";

const ExportDialog = lazy(() =>
  loadFile(() => import("./ExportDialog.tsx")).then((file) => ({ default: file.ExportDialog })),
);

/** A tab holds no more rows than these: a narrower list tells more than the rest of this one. */
const mostRows = 20_000;

/** The samples of a benchmark. */
export function Page() {
  const { id = "" } = useParams({ strict: false });
  const [search] = useSearchState();
  const { query, rows, onEnd, total } = useSamples(id, search);
  const refetchInterval = useSlowingInterval(5_000);
  const { data } = useQuery(BenchmarkService.method.getBenchmark, { id }, { refetchInterval });
  const benchmark = data?.benchmark;
  const [exporting, setExporting] = useState(false);
  useTitle(benchmark ? `Samples · ${benchmark.name}` : "Samples");
  const stored = (benchmark?.completedIterations ?? 0) + (benchmark?.failedIterations ?? 0);
  const full = rows.length >= mostRows;
  const whole = asksForAll(search);
  const end = total !== undefined;
  const queries = useQueryClient();
  // A list of many pages would be asked for page by page: it begins anew.
  const lookAgain = () =>
    queries.resetQueries({
      queryKey: createConnectQueryKey({
        schema: BenchmarkService.method.listEvaluations,
        cardinality: "infinite",
      }),
    });
  const fresh = whole && end ? stored - rows.length : 0;
  return (
    <>
      <p className="path">
        <Link to="/benchmarks">Benchmarks</Link> /
        <Link to="/benchmarks/$id" params={{ id }} className="one-line">
          {benchmark?.name ?? id}
        </Link>
      </p>
      <div className="head">
        <h1>Samples</h1>
        <div className="actions">
          <CopyAs
            method={BenchmarkService.method.listEvaluations}
            request={{ ...listOf(id, search), pageSize: 100 }}
            ltb={commandOf(id, search)}
          />
          {benchmark && (
            <button type="button" onClick={() => setExporting(true)}>
              Export…
            </button>
          )}
        </div>
      </div>
      {exporting && benchmark && (
        <Suspense>
          <ExportDialog {...{ benchmark, search }} onClose={() => setExporting(false)} />
        </Suspense>
      )}
      <Filters />
      {indexMissing(query.error) ? (
        <div role="alert" className="empty">
          This database has no index of {indexMissing(query.error) === "metadata" ? "metadata" : "texts"}. An
          admin adds it while the service runs: <code>ltb migrate index add {indexMissing(query.error)}</code>
        </div>
      ) : (
        <Loaded query={query}>
          {() => (
            <>
              <p className="soft small" role="status">
                {end ? count(rows.length) : `the first ${count(rows.length)}`}
                {!end && whole && ` of ${count(stored)}`} {rows.length === 1 ? "evaluation" : "evaluations"}
                {full && ". More are not shown: narrow the filter, or export them all"}{" "}
                <button type="button" onClick={() => void lookAgain()}>
                  {fresh > 0 ? `Show ${count(fresh)} new` : "Look again"}
                </button>
              </p>
              <VirtualTable
                label="Samples"
                columns={columns}
                rows={rows}
                keyOf={(row) => row.id}
                rowHeight={53}
                total={total}
                onEnd={full ? undefined : onEnd}
                empty={whole ? <>No sample is stored yet.</> : <>No sample matches.</>}
              />
            </>
          )}
        </Loaded>
      )}
    </>
  );
}

/** The index that a search needs and the database lacks. */
function indexMissing(error: unknown): string | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const [info] = error.findDetails(ErrorInfoSchema);
  return info?.reason === "INDEX_MISSING" ? (info.metadata.index ?? "text") : undefined;
}
