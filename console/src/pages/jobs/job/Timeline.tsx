import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Link } from "@tanstack/react-router";
import {
  type Job,
  type JobAttempt,
  JobAttemptOutcome,
  JobAttemptOutcomeSchema,
} from "../../../../../gen/ltb/v1/job_pb.ts";
import { cutText } from "../../../../../src/text.ts";
import { lasting } from "../../../parts/format.ts";
import { Status, type Tone, wordOf } from "../../../parts/Status.tsx";
import { Table, type TableColumn } from "../../../parts/Table.tsx";
import { Time, useNow } from "../../../parts/Time.tsx";
import { rangeOf, type Stretch, stretchesOf } from "./timeline.ts";

const tones: Readonly<Record<JobAttemptOutcome, Tone>> = {
  [JobAttemptOutcome.UNSPECIFIED]: "busy",
  [JobAttemptOutcome.COMPLETED]: "good",
  [JobAttemptOutcome.FAILED]: "bad",
  [JobAttemptOutcome.EXPIRED]: "bad",
  [JobAttemptOutcome.TIMED_OUT]: "bad",
  [JobAttemptOutcome.RELEASED]: "warn",
  [JobAttemptOutcome.CANCELLED]: "even",
  [JobAttemptOutcome.SNOOZED]: "even",
};

const waits: Record<Stretch["wait"], string> = {
  first: "",
  scheduled: "until due",
  backoff: "pause after the failure",
  snoozed: "after its worker put it off",
  returned: "after it was given back",
  "by hand": "until it was retried by hand",
};

/** What a job went through: each attempt as a bar on one scale of time, with the wait before it. */
export function Timeline({ job }: { job: Job }) {
  const now = useNow();
  const stretches = stretchesOf(job);
  if (stretches.length === 0) return <p className="soft">It ended before its first attempt.</p>;
  const [low, high] = rangeOf(stretches, now);
  const part = (from: number, to: number) => ({
    left: `${((from - low) / (high - low)) * 100}%`,
    width: `${(Math.max(to - from, 0) / (high - low)) * 100}%`,
  });
  const columns: readonly TableColumn<Stretch>[] = [
    { title: "Attempt", isName: true, cell: ({ attempt }) => attempt?.attempt ?? "next" },
    {
      title: "Waited",
      cell: ({ waitFrom, from = now, wait }) => (
        <>
          <span className="nowrap">{lasting(Math.max(0, from - waitFrom))}</span>{" "}
          <span className="soft">{waits[wait]}</span>
        </>
      ),
    },
    {
      title: "Began",
      cell: ({ from }) =>
        from === undefined ? <NotYet job={job} now={now} /> : <Time at={timestampFromMs(from)} />,
    },
    {
      title: "Ran",
      cell: ({ from, to = now }) =>
        from !== undefined && <span className="nowrap">{lasting(Math.max(0, to - from))}</span>,
    },
    {
      title: `From creation to ${stretches.at(-1)?.to === undefined ? "now" : "the end"}`,
      cell: ({ attempt, waitFrom, from, to = now }) => (
        <span className="track">
          <span className="wait" style={part(waitFrom, from ?? now)} />
          {from !== undefined && (
            <span className={attempt ? tones[attempt.outcome] : "even"} style={part(from, to)} />
          )}
        </span>
      ),
    },
    { title: "Outcome", cell: ({ attempt }) => attempt && <Outcome attempt={attempt} /> },
    {
      title: "Worker",
      cell: ({ attempt }) =>
        attempt && (
          <Link to="/workers/$id" params={{ id: attempt.workerId }}>
            <bdi>{attempt.workerId}</bdi>
          </Link>
        ),
    },
    { title: "Epoch", number: true, cell: ({ attempt }) => attempt?.epoch },
  ];
  return (
    <Table
      label="Attempts"
      columns={columns}
      rows={stretches}
      keyOf={({ attempt }) => String(attempt?.epoch ?? "next")}
    />
  );
}

function NotYet({ job, now }: { job: Job; now: number }) {
  const due = job.runAt && Number(job.runAt.seconds) * 1000;
  if (due === undefined || due <= now) return "–";
  return (
    <>
      due <Time at={job.runAt} />
    </>
  );
}

function Outcome({ attempt: { outcome, error } }: { attempt: JobAttempt }) {
  const word =
    outcome === JobAttemptOutcome.UNSPECIFIED ? "running" : wordOf(JobAttemptOutcomeSchema, outcome);
  return (
    <>
      <Status tone={tones[outcome] ?? "even"}>{word}</Status>
      {error && (
        <details>
          <summary className="line">
            <bdi>{cutText(error, 80)}</bdi>
          </summary>
          <pre>{error}</pre>
        </details>
      )}
    </>
  );
}
