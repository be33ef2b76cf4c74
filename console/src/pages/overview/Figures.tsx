import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useInterval } from "../../data/live.ts";
import { Card } from "../../parts/Card.tsx";
import { count, lasting, percent } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Meter } from "../../parts/Meter.tsx";
import { asked } from "./asked.ts";

/** Figures of the workers and of the queue. */
export function Figures() {
  const refetchInterval = useInterval(2_000);
  const cluster = useQuery({ ...asked.cluster, refetchInterval });
  const jobs = useQuery({ ...asked.jobs, refetchInterval });
  const oldest = jobs.data?.oldestPendingAge;
  return (
    <Loaded query={cluster}>
      {(data) => (
        <div className="cards six">
          <Card
            title={<Link to="/workers">Workers</Link>}
            value={count(data.totalWorkers)}
            note={
              data.totalWorkers === 0
                ? "none is registered"
                : `${count(data.busyWorkers)} busy, ${count(data.idleWorkers)} idle${
                    data.offlineWorkers > 0 ? `, ${count(data.offlineWorkers)} offline` : ""
                  }`
            }
          />
          <Card
            title="Load"
            value={percent(data.load)}
            note={
              <>
                <Meter share={data.load} label={`${percent(data.load)} of the places taken`} />{" "}
                {count(data.usedCapacity)} of {count(data.totalCapacity)} places taken
              </>
            }
          />
          <Card
            title={<ToJobs status="pending">Ready</ToJobs>}
            value={count(data.pendingJobs)}
            note={oldest && `the oldest for ${lasting(oldest)}`}
          />
          <Card
            title={<ToJobs status="running">Running</ToJobs>}
            value={count(data.runningJobs)}
            note={`${count(data.scheduledJobs)} scheduled`}
          />
          <Card
            title={<ToJobs status="completed">Completed</ToJobs>}
            value={count(data.completedLastMinute)}
            note={`in the last minute${data.averageDuration ? `, ${lasting(data.averageDuration)} each` : ""}`}
          />
          <Card
            title={<ToJobs status="failed">Failed</ToJobs>}
            value={count(data.failedJobs)}
            note="still stored"
          />
        </div>
      )}
    </Loaded>
  );
}

function ToJobs({ status, children }: { status: string; children: string }) {
  return (
    <Link to="/jobs" search={{ status } as never}>
      {children}
    </Link>
  );
}
