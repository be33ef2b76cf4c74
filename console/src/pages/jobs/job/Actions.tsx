import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type Job, JobStatus } from "../../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../../data/clients.ts";
import { askAgain } from "../../../data/queries.ts";
import { useMay, useMayChange } from "../../../data/session.ts";
import { shortcut } from "../../../keys/table.ts";
import { Confirm } from "../../../parts/Confirm.tsx";
import { statusesFor } from "../bulk.ts";
import { CopyDialog } from "./CopyDialog.tsx";
import { RetryButton, RetryDialog } from "./Retry.tsx";

type Asked = "retry" | "cancel" | "delete" | "copy";

/** What the reader may do with the job in its state. */
export function Actions({ job }: { job: Job }) {
  const [asked, ask] = useState<Asked>();
  const mayChange = useMayChange()(job.createdBy);
  if (!useMay("user")) return null;
  return (
    <>
      <div className="actions">
        <RetryButton job={job} {...shortcut("retry")} className="main" onClick={() => ask("retry")} />
        {mayChange && statusesFor.cancel.includes(job.status) && (
          <button type="button" {...shortcut("cancel")} onClick={() => ask("cancel")}>
            Cancel…
          </button>
        )}
        <button type="button" onClick={() => ask("copy")}>
          Submit a copy…
        </button>
        {mayChange && job.status !== JobStatus.RUNNING && (
          <button type="button" className="danger" onClick={() => ask("delete")}>
            Delete…
          </button>
        )}
      </div>
      {asked && <Question asked={asked} job={job} onClose={() => ask(undefined)} />}
    </>
  );
}

function Question({ asked, job, onClose }: { asked: Asked; job: Job; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const navigate = useNavigate();
  const { id } = job;
  if (asked === "retry") return <RetryDialog id={id} onClose={onClose} />;
  if (asked === "copy") return <CopyDialog job={job} onClose={onClose} />;
  if (asked === "delete") {
    const remove = async () => {
      await jobClient.deleteJob({ id });
      await navigate({ to: "/jobs" });
    };
    return (
      <Confirm title="Delete this job" action="Delete" danger onConfirm={remove} onClose={onClose}>
        <p>Its payload and result are gone for good. Its attempts stay in the audit log.</p>
      </Confirm>
    );
  }
  const cancel = () => jobClient.cancelJob({ id, reason }).then(() => askAgain(JobService));
  return (
    <Confirm title="Cancel this job" action="Cancel the job" danger onConfirm={cancel} onClose={onClose}>
      <p>
        {job.status === JobStatus.RUNNING
          ? "It ends at once, and what its worker sends is refused."
          : "It will not run, unless it is retried."}
      </p>
      <p>
        <label>
          Reason, which the job keeps as its error{" "}
          <input value={reason} maxLength={1024} onChange={({ target }) => setReason(target.value)} />
        </label>
      </p>
    </Confirm>
  );
}
