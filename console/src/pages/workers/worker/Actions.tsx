import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type Worker, WorkerStatus } from "../../../../../gen/ltb/v1/worker_pb.ts";
import { WorkerService } from "../../../../../gen/ltb/v1/worker_service_pb.ts";
import { workerClient } from "../../../data/clients.ts";
import { askAgain } from "../../../data/queries.ts";
import { useMay } from "../../../data/session.ts";
import { Confirm } from "../../../parts/Confirm.tsx";
import { count } from "../../../parts/format.ts";

/** Drains or removes the worker. */
export function Actions({ worker }: { worker: Worker }) {
  const [asked, ask] = useState<"drain" | "remove">();
  const [reason, setReason] = useState("");
  const navigate = useNavigate();
  if (!useMay("admin")) return null;
  const { workerId, currentTasks, status } = worker;
  const jobs = `${count(currentTasks)} ${currentTasks === 1 ? "job" : "jobs"}`;
  const drain = async () => {
    await workerClient.drainWorker({ workerId, reason });
    await askAgain(WorkerService);
  };
  const remove = async () => {
    await workerClient.deregisterWorker({ workerId, reason });
    await navigate({ to: "/workers" });
  };
  const why = (
    <p>
      <label>
        Reason <input value={reason} maxLength={1024} onChange={({ target }) => setReason(target.value)} />
      </label>
    </p>
  );
  return (
    <>
      <div className="actions">
        {status !== WorkerStatus.DRAINING && (
          <button type="button" onClick={() => ask("drain")}>
            Drain…
          </button>
        )}
        <button type="button" className="danger" onClick={() => ask("remove")}>
          Remove…
        </button>
      </div>
      {asked === "drain" && (
        <Confirm title="Drain this worker" action="Drain" onConfirm={drain} onClose={() => ask(undefined)}>
          <p>It gets no new jobs, and finishes the {jobs} that it holds. Registering again ends that.</p>
          {why}
        </Confirm>
      )}
      {asked === "remove" && (
        <Confirm
          title="Remove this worker"
          action="Remove"
          danger
          onConfirm={remove}
          onClose={() => ask(undefined)}
        >
          <p>
            {currentTasks === 0 ? "It holds no job." : `The ${jobs} that it holds go back into the queue.`} A
            worker that still runs registers again by itself.
          </p>
          {why}
        </Confirm>
      )}
    </>
  );
}
