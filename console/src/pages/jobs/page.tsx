import { useCallback, useMemo, useState } from "react";
import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { askFirstPage } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { usePages } from "../../data/usePages.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { VirtualTable } from "../../parts/VirtualTable.tsx";
import { BulkBar } from "./BulkBar.tsx";
import { columnsFor } from "./columns.tsx";
import { FailureGroups } from "./FailureGroups.tsx";
import { Filters } from "./Filters.tsx";
import { commandOf, filtersOf } from "./filters.ts";
import { type JobRow, useLiveJobs, useNewJobs } from "./live.ts";
import { StatusTabs } from "./StatusTabs.tsx";

/** The jobs of the queue: rows change in place, and new ones wait until they are asked for. */
export function Page() {
  useTitle("Jobs");
  const [search] = useSearchState();
  const filters = useMemo(() => filtersOf(search), [search]);
  const [first, setFirst] = useState(0);
  const {
    query,
    rows: listed,
    onEnd,
    total,
  } = usePages(
    JobService.method.listJobs,
    "jobs",
    { ...filters, pageSize: 100 },
    // The rows that are there stay in their places.
    { every: 5_000, whileEmpty: true, refetchOnWindowFocus: false },
  );
  const rows = useLiveJobs(listed, first);
  const news = useNewJobs(filters, listed, listed.length > 0 && !query.isFetching);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const columns = useMemo(() => columnsFor(rows), [rows]);
  // The stream is of many rows, so it need not follow each step of the reader.
  const onSight = useCallback((index: number) => setFirst(Math.floor(index / 100) * 100), []);
  const mayChange = useMay("user");
  const selection = {
    chosen,
    onChange: setChosen,
    nameOf: ({ job }: JobRow) => `job ${job.id}`,
    all: true,
  };
  const selected = rows.filter(({ job }) => chosen.has(job.id)).map(({ job }) => job);
  return (
    <>
      <div className="head">
        <h1>Jobs</h1>
        <CopyAs
          method={JobService.method.listJobs}
          request={{ ...filters, pageSize: 100 }}
          ltb={commandOf(filters)}
        />
      </div>
      <StatusTabs filters={filters} />
      <Filters filters={filters} />
      {filters.status === JobStatus.FAILED && filters.workerId === "" && filters.limitKey === "" && (
        <FailureGroups {...filters} />
      )}
      <BulkBar filters={filters} selected={selected} onClear={() => setChosen(new Set())} />
      {news > 0 && (
        <p className="news" role="status">
          <button
            type="button"
            onClick={() => {
              void askFirstPage(JobService.method.listJobs);
              window.scrollTo({ top: 0 });
            }}
          >
            {news >= 100 ? "100 or more" : count(news)} new
          </button>
        </p>
      )}
      <Loaded query={query}>
        {() => (
          <VirtualTable
            label="Jobs"
            columns={columns}
            rows={rows}
            keyOf={({ job }) => job.id}
            {...(mayChange && { selection })}
            total={total}
            onEnd={onEnd}
            onSight={onSight}
            empty={
              <>
                No job is here. <code>ltb demo</code> makes some, and <code>ltb job submit</code> makes one.
              </>
            }
          />
        )}
      </Loaded>
    </>
  );
}
