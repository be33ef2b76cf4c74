import { useState } from "react";
import { JobField, type JobLimit } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { askAgain } from "../../data/queries.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { NumberField } from "./NumberField.tsx";
import { Suggested } from "./Suggested.tsx";

/** Sets or changes the limit of a key; a figure that is left empty limits nothing. */
export function LimitDialog({ limit, onClose }: { limit: JobLimit | undefined; onClose: () => void }) {
  const [key, setKey] = useState(limit?.limitKey ?? "");
  const [running, setRunning] = useState(String(limit?.maxRunning ?? ""));
  const [minute, setMinute] = useState(String(limit?.perMinute ?? ""));
  const [tokens, setTokens] = useState(String(limit?.tokensPerMinute ?? ""));
  const set = async () => {
    await jobClient.setJobLimit({
      limitKey: key,
      ...(running !== "" && { maxRunning: Number(running) }),
      ...(minute !== "" && { perMinute: Number(minute) }),
      ...(tokens !== "" && { tokensPerMinute: Number(tokens) }),
    });
    await askAgain(JobService);
  };
  return (
    <Confirm
      title={limit ? "Change a limit" : "Set a limit"}
      action={limit ? "Change" : "Set"}
      disabled={key === "" || running + minute + tokens === ""}
      onConfirm={set}
      onClose={onClose}
    >
      <div className="fields">
        {limit ? (
          <p>
            Limit key <bdi className="anywhere">{key}</bdi>
          </p>
        ) : (
          <Suggested label="Limit key" field={JobField.LIMIT_KEY} value={key} onChange={setKey} />
        )}
        <NumberField
          label="Most running at the same time"
          value={running}
          most={1_000_000}
          onChange={setRunning}
        />
        <NumberField label="Most started in a minute" value={minute} most={1_000_000} onChange={setMinute} />
        <NumberField
          label="Most tokens in a minute"
          value={tokens}
          most={1_000_000_000}
          onChange={setTokens}
        />
        <p className="soft">Empty: any number. 0: none starts. Those that run go on.</p>
      </div>
    </Confirm>
  );
}
