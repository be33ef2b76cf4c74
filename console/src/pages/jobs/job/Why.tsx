import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { type Job, JobOrder, JobStatus } from "../../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../../../../gen/ltb/v1/worker_service_pb.ts";
import { useSlowingInterval } from "../../../data/live.ts";
import { ErrorBox } from "../../../parts/ErrorBox.tsx";
import { count } from "../../../parts/format.ts";
import { Time, useNow } from "../../../parts/Time.tsx";
import { UserName } from "../../../parts/UserName.tsx";
import { type Hindrance, hindrances } from "./why.ts";

const lineSize = 200;

/** Answers why a pending job is not running, as of now. */
export function Why({ job }: { job: Job }) {
  const now = useNow();
  const refetchInterval = useSlowingInterval(5_000);
  const { jobType, limitKey } = job;
  const { listJobs, listJobLanes, listJobLimits, listJobPauses } = JobService.method;
  const workers = useQuery(WorkerService.method.listWorkers, { pageSize: 1_000 }, { refetchInterval });
  const limits = useQuery(listJobLimits, { pageSize: 1_000 }, { refetchInterval, enabled: limitKey !== "" });
  const pauses = useQuery(listJobPauses, { pageSize: 1_000 }, { refetchInterval });
  const lanes = useQuery(listJobLanes, { jobType, limitKey, pageSize: 100 }, { refetchInterval });
  const line = useQuery(
    listJobs,
    { status: JobStatus.PENDING, jobType, orderBy: JobOrder.PRIORITY, pageSize: lineSize },
    { refetchInterval },
  );
  const failed = [workers, pauses, lanes, line].find(({ error }) => error !== null);
  if (failed) return <ErrorBox error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!workers.data || !pauses.data || !lanes.data || !line.data)
    return (
      <p role="status" className="soft">
        Loading…
      </p>
    );
  const found = hindrances(job, {
    now,
    workers: workers.data.workers,
    limits: limits.data?.limits ?? [],
    pauses: pauses.data.pauses,
    lanes: lanes.data.lanes,
    line: line.data.jobs,
    lineGoesOn: line.data.nextPageToken !== "",
  });
  return (
    <ul className="reasons">
      {found.map((hindrance, index) => (
        <li key={index}>
          <Reason hindrance={hindrance} jobType={jobType} />
        </li>
      ))}
      {found.length === 0 && <li>Nothing holds it up: the next worker that asks is given it.</li>}
    </ul>
  );
}

const befores = {
  nothing: "It is due",
  failure: "It pauses after a failure, and is due",
  snooze: "Its worker put it off, and it is due",
};

function Reason({ hindrance, jobType }: { hindrance: Hindrance; jobType: string }) {
  switch (hindrance.kind) {
    case "dependencies":
      return (
        <>
          It waits for {count(hindrance.left)} of the {count(hindrance.of)} jobs that it runs after
        </>
      );
    case "due":
      return (
        <>
          {befores[hindrance.after ?? "nothing"]} <Time at={timestampFromMs(hindrance.at)} />
        </>
      );
    case "paused": {
      const { pause } = hindrance;
      return (
        <>
          Paused <Time at={pause.createdAt} />
          {pause.createdBy !== "" && (
            <>
              {" "}
              by <UserName id={pause.createdBy} />
            </>
          )}
          {pause.endsAt && (
            <>
              {", ends "}
              <Time at={pause.endsAt} />
            </>
          )}
          :{" "}
          <Link to="/queue">
            {pause.jobType !== "" && (
              <>
                type <bdi>{pause.jobType}</bdi>
              </>
            )}{" "}
            {pause.limitKey !== "" && (
              <>
                limit key <bdi>{pause.limitKey}</bdi>
              </>
            )}
          </Link>
        </>
      );
    }
    case "limit":
      return (
        <>
          <Limit limit={hindrance.limit} /> <Link to="/queue">Queue</Link>
        </>
      );
    case "nobody":
      return <Nobody nearest={hindrance.nearest} />;
    case "full":
      return (
        <>
          {hindrance.workers === 1 ? "The one worker" : `All ${count(hindrance.workers)} workers`} that can
          run it {hindrance.workers === 1 ? "is" : "are"} full: {count(hindrance.used)} of{" "}
          {count(hindrance.capacity)} places taken.
        </>
      );
    case "behind":
      return (
        <>
          {count(hindrance.ahead)}
          {hindrance.more && " or more"} {hindrance.ahead === 1 ? "job" : "jobs"} of its type{" "}
          {hindrance.ahead === 1 ? "is" : "are"} ahead of it.{" "}
          <Link to="/jobs" search={{ status: "pending", type: jobType, order: "priority" } as never}>
            The line
          </Link>
        </>
      );
  }
}

function Limit({ limit }: { limit: Extract<Hindrance, { kind: "limit" }>["limit"] }) {
  if (!limit) return "The limit of its limit key lets no further job start.";
  const { maxRunning, perMinute, running, startedLastMinute, tokensPerMinute, moreAt } = limit;
  const key = <bdi>{limit.limitKey}</bdi>;
  if (maxRunning !== undefined && running >= maxRunning)
    return (
      <>
        Its limit {key} is reached: {count(running)}/{count(maxRunning)} running.
      </>
    );
  const isStarted =
    tokensPerMinute === undefined || (perMinute !== undefined && startedLastMinute >= perMinute);
  const counted = isStarted
    ? `${count(startedLastMinute)} started`
    : `${count(Number(limit.tokensLastMinute))} of ${count(tokensPerMinute)} tokens`;
  return (
    <>
      Its limit {key} is reached: {counted} within the last minute.
      {moreAt && (
        <>
          {" "}
          More may start <Time at={moreAt} />.
        </>
      )}
    </>
  );
}

function Nobody({ nearest }: Pick<Extract<Hindrance, { kind: "nobody" }>, "nearest">) {
  if (!nearest) return "No worker is registered.";
  const { worker, lacks } = nearest;
  return (
    <>
      No worker can run it. The nearest,{" "}
      <Link to="/workers/$id" params={{ id: worker.workerId }}>
        <bdi>{worker.workerId}</bdi>
      </Link>
      , <bdi>{lacks.words}</bdi>.
    </>
  );
}
