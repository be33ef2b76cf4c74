import { Link } from "@tanstack/react-router";
import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { cutText } from "../../../../src/text.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { percent } from "../../parts/format.ts";
import { Lasted } from "../../parts/Lasted.tsx";
import { Meter } from "../../parts/Meter.tsx";
import { ShortId } from "../../parts/ShortId.tsx";
import { JobState, Status } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import type { Column } from "../../parts/VirtualTable.tsx";
import type { JobRow } from "./live.ts";
import { attemptsOf, dueAt, runOf, waitOf } from "./times.ts";

const jobColumns: readonly Column<JobRow>[] = [
  {
    title: "State",
    width: "6.4rem",
    cell: ({ job, deleted }) => {
      if (deleted) return <Status tone="even">deleted</Status>;
      if (job.waitsFor > 0) return <Status tone="even">waiting</Status>;
      return dueAt(job, Date.now()) === undefined ? (
        <JobState status={job.status} />
      ) : (
        <Status tone="even">scheduled</Status>
      );
    },
  },
  {
    title: "Job",
    isName: true,
    width: "minmax(8.4rem, 2fr)",
    cell: ({ job }) => (
      <Link to="/jobs/$id" params={{ id: job.id }} title={job.jobType} className="job-name">
        <bdi className="line">{job.jobType}</bdi> <ShortId id={job.id} />
      </Link>
    ),
  },
  { title: "Priority", width: "4.6rem", number: true, cell: ({ job }) => job.priority },
  {
    title: "Progress",
    width: "minmax(6.6rem, 1.6fr)",
    cell: ({ job }) => <Progress job={job} />,
  },
  { title: "Attempts", width: "5.4rem", number: true, cell: ({ job }) => attemptsOf(job) },
  {
    title: "Worker",
    width: "minmax(5rem, 1fr)",
    cell: ({ job: { assignedWorkerId: id } }) =>
      id && (
        <Link to="/workers/$id" params={{ id }} title={id} className="line">
          <bdi>{id}</bdi>
        </Link>
      ),
  },
  {
    title: "Benchmark",
    width: "6.3rem",
    cell: ({ job: { benchmarkId: id } }) => id && <BenchmarkLink id={id} />,
  },
  {
    title: "Limit key",
    width: "minmax(5rem, 1fr)",
    cell: ({ job: { limitKey } }) =>
      limitKey && (
        <bdi className="line" title={limitKey}>
          {limitKey}
        </bdi>
      ),
  },
  { title: "Waited", width: "5.4rem", number: true, cell: ({ job }) => <Waited job={job} /> },
  { title: "Ran", width: "4.1rem", number: true, cell: ({ job }) => <Ran job={job} /> },
  { title: "Created", width: "6.1rem", number: true, cell: ({ job }) => <Time at={job.createdAt} /> },
];

/** The columns without those in which no row has anything. */
export function columnsFor(rows: readonly JobRow[]): readonly Column<JobRow>[] {
  const benchmark = rows.some(({ job }) => job.benchmarkId !== "");
  const limitKey = rows.some(({ job }) => job.limitKey !== "");
  const priority = rows.some(({ job }) => job.priority !== 0);
  const told: Record<string, boolean> = { Benchmark: benchmark, "Limit key": limitKey, Priority: priority };
  return jobColumns.filter(({ title }) => told[title] ?? true);
}

type Of = { job: JobRow["job"] };

/** How far a running job is, and what it says; why another has ended. */
function Progress({ job }: Of) {
  if (job.status !== JobStatus.RUNNING && job.error !== "")
    return (
      <span
        className={job.status === JobStatus.FAILED ? "text-bad line" : "soft line"}
        title={cutText(job.error, 1_000)}
      >
        <bdi>{firstLine(job.error)}</bdi>
      </span>
    );
  if (job.status !== JobStatus.RUNNING) return null;
  return (
    <span className="gauge">
      <Meter share={job.progress} label={`${percent(job.progress)} done`} />
      <span className="soft line" title={job.progressMessage}>
        <bdi>{job.progressMessage || percent(job.progress)}</bdi>
      </span>
    </span>
  );
}

/** The first line of a text, or as much of it as a row can show. */
export function firstLine(text: string): string {
  return (cutText(text, 400).split("\n", 1)[0] ?? "").trim();
}

function Waited({ job }: Of) {
  const due = dueAt(job, Date.now());
  if (due !== undefined) return <Time at={job.runAt} />;
  const span = waitOf(job);
  return span && <Lasted {...span} />;
}

function Ran({ job }: Of) {
  const span = runOf(job);
  return span && <Lasted {...span} />;
}
