import { useState } from "react";
import { WorkerService } from "../../../../gen/ltb/v1/worker_service_pb.ts";
import { workerClient } from "../../data/clients.ts";
import { askAgain } from "../../data/queries.ts";
import { useMay } from "../../data/session.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { SpanChoice } from "../../parts/SpanChoice.tsx";

const minute = 60;
/** For longer than so many seconds a worker has to be silent. */
const silences = [
  [5 * minute, "5 minutes"],
  [60 * minute, "an hour"],
  [24 * 60 * minute, "a day"],
  [7 * 24 * 60 * minute, "a week"],
] as const;

/** Removes the workers of which nothing was heard for long, and says afterwards how many they were. */
export function RemoveSilent({ offline }: { offline: number }) {
  const [isOpen, setOpen] = useState(false);
  const [longest, setLongest] = useState(60 * minute);
  const [report, setReport] = useState<string>();
  if (!useMay("admin")) return null;
  const remove = async () => {
    const olderThan = { seconds: BigInt(longest) };
    const { removed, jobsRequeued: back } = await workerClient.removeStaleWorkers({ olderThan });
    setReport(
      `${count(removed)} ${removed === 1 ? "worker was" : "workers were"} removed; ${count(back)} of the jobs that they held ${back === 1 ? "is" : "are"} pending again.`,
    );
    await askAgain(WorkerService);
  };
  return (
    <>
      {offline > 0 && (
        <p>
          <button type="button" className="danger" onClick={() => setOpen(true)}>
            Remove silent ones…
          </button>
        </p>
      )}
      {report !== undefined && (
        <p role="status" className="notice">
          {report}
        </p>
      )}
      {isOpen && (
        <Confirm
          title="Remove silent workers"
          action="Remove"
          danger
          onConfirm={remove}
          onClose={() => setOpen(false)}
        >
          <SpanChoice
            label="Those silent for longer than"
            spans={silences}
            value={longest}
            onChange={setLongest}
          />
          <p>
            {count(offline)} {offline === 1 ? "is" : "are"} silent for 30 s or more. Jobs that they hold are
            retried or, with no retry left, fail. A worker that still runs registers again by itself. For 30 s
            after a start or an outage the service removes none, as none could be heard before.
          </p>
        </Confirm>
      )}
    </>
  );
}
