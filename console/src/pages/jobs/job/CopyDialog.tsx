import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Job } from "../../../../../gen/ltb/v1/job_pb.ts";
import { jobClient } from "../../../data/clients.ts";
import { randomId } from "../../../data/randomId.ts";
import { Confirm } from "../../../parts/Confirm.tsx";
import { indentJson } from "../../../parts/texts/indent.ts";

/** Submits a job like this one, with a payload that can be edited first, and leads to it. */
export function CopyDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const [edited, setEdited] = useState({
    payloadJson: indentJson(job.payloadJson) ?? job.payloadJson,
    priority: job.priority,
    // The same call made again, as after an answer that was lost, makes no second job.
    requestId: randomId(),
  });
  const edit = (part: Partial<typeof edited>) => setEdited({ ...edited, ...part, requestId: randomId() });
  const navigate = useNavigate();
  const submit = async () => {
    const { jobType, maxRetries, maxSnoozes, timeoutSeconds, requiredTags, benchmarkId, limitKey } = job;
    const much = { maxRetries, maxSnoozes, timeoutSeconds };
    const same = { jobType, ...much, requiredTags, benchmarkId, limitKey, metadataJson: job.metadataJson };
    const made = await jobClient.createJob({ ...same, ...edited });
    await navigate({ to: "/jobs/$id", params: { id: made.job?.id ?? "" } });
  };
  return (
    <Confirm title="Submit a copy" action="Submit" onConfirm={submit} onClose={onClose}>
      <div className="fields">
        <p>
          A new job of type <bdi>{job.jobType}</bdi> with the same tags, limit key, benchmark, metadata,
          retries and timeout. It is due at once{job.uniqueKey !== "" && ", has no unique key"}
          {job.startBy && ", may start at any time"}
          {job.dependsOn.length > 0 && ", waits for no other"}.
        </p>
        <label>
          Payload
          <textarea
            rows={12}
            spellCheck={false}
            value={edited.payloadJson}
            onChange={({ target }) => edit({ payloadJson: target.value })}
          />
        </label>
        <label>
          Priority
          <input
            type="number"
            step="1"
            value={edited.priority}
            onChange={({ target }) => edit({ priority: target.valueAsNumber || 0 })}
          />
        </label>
      </div>
    </Confirm>
  );
}
