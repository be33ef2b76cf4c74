import { useQuery } from "@connectrpc/connect-query";
import { useRef, useState } from "react";
import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { askAgain } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { NumberField } from "./NumberField.tsx";

const ended = [
  ["completed", JobStatus.COMPLETED],
  ["failed", JobStatus.FAILED],
  ["cancelled", JobStatus.CANCELLED],
] as const;

type Ended = (typeof ended)[number][0];

/** Deletes jobs that ended long ago, and says afterwards how many they were. */
export function Cleanup() {
  const [isOpen, setOpen] = useState(false);
  const [account, setAccount] = useState<string>();
  if (!useMay("admin")) return null;
  return (
    <>
      <div className="head">
        <h2>Cleanup</h2>
        <button type="button" className="danger" onClick={() => setOpen(true)}>
          Delete old jobs…
        </button>
      </div>
      {account === undefined ? (
        <p className="soft small">
          Jobs that ended are kept until they are deleted here, by <code>ltb cleanup</code> or by{" "}
          <code>LTB_RETENTION_JOBS_DAYS</code>.
        </p>
      ) : (
        <p role="status" className="notice">
          {account}
        </p>
      )}
      {isOpen && <CleanupDialog onDone={setAccount} onClose={() => setOpen(false)} />}
    </>
  );
}

interface Props {
  onDone: (account: string) => void;
  onClose: () => void;
}

function CleanupDialog({ onDone, onClose }: Props) {
  const stats = useQuery(JobService.method.getJobStats, {}, { staleTime: 0 });
  const [days, setDays] = useState("30");
  const [chosen, choose] = useState<ReadonlySet<Ended>>(new Set(["completed"]));
  const [deleted, setDeleted] = useState<number>();
  const stopped = useRef(false);
  const names = ended.filter(([name]) => chosen.has(name));
  const most = names.reduce((sum, [name]) => sum + (stats.data?.[name] ?? 0), 0);
  const flip = (name: Ended) => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    choose(next);
  };
  const remove = async () => {
    let sum = 0;
    let more = true;
    while (more && !stopped.current) {
      const answer = await jobClient.cleanupJobs(
        { olderThanDays: Number(days), statuses: names.map(([, status]) => status) },
        { timeoutMs: 120_000 },
      );
      sum += answer.deleted;
      more = answer.more;
      setDeleted(sum);
    }
    onDone(
      `${count(sum)} ${sum === 1 ? "job was" : "jobs were"} deleted${more ? "; stopped before the rest" : ""}.`,
    );
    await askAgain(JobService);
  };
  return (
    <Confirm
      title="Delete old jobs"
      action="Delete"
      danger
      mustType={String(most)}
      disabled={most === 0 || days.trim() === "" || !(Number(days) >= 0)}
      onConfirm={remove}
      onClose={() => {
        stopped.current = true;
        onClose();
      }}
    >
      <div className="fields">
        <NumberField
          label="Ended more than … days ago (0: all that ended)"
          value={days}
          most={36_500}
          onChange={setDays}
        />
        <Loaded query={stats}>
          {(data) => (
            <fieldset>
              <legend>Which of them</legend>
              {ended.map(([name]) => (
                <label key={name} className="scope">
                  <input type="checkbox" checked={chosen.has(name)} onChange={() => flip(name)} />
                  {name} ({count(data[name])} stored)
                </label>
              ))}
            </fieldset>
          )}
        </Loaded>
        <p>
          At most <strong>{count(most)}</strong> {most === 1 ? "job is" : "jobs are"} deleted for good, with
          payload and result; attempts stay in the audit log.{" "}
          {days !== "0" &&
            "The service counts nothing beforehand here: how many of them ended that long ago shows afterwards."}
        </p>
        {deleted !== undefined && <p role="status">{count(deleted)} deleted so far; Close stops it.</p>}
      </div>
    </Confirm>
  );
}
