import { useQuery } from "@connectrpc/connect-query";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../../../gen/ltb/v1/worker_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { Card } from "../../parts/Card.tsx";
import { count, lasting, percent } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { HealthState } from "../../parts/Status.tsx";
import { useTitle } from "../../parts/useTitle.ts";

/** What runs now. */
export function Page() {
  useTitle("Overview");
  const refetchInterval = useInterval(2_000);
  const cluster = useQuery(WorkerService.method.getClusterStats, {}, { refetchInterval });
  const jobs = useQuery(JobService.method.getJobStats, {}, { refetchInterval });
  return (
    <>
      <h1>Overview</h1>
      <Loaded query={cluster}>
        {(data) => (
          <div className="cards">
            <Card
              title="Workers"
              value={count(data.totalWorkers)}
              note={data.totalWorkers === 0 ? "none is registered" : <HealthState status={data.health} />}
            />
            <Card
              title="Load"
              value={percent(data.load)}
              note={`${count(data.usedCapacity)} of ${count(data.totalCapacity)} places taken`}
            />
            <Card
              title="Completed in the last minute"
              value={count(data.completedLastMinute)}
              note={data.averageDuration && `${lasting(data.averageDuration)} each`}
            />
          </div>
        )}
      </Loaded>
      <h2>Queue</h2>
      <Loaded query={jobs}>
        {(data) => (
          <div className="cards">
            <Card
              title="Ready"
              value={count(data.pending)}
              note={data.oldestPendingAge && `the oldest for ${lasting(data.oldestPendingAge)}`}
            />
            <Card title="Running" value={count(data.running)} />
            <Card title="Scheduled" value={count(data.scheduled)} />
            <Card title="Failed" value={count(data.failed)} />
          </div>
        )}
      </Loaded>
    </>
  );
}
