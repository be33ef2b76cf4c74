import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { JobLimit } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { useInterval } from "../../data/live.ts";
import { askAgain } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Meter } from "../../parts/Meter.tsx";
import { Scroll } from "../../parts/Scroll.tsx";
import { Time } from "../../parts/Time.tsx";
import { LimitDialog } from "./LimitDialog.tsx";

/** How many jobs of a limit key may run, and do. */
export function Limits() {
  const refetchInterval = useInterval(5_000);
  const limits = useQuery(JobService.method.listJobLimits, { pageSize: 1_000 }, { refetchInterval });
  const mayChange = useMay("admin");
  const [edited, edit] = useState<JobLimit | "new">();
  const [removed, remove] = useState<JobLimit>();
  return (
    <>
      <div className="head">
        <h2>Limits</h2>
        {mayChange && (
          <button type="button" onClick={() => edit("new")}>
            Set a limit…
          </button>
        )}
      </div>
      <Loaded query={limits}>
        {({ limits, nextPageToken }) =>
          limits.length === 0 ? (
            <p className="empty">
              No limit key has a limit. <code>ltb limit set KEY --max-running 4</code> sets one.
            </p>
          ) : (
            <Scroll label="Limits">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">Limit key</th>
                    <th scope="col">Running</th>
                    <th scope="col" className="number">
                      Started a minute
                    </th>
                    <th scope="col">Set</th>
                    {mayChange && <th scope="col">Change</th>}
                  </tr>
                </thead>
                <tbody>
                  {limits.map((limit) => (
                    <tr key={limit.limitKey}>
                      <th scope="row">
                        <Link to="/jobs" search={{ limit_key: limit.limitKey } as never}>
                          <bdi>{limit.limitKey}</bdi>
                        </Link>
                      </th>
                      <td>
                        <Running limit={limit} />
                      </td>
                      <td className="number">
                        {limit.perMinute === undefined ? "any" : `at most ${count(limit.perMinute)}`}
                      </td>
                      <td>
                        <Time at={limit.updatedAt} />
                      </td>
                      {mayChange && (
                        <td className="nowrap">
                          <button type="button" onClick={() => edit(limit)}>
                            Change…
                          </button>{" "}
                          <button type="button" className="danger" onClick={() => remove(limit)}>
                            Remove…
                          </button>
                        </td>
                      )}
                    </tr>
                  ))}
                </tbody>
              </table>
              {nextPageToken !== "" && <p className="soft">The first {count(limits.length)} are shown.</p>}
            </Scroll>
          )
        }
      </Loaded>
      {edited && (
        <LimitDialog limit={edited === "new" ? undefined : edited} onClose={() => edit(undefined)} />
      )}
      {removed && (
        <Confirm
          title="Remove a limit"
          action="Remove"
          danger
          onConfirm={() =>
            jobClient.deleteJobLimit({ limitKey: removed.limitKey }).then(() => askAgain(JobService))
          }
          onClose={() => remove(undefined)}
        >
          <p>
            Any number of jobs with limit key <bdi className="anywhere">{removed.limitKey}</bdi> may then run.
          </p>
        </Confirm>
      )}
    </>
  );
}

function Running({ limit: { running, maxRunning } }: { limit: JobLimit }) {
  if (maxRunning === undefined) return <>{count(running)} of any number</>;
  const words = `${count(running)} of ${count(maxRunning)}`;
  return (
    <span className="gauge">
      <Meter share={maxRunning === 0 ? 1 : running / maxRunning} label={`${words} running`} />
      <span>
        {words}
        {maxRunning === 0 && <span className="text-warn">: none starts</span>}
      </span>
    </span>
  );
}
