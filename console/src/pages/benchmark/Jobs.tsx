import { useQuery } from "@connectrpc/connect-query";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { Shares } from "../../charts/Shares.tsx";
import { hrefOf } from "../../data/links.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { sharing } from "../../data/transport.ts";
import { Loaded } from "../../parts/Loaded.tsx";

/** How the jobs of a benchmark stand. */
export function Jobs({ id }: { id: string }) {
  const refetchInterval = useSlowingInterval(2_000);
  const stats = useQuery(JobService.method.getJobStats, { benchmarkId: id }, { ...sharing, refetchInterval });
  return (
    <>
      <h2>
        <a href={hrefOf("/jobs", { benchmark: id })}>Jobs</a>
      </h2>
      <Loaded query={stats}>
        {(data) =>
          data.total === 0 ? (
            <p className="soft">
              It has no jobs: its evaluations were sent without the queue, or its jobs deleted.
            </p>
          ) : (
            <Shares
              title="Jobs"
              shares={[
                { name: "running", count: data.running, tone: "busy" },
                { name: "ready", count: data.pending, tone: "even" },
                { name: "scheduled", count: data.scheduled, tone: "even" },
                { name: "completed", count: data.completed, tone: "good" },
                { name: "failed", count: data.failed, tone: "bad" },
                { name: "cancelled", count: data.cancelled, tone: "warn" },
              ]}
            />
          )
        }
      </Loaded>
    </>
  );
}
