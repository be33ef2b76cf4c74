import { useQuery } from "@connectrpc/connect-query";
import { Link, useParams } from "@tanstack/react-router";
import { JobStatus } from "../../../../../gen/ltb/v1/job_pb.ts";
import type { Worker } from "../../../../../gen/ltb/v1/worker_pb.ts";
import { WorkerService } from "../../../../../gen/ltb/v1/worker_service_pb.ts";
import { hrefOf } from "../../../data/links.ts";
import { useInterval } from "../../../data/live.ts";
import { useVisited } from "../../../data/visited.ts";
import { CopyAs } from "../../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../../parts/copy-as/words.ts";
import { Facts } from "../../../parts/Facts.tsx";
import { count, percent } from "../../../parts/format.ts";
import { Loaded } from "../../../parts/Loaded.tsx";
import { HealthState, WorkerState } from "../../../parts/Status.tsx";
import { Tags } from "../../../parts/Tags.tsx";
import { Time } from "../../../parts/Time.tsx";
import { JsonSection } from "../../../parts/texts/JsonSection.tsx";
import { useTitle } from "../../../parts/useTitle.ts";
import { ShortJobs } from "../../jobs/ShortJobs.tsx";
import { Failed, Load } from "../columns.tsx";
import { Actions } from "./Actions.tsx";

/** One worker: how it fares, what it runs now, and what it ran last. */
export function Page() {
  const { id = "" } = useParams({ strict: false });
  useTitle(id);
  const refetchInterval = useInterval(5_000);
  const asked = useQuery(WorkerService.method.getWorker, { workerId: id }, { refetchInterval });
  useVisited("worker", asked.data?.worker?.workerId, hrefOf(`/workers/${encodeURIComponent(id)}`));
  return (
    <>
      <p className="soft">
        <Link to="/workers" activeOptions={{ exact: true }}>
          Workers
        </Link>
      </p>
      <div className="head">
        <h1>
          <bdi>{id}</bdi>
        </h1>
        <CopyAs
          method={WorkerService.method.getWorker}
          request={{ workerId: id }}
          ltb={ltbWords("worker show", {}, [id])}
        />
      </div>
      <Loaded query={asked}>{({ worker }) => worker && <Shown worker={worker} />}</Loaded>
      <h2>Runs now</h2>
      <ShortJobs filters={{ workerId: id, status: JobStatus.RUNNING }} most={50} none="It runs no job." />
      <h2>Failed last</h2>
      <ShortJobs
        filters={{ workerId: id, status: JobStatus.FAILED }}
        most={10}
        none="None of its jobs failed."
      />
      <h2>Latest jobs</h2>
      <ShortJobs filters={{ workerId: id }} most={20} none="It was given no job that is still stored." />
      <p>
        <Link to="/jobs" search={{ worker: id } as never}>
          All its jobs
        </Link>
      </p>
    </>
  );
}

function Shown({ worker }: { worker: Worker }) {
  const { jobTypes, tags, metadata } = worker;
  return (
    <>
      <Actions worker={worker} />
      <Facts
        rows={[
          ["Status", <WorkerState key="status" status={worker.status} />],
          ["Drained", worker.drainReason && <bdi>{worker.drainReason}</bdi>],
          ["Health", <HealthState key="health" status={worker.health} />],
          ["Last heard", <Time key="heard" at={worker.lastHeartbeat} />],
          ["Load", <Load key="load" worker={worker} />],
          ["Completed", count(worker.completedTasks)],
          ["Failed", <Failed key="failed" worker={worker} />],
          ["CPU", worker.cpu !== undefined && percent(worker.cpu)],
          ["Memory", worker.memory !== undefined && percent(worker.memory)],
          ["Version", <bdi key="version">{worker.version}</bdi>],
          ["Types", jobTypes.length === 0 ? "every type" : <Tags tags={jobTypes} />],
          ["Tags", tags.length > 0 && <Tags tags={tags} />],
          ["Address", worker.address && <bdi>{worker.address}</bdi>],
          ["Registered", <Time key="registered" at={worker.registeredAt} />],
        ]}
      />
      <JsonSection title="Metadata" text={JSON.stringify(metadata ?? {})} />
    </>
  );
}
