import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Link } from "@tanstack/react-router";
import { type Job, JobAttemptOutcome, JobAttemptOutcomeSchema } from "../../../../../gen/ltb/v1/job_pb.ts";
import { cutText } from "../../../../../src/text.ts";
import { lasting } from "../../../parts/format.ts";
import { Scroll } from "../../../parts/Scroll.tsx";
import { Status, type Tone, wordOf } from "../../../parts/Status.tsx";
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
};

const waits: Record<Stretch["wait"], string> = {
  first: "",
  scheduled: "until due",
  backoff: "pause after the failure",
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
  return (
    <Scroll label="Attempts">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Waited</th>
            <th scope="col">Began</th>
            <th scope="col">Ran</th>
            <th scope="col" className="track-column">
              From creation to {stretches.at(-1)?.to === undefined ? "now" : "the end"}
            </th>
            <th scope="col">Outcome</th>
            <th scope="col">Worker</th>
            <th scope="col" className="number">
              Epoch
            </th>
          </tr>
        </thead>
        <tbody>
          {stretches.map((stretch) => {
            const { attempt, wait, waitFrom, from, to } = stretch;
            const begun = from ?? now;
            const tone = attempt ? tones[attempt.outcome] : "even";
            return (
              <tr key={attempt?.epoch ?? "next"}>
                <th scope="row">{attempt ? attempt.attempt : "next"}</th>
                <td>
                  <span className="nowrap">{lasting(Math.max(0, begun - waitFrom))}</span>{" "}
                  <span className="soft">{waits[wait]}</span>
                </td>
                <td className="nowrap">
                  {from === undefined ? <NotYet job={job} now={now} /> : <Time at={timestampFromMs(from)} />}
                </td>
                <td className="nowrap">{from !== undefined && lasting(Math.max(0, (to ?? now) - from))}</td>
                <td className="track-column">
                  <span className="track">
                    <span className="wait" style={part(waitFrom, begun)} />
                    {from !== undefined && <span className={tone} style={part(from, to ?? now)} />}
                  </span>
                </td>
                <td>
                  {attempt && <Outcome outcome={attempt.outcome} />}
                  {attempt?.error && (
                    <details>
                      <summary className="line">
                        <bdi>{cutText(attempt.error, 80)}</bdi>
                      </summary>
                      <pre>{attempt.error}</pre>
                    </details>
                  )}
                </td>
                <td>
                  {attempt && (
                    <Link to="/workers/$id" params={{ id: attempt.workerId }}>
                      <bdi>{attempt.workerId}</bdi>
                    </Link>
                  )}
                </td>
                <td className="number">{attempt?.epoch}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
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

function Outcome({ outcome }: { outcome: JobAttemptOutcome }) {
  const word =
    outcome === JobAttemptOutcome.UNSPECIFIED ? "running" : wordOf(JobAttemptOutcomeSchema, outcome);
  return <Status tone={tones[outcome] ?? "even"}>{word}</Status>;
}
