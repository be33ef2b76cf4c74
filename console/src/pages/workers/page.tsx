import { useQuery } from "@connectrpc/connect-query";
import { type Worker, WorkerStatus } from "../../../../gen/ltb/v1/worker_pb.ts";
import { WorkerService } from "../../../../gen/ltb/v1/worker_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { sharing } from "../../data/transport.ts";
import { usePages } from "../../data/usePages.ts";
import { all, one, useSearchState } from "../../data/useSearchState.ts";
import { Card } from "../../parts/Card.tsx";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";
import { count, lasting, percent } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { HealthState } from "../../parts/Status.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { VirtualTable } from "../../parts/VirtualTable.tsx";
import { workerColumns } from "./columns.tsx";
import { RemoveSilent } from "./RemoveSilent.tsx";

const statuses: Record<string, WorkerStatus> = {
  idle: WorkerStatus.IDLE,
  busy: WorkerStatus.BUSY,
  draining: WorkerStatus.DRAINING,
  offline: WorkerStatus.OFFLINE,
};

/** Who runs jobs, and how they fare. */
export function Page() {
  useTitle("Workers");
  const [search] = useSearchState();
  const asked = {
    status: statuses[one(search.status)] ?? WorkerStatus.UNSPECIFIED,
    tags: all(search.tag),
    pageSize: 200,
  };
  const { query, rows, onEnd, total } = usePages(WorkerService.method.listWorkers, "workers", asked, {
    every: 5_000,
  });
  return (
    <>
      <div className="head">
        <h1>Workers</h1>
        <CopyAs
          method={WorkerService.method.listWorkers}
          request={asked}
          ltb={ltbWords("worker list", { status: asked.status > 0 && one(search.status), tag: asked.tags })}
        />
      </div>
      <Cluster />
      <search className="filters">
        <ChoiceFilter
          name="status"
          label="Status"
          options={[["", "any"], ...Object.keys(statuses).map((word) => [word, word] as const)]}
        />
        <TextFilter name="tag" label="Tag" />
      </search>
      <Loaded query={query}>
        {() => (
          <>
            <Versions workers={rows} />
            <VirtualTable
              label="Workers"
              columns={workerColumns}
              rows={rows}
              keyOf={({ workerId }) => workerId}
              total={total}
              onEnd={onEnd}
              empty={
                <>
                  No worker is here. <code>ltb worker run --exec COMMAND</code> starts one.
                </>
              }
            />
          </>
        )}
      </Loaded>
    </>
  );
}

function Cluster() {
  const refetchInterval = useInterval(2_000);
  const cluster = useQuery(WorkerService.method.getClusterStats, {}, { ...sharing, refetchInterval });
  return (
    <Loaded query={cluster}>
      {(data) => (
        <>
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
              title="Busy"
              value={count(data.busyWorkers)}
              note={`${count(data.idleWorkers)} idle, ${count(data.drainingWorkers)} draining`}
            />
            <Card
              title="Offline"
              value={count(data.offlineWorkers)}
              note={`${count(data.degradedWorkers)} silent for 10 s`}
            />
            <Card
              title="Completed"
              value={count(data.completedLastMinute)}
              note={`in the last minute${data.averageDuration ? `, ${lasting(data.averageDuration)} each` : ""}`}
            />
          </div>
          <RemoveSilent offline={data.offlineWorkers} />
        </>
      )}
    </Loaded>
  );
}

/** How many workers have which version, where they differ: how far a new one has come. */
function Versions({ workers }: { workers: readonly Worker[] }) {
  const counts = Map.groupBy(workers, ({ version }) => version || "none stated");
  if (counts.size < 2) return null;
  const words = [...counts]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .slice(0, 8)
    .map(([version, group]) => `${version} (${count(group.length)})`);
  return (
    <p className="soft">
      Versions: <bdi>{words.join(", ")}</bdi>
    </p>
  );
}
