import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { compact, count } from "../../parts/format.ts";
import { type JobFilters, statuses } from "./filters.ts";

/** The statuses to choose from, with how many jobs are in each. */
export function Tabs({ filters }: { filters: JobFilters }) {
  const [search] = useSearchState();
  const refetchInterval = useInterval(2_000);
  const { jobType, benchmarkId, workerId, limitKey } = filters;
  // Jobs are counted by type and benchmark alone.
  const counted = workerId === "" && limitKey === "";
  const stats = useQuery(
    JobService.method.getJobStats,
    { jobType, benchmarkId },
    { refetchInterval, enabled: counted },
  ).data;
  const counts: Record<string, number> | undefined =
    counted && stats
      ? {
          "": stats.total,
          pending: stats.pending + stats.scheduled,
          running: stats.running,
          completed: stats.completed,
          failed: stats.failed,
          cancelled: stats.cancelled,
        }
      : undefined;
  return (
    <nav className="tabs" aria-label="Status">
      {["", ...statuses].map((status) => (
        <Link
          key={status}
          to="/jobs"
          search={{ ...search, status: status || undefined, order: undefined } as never}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {status || "all"}
          {counts && (
            <span className="soft" title={count(counts[status] ?? 0)}>
              {" "}
              {compact(counts[status] ?? 0)}
            </span>
          )}
        </Link>
      ))}
    </nav>
  );
}
