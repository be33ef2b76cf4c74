import { useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { JobField, type JobPause } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { useInterval } from "../../data/live.ts";
import { askAgain } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Scroll } from "../../parts/Scroll.tsx";
import { Time } from "../../parts/Time.tsx";
import { UserName } from "../../parts/UserName.tsx";
import { Suggested } from "./Suggested.tsx";

/** What is paused, since when and by whom. */
export function Pauses() {
  const refetchInterval = useInterval(5_000);
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
            <Scroll label="Pauses">
              <table className="table">
                <thead>
                  <tr>
                    {["Type", "Limit key", "Since", "By"].map((name) => (
                      <th key={name} scope="col">
                        {name}
                      </th>
                    ))}
                    {mayChange && <th scope="col">Change</th>}
                  </tr>
                </thead>
                <tbody>
                  {pauses.map((pause) => (
                    <tr key={JSON.stringify([pause.jobType, pause.limitKey])}>
                      <td>{pause.jobType ? <bdi className="anywhere">{pause.jobType}</bdi> : "any"}</td>
                      <td>{pause.limitKey ? <bdi className="anywhere">{pause.limitKey}</bdi> : "any"}</td>
                      <td>
                        <Time at={pause.createdAt} />
                      </td>
                      <td>{pause.createdBy ? <UserName id={pause.createdBy} /> : "–"}</td>
                      {mayChange && (
                        <td>
                          <button type="button" onClick={() => resume(pause)}>
                            Resume…
                          </button>
                        </td>
                      )}
                    </tr>
                  ))}
                </tbody>
              </table>
              {nextPageToken !== "" && <p className="soft">The first {count(pauses.length)} are shown.</p>}
            </Scroll>
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

function PauseDialog({ onClose }: { onClose: () => void }) {
  const [jobType, setType] = useState("");
  const [limitKey, setKey] = useState("");
  const pause = () => jobClient.pauseJobs({ jobType, limitKey }).then(() => askAgain(JobService));
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
        <p className="soft">
          No such job starts until it is resumed, those created later neither. Those that run go on. With
          both, only jobs that have both are paused.
        </p>
      </div>
    </Confirm>
  );
}
