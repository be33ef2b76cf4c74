import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { type Job, JobStatus } from "../../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../../gen/ltb/v1/job_service_pb.ts";
import { JsonFormat } from "../../../../../gen/ltb/v1/json_pb.ts";
import { WorkerService } from "../../../../../gen/ltb/v1/worker_service_pb.ts";
import { jobClient } from "../../../data/clients.ts";
import { hrefOf } from "../../../data/links.ts";
import { useInterval, useStream } from "../../../data/live.ts";
import { useVisited } from "../../../data/visited.ts";
import { BenchmarkLink } from "../../../parts/BenchmarkLink.tsx";
import { CopyAs } from "../../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../../parts/copy-as/words.ts";
import { Facts } from "../../../parts/Facts.tsx";
import { count, lasting, percent } from "../../../parts/format.ts";
import { Loaded } from "../../../parts/Loaded.tsx";
import { Meter } from "../../../parts/Meter.tsx";
import { JobState } from "../../../parts/Status.tsx";
import { Tags } from "../../../parts/Tags.tsx";
import { Time } from "../../../parts/Time.tsx";
import { JsonSection } from "../../../parts/texts/JsonSection.tsx";
import { Text } from "../../../parts/texts/Text.tsx";
import { UserName } from "../../../parts/UserName.tsx";
import { useTitle } from "../../../parts/useTitle.ts";
import { attemptsOf } from "../times.ts";
import { Actions } from "./Actions.tsx";
import { Timeline } from "./Timeline.tsx";
import { Why } from "./Why.tsx";

/** One job: its state, what it went through, and what it holds. */
export function Page() {
  const { id = "" } = useParams({ strict: false });
  const asked = useQuery(JobService.method.getJob, { id, jsonFormat: JsonFormat.TEXT });
  const timer = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const { refetch } = asked;
  const askSoon = () => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      void refetch();
    }, 300);
  };
  useStream(asked.data ? id : null, {
    open: (afterCursor, signal) =>
      jobClient.watchJobs({ ids: [id], ...(afterCursor && { afterCursor }) }, { timeoutMs: 0, signal }),
    cursorOf: ({ cursor }) => cursor,
    onEvent: ({ job, deleted }) => {
      if (deleted || (job && !isKnown(job, asked.data?.job))) askSoon();
    },
    onGap: askSoon,
  });
  useTitle(asked.data?.job?.jobType ?? "Job");
  useVisited("job", asked.data?.job?.jobType, hrefOf(`/jobs/${id}`));
  return (
    <>
      {!asked.data && <h1>Job</h1>}
      <Loaded query={asked}>{({ job }) => job && <Shown job={job} />}</Loaded>
    </>
  );
}

const isKnown = (job: Job, known: Job | undefined): boolean =>
  known?.updatedAt?.seconds === job.updatedAt?.seconds && known?.updatedAt?.nanos === job.updatedAt?.nanos;

function Shown({ job }: { job: Job }) {
  return (
    <>
      <p className="soft">
        <Link to="/jobs" activeOptions={{ exact: true }}>
          Jobs
        </Link>{" "}
        / <code>{job.id}</code>
      </p>
      <div className="head">
        <h1>
          <bdi>{job.jobType}</bdi> <JobState status={job.status} />
        </h1>
        <div className="actions">
          <CopyAs
            method={JobService.method.getJob}
            request={{ id: job.id }}
            ltb={ltbWords("job show", {}, [job.id])}
          />
          <Actions job={job} />
        </div>
      </div>
      {job.status === JobStatus.RUNNING && <Running job={job} />}
      {job.status === JobStatus.PENDING && (
        <>
          <h2>Why is it not running?</h2>
          <Why job={job} />
        </>
      )}
      {job.error !== "" && (
        <>
          <h2>{job.status === JobStatus.CANCELLED ? "Reason" : "Last error"}</h2>
          <Text text={job.error} label="Error" />
        </>
      )}
      <h2>Attempts</h2>
      <Timeline job={job} />
      <h2>Facts</h2>
      <Facts rows={factsOf(job)} />
      <p>
        <a href={hrefOf("/audit", { entity: "job", id: job.id })}>Changes of this job</a>
      </p>
      <JsonSection title="Payload" text={job.payloadJson} />
      <JsonSection title="Result" text={job.resultJson} />
      <JsonSection title="Metadata" text={job.metadataJson} />
    </>
  );
}

function FairKey({ job: { fairKey, fairWeight } }: { job: Job }) {
  return (
    <>
      <bdi>{fairKey}</bdi>
      {fairWeight !== 1 && `, weight ${fairWeight}`}
    </>
  );
}

function factsOf(job: Job): (readonly [string, React.ReactNode])[] {
  const { benchmarkId, limitKey } = job;
  return [
    ["Priority", job.priority],
    ["Attempts", attemptsOf(job)],
    ["Put off", job.snoozeCount > 0 && `${count(job.snoozeCount)} of ${count(job.maxSnoozes)} times`],
    ["Timeout", job.timeoutSeconds === 0 ? "none" : `${lasting(job.timeoutSeconds * 1000)} an attempt`],
    ["Tags", job.requiredTags.length > 0 && <Tags key="tags" tags={job.requiredTags} />],
    [
      "Limit key",
      limitKey && (
        <Link to="/jobs" search={{ limit_key: limitKey } as never}>
          <bdi>{limitKey}</bdi>
        </Link>
      ),
    ],
    ["Fair key", job.fairKey && <FairKey key="fair" job={job} />],
    ["Unique key", job.uniqueKey && <bdi>{job.uniqueKey}</bdi>],
    ["Benchmark", benchmarkId && <BenchmarkLink id={benchmarkId}>{benchmarkId}</BenchmarkLink>],
    ["Created", <Time key="created" at={job.createdAt} />],
    ["Created by", job.createdBy && <UserName id={job.createdBy} />],
    ["Runs after", job.dependsOn.length > 0 && <Dependencies key="dependencies" ids={job.dependsOn} />],
    ["Due", job.runAt && <Time at={job.runAt} />],
    ["Start by", job.startBy && <Time at={job.startBy} />],
    ["Ended", job.completedAt && <Time at={job.completedAt} />],
    ["Changed", <Time key="updated" at={job.updatedAt} />],
  ].map(([name, value]) => [name as string, value === false ? undefined : value] as const);
}

const dependenciesShown = 10;

/** Leads to the jobs that a job runs after, as far as these are few. */
function Dependencies({ ids }: { ids: readonly string[] }) {
  const more = ids.length - dependenciesShown;
  return (
    <>
      {ids.slice(0, dependenciesShown).map((id) => (
        <div key={id}>
          <Link to="/jobs/$id" params={{ id }} className="nowrap">
            {id}
          </Link>
        </div>
      ))}
      {more > 0 && `and ${count(more)} more`}
    </>
  );
}

/** The lease of a running job: who holds it, whether that was heard of, and until when. */
function Running({ job }: { job: Job }) {
  const { assignedWorkerId: workerId, startedAt, timeoutSeconds } = job;
  const refetchInterval = useInterval(5_000);
  const holder = useQuery(WorkerService.method.getWorker, { workerId }, { refetchInterval });
  const worker = holder.data?.worker;
  const ends =
    startedAt && timeoutSeconds > 0 && timestampFromMs(timestampMs(startedAt) + timeoutSeconds * 1000);
  return (
    <>
      <h2>Lease</h2>
      <p className="gauge wide">
        <Meter share={job.progress} label={`${percent(job.progress)} done`} />
        <span>
          {percent(job.progress)} <bdi className="soft">{job.progressMessage}</bdi>
        </span>
      </p>
      <Facts
        rows={[
          [
            "Held by",
            <Link key="worker" to="/workers/$id" params={{ id: workerId }}>
              <bdi>{workerId}</bdi>
            </Link>,
          ],
          ["Epoch", count(job.epoch)],
          ["Since", <Time key="since" at={startedAt} />],
          ["Worker last heard", worker && <Time at={worker.lastHeartbeat} />],
          ["Attempt fails", ends && <Time at={ends} />],
        ]}
      />
    </>
  );
}
