import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { JobField, type JobPause } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { askAgain } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { SpanChoice } from "../../parts/SpanChoice.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Time } from "../../parts/Time.tsx";
import { UserName } from "../../parts/UserName.tsx";
import { Suggested } from "./Suggested.tsx";

const orAny = (words: string) => (words ? <bdi className="anywhere">{words}</bdi> : "any");

const columns: readonly TableColumn<JobPause>[] = [
  { title: "Type", cell: ({ jobType }) => orAny(jobType) },
  { title: "Limit key", cell: ({ limitKey }) => orAny(limitKey) },
  { title: "Since", cell: ({ createdAt }) => <Time at={createdAt} /> },
  { title: "Until", cell: ({ endsAt }) => (endsAt ? <Time at={endsAt} /> : "resumed") },
  { title: "By", cell: ({ createdBy }) => (createdBy ? <UserName id={createdBy} /> : "–") },
];

const changeBy = (onResume: (pause: JobPause) => void): TableColumn<JobPause> => ({
  title: "Change",
  cell: (pause) => (
    <button type="button" onClick={() => onResume(pause)}>
      Resume…
    </button>
  ),
});

/** What is paused, since when, until when and by whom. */
export function Pauses() {
  const refetchInterval = useSlowingInterval(5_000);
  const pauses = useQuery(JobService.method.listJobPauses, { pageSize: 1_000 }, { refetchInterval });
  const mayChange = useMay("admin");
  const [pausing, setPausing] = useState(false);
  const [resumed, resume] = useState<JobPause>();
  return (
    <>
      <div className="head">
        <h2>Pauses</h2>
        {mayChange && (
          <button type="button" onClick={() => setPausing(true)}>
            Pause…
          </button>
        )}
      </div>
      <Loaded query={pauses}>
        {({ pauses, nextPageToken }) =>
          pauses.length === 0 ? (
            <p className="empty">
              Nothing is paused. <code>ltb job pause --type TYPE</code> pauses a type.
            </p>
          ) : (
            <>
              <Table
                label="Pauses"
                columns={mayChange ? [...columns, changeBy(resume)] : columns}
                rows={pauses}
                keyOf={({ jobType, limitKey }) => JSON.stringify([jobType, limitKey])}
              />
              {nextPageToken !== "" && <p className="soft">The first {count(pauses.length)} are shown.</p>}
            </>
          )
        }
      </Loaded>
      {pausing && <PauseDialog onClose={() => setPausing(false)} />}
      {resumed && (
        <Confirm
          title="Resume"
          action="Resume"
          onConfirm={() =>
            jobClient
              .resumeJobs({ jobType: resumed.jobType, limitKey: resumed.limitKey })
              .then(() => askAgain(JobService))
          }
          onClose={() => resume(undefined)}
        >
          <p>
            Jobs{resumed.jobType && ` of type ${resumed.jobType}`}
            {resumed.limitKey && ` with limit key ${resumed.limitKey}`} may start again, unless another pause
            covers them.
          </p>
        </Confirm>
      )}
    </>
  );
}

const spans = [
  [0, "it is resumed"],
  [600, "10 minutes from now"],
  [3_600, "an hour from now"],
  [8 * 3_600, "8 hours from now"],
  [86_400, "a day from now"],
] as const;

function PauseDialog({ onClose }: { onClose: () => void }) {
  const [jobType, setType] = useState("");
  const [limitKey, setKey] = useState("");
  const [seconds, setSeconds] = useState(0);
  const duration = seconds === 0 ? undefined : durationFromMs(1_000 * seconds);
  const pause = () => jobClient.pauseJobs({ jobType, limitKey, duration }).then(() => askAgain(JobService));
  return (
    <Confirm
      title="Pause"
      action="Pause"
      disabled={jobType === "" && limitKey === ""}
      onConfirm={pause}
      onClose={onClose}
    >
      <div className="fields">
        <Suggested label="Type" field={JobField.JOB_TYPE} value={jobType} onChange={setType} />
        <Suggested label="Limit key" field={JobField.LIMIT_KEY} value={limitKey} onChange={setKey} />
        <SpanChoice label="Until" spans={spans} value={seconds} onChange={setSeconds} />
        <p className="soft">
          Until then no such job starts, those created later neither. Those that run go on. With both, only
          jobs that have both are paused.
        </p>
      </div>
    </Confirm>
  );
}
