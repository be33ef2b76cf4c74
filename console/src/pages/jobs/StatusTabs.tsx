import { useQuery } from "@connectrpc/connect-query";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { sharing } from "../../data/transport.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { compact, count } from "../../parts/format.ts";
import { Tabs } from "../../parts/Tabs.tsx";
import { type JobFilters, statuses } from "./filters.ts";

/** The statuses to choose from, with how many jobs are in each. */
export function StatusTabs({ filters }: { filters: JobFilters }) {
  const [search] = useSearchState();
  const refetchInterval = useInterval(2_000);
  const { jobType, benchmarkId, workerId, limitKey, endedAfter } = filters;
  // Jobs are counted by type and benchmark alone.
  const counted = workerId === "" && limitKey === "" && endedAfter === undefined;
  const stats = useQuery(
    JobService.method.getJobStats,
    { jobType, benchmarkId },
    { ...sharing, refetchInterval, enabled: counted },
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
    <Tabs
      label="Status"
      tabs={(["", ...statuses] as const).map((status) => ({
        name: status,
        words: (
          <>
            {status || "all"}
            {counts && (
              <span className="soft" title={count(counts[status] ?? 0)}>
                {" "}
                {compact(counts[status] ?? 0)}
              </span>
            )}
          </>
        ),
      }))}
      shown={statuses.find((status) => status === one(search.status)) ?? ""}
      searchOf={(status) => ({ ...search, status: status || undefined, order: undefined })}
    />
  );
}
