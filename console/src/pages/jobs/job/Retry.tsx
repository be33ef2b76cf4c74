import { type ComponentProps, useState } from "react";
import type { Job } from "../../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../../data/clients.ts";
import { askAgain } from "../../../data/queries.ts";
import { useMayChange } from "../../../data/session.ts";
import { Confirm } from "../../../parts/Confirm.tsx";
import { statusesFor } from "../bulk.ts";

/** Retries a job after a question, for those who may, where it can be retried. */
export function Retry({
  job: { id, status, createdBy },
  ...button
}: { job: Job } & ComponentProps<"button">) {
  const [isAsked, ask] = useState(false);
  const mayChange = useMayChange()(createdBy);
  if (!mayChange || !statusesFor.retry.includes(status)) return null;
  const retry = () => jobClient.retryJob({ id }).then(() => askAgain(JobService));
  return (
    <>
      <button type="button" {...button} onClick={() => ask(true)}>
        Retry…
      </button>
      {isAsked && (
        <Confirm title="Retry this job" action="Retry" onConfirm={retry} onClose={() => ask(false)}>
          <p>It becomes pending at once, with all its retries anew; what it did so far stays listed.</p>
        </Confirm>
      )}
    </>
  );
}
