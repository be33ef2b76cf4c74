import type { ComponentProps } from "react";
import type { Job } from "../../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../../data/clients.ts";
import { askAgain } from "../../../data/queries.ts";
import { useMayChange } from "../../../data/session.ts";
import { Confirm } from "../../../parts/Confirm.tsx";
import { statusesFor } from "../bulk.ts";

/** The button that asks whether a job is to be retried, for those who may, where it can be retried. */
export function RetryButton({
  job: { status, createdBy },
  ...button
}: { job: Job } & ComponentProps<"button">) {
  const mayChange = useMayChange()(createdBy);
  if (!mayChange || !statusesFor.retry.includes(status)) return null;
  return (
    <button type="button" {...button}>
      Retry…
    </button>
  );
}

/**
 * Retries a job after a question. It stands outside of what the job's status shows or leaves out, so that it
 * stays when that changes.
 */
export function RetryDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const retry = () => jobClient.retryJob({ id }).then(() => askAgain(JobService));
  return (
    <Confirm title="Retry this job" action="Retry" onConfirm={retry} onClose={onClose}>
      <p>It becomes pending at once, with all its retries anew; what it did so far stays listed.</p>
    </Confirm>
  );
}
