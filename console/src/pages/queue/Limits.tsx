import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { JobLimit } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { askAgain } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Meter } from "../../parts/Meter.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Time } from "../../parts/Time.tsx";
import { LimitDialog } from "./LimitDialog.tsx";

const columns: readonly TableColumn<JobLimit>[] = [
  {
    title: "Limit key",
    isName: true,
    cell: ({ limitKey }) => (
      <Link to="/jobs" search={{ limit_key: limitKey } as never}>
        <bdi>{limitKey}</bdi>
      </Link>
    ),
  },
  { title: "Running", cell: (limit) => <Running limit={limit} /> },
  {
    title: "Started a minute",
    number: true,
    cell: ({ perMinute, startedLastMinute }) => inMinute(startedLastMinute, perMinute),
  },
  {
    title: "Tokens a minute",
    number: true,
    cell: ({ tokensPerMinute, tokensLastMinute }) => inMinute(Number(tokensLastMinute), tokensPerMinute),
  },
  { title: "Set", cell: ({ updatedAt }) => <Time at={updatedAt} /> },
];

/** What counts of the last minute, of so many at most. */
function inMinute(counted: number, most: number | undefined): string {
  return most === undefined ? "any" : `${count(counted)} of ${count(most)}`;
}

type Take = (limit: JobLimit) => void;

const changeBy = (onChange: Take, onRemove: Take): TableColumn<JobLimit> => ({
  title: "Change",
  cell: (limit) => (
    <span className="nowrap">
      <button type="button" onClick={() => onChange(limit)}>
        Change…
      </button>{" "}
      <button type="button" className="danger" onClick={() => onRemove(limit)}>
        Remove…
      </button>
    </span>
  ),
});

/** How many jobs of a limit key may run, and do. */
export function Limits() {
  const refetchInterval = useSlowingInterval(5_000);
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
            <>
              <Table
                label="Limits"
                columns={mayChange ? [...columns, changeBy(edit, remove)] : columns}
                rows={limits}
                keyOf={({ limitKey }) => limitKey}
              />
              {nextPageToken !== "" && <p className="soft">The first {count(limits.length)} are shown.</p>}
            </>
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
