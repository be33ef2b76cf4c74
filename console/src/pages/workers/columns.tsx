import { Link } from "@tanstack/react-router";
import type { Worker } from "../../../../gen/ltb/v1/worker_pb.ts";
import { count, percent } from "../../parts/format.ts";
import { Meter } from "../../parts/Meter.tsx";
import { HealthState, WorkerState } from "../../parts/Status.tsx";
import { Tags } from "../../parts/Tags.tsx";
import { Time } from "../../parts/Time.tsx";
import type { Column } from "../../parts/VirtualTable.tsx";

export const workerColumns: readonly Column<Worker>[] = [
  {
    title: "Worker",
    isName: true,
    width: "minmax(7rem, 1.6fr)",
    cell: ({ workerId }) => (
      <Link to="/workers/$id" params={{ id: workerId }} title={workerId} className="line">
        <bdi>{workerId}</bdi>
      </Link>
    ),
  },
  { title: "Status", width: "5.6rem", cell: ({ status }) => <WorkerState status={status} /> },
  { title: "Health", width: "6.5rem", cell: ({ health }) => <HealthState status={health} /> },
  { title: "Load", width: "minmax(7.5rem, 1fr)", cell: (worker) => <Load worker={worker} /> },
  { title: "Done", width: "3.6rem", number: true, cell: ({ completedTasks }) => count(completedTasks) },
  { title: "Failed", width: "5rem", number: true, cell: (worker) => <Failed worker={worker} /> },
  { title: "CPU", width: "3.6rem", number: true, cell: ({ cpu }) => cpu !== undefined && percent(cpu) },
  {
    title: "Memory",
    width: "4.9rem",
    number: true,
    cell: ({ memory }) => memory !== undefined && percent(memory),
  },
  {
    title: "Version",
    width: "minmax(4.7rem, 0.7fr)",
    cell: ({ version }) => version && <bdi title={version}>{version}</bdi>,
  },
  {
    title: "Types",
    width: "minmax(5rem, 1fr)",
    cell: ({ jobTypes }) =>
      jobTypes.length === 0 ? (
        <span className="soft">every type</span>
      ) : (
        <bdi className="line" title={jobTypes.join(", ")}>
          {jobTypes.join(", ")}
        </bdi>
      ),
  },
  { title: "Tags", width: "minmax(5rem, 1fr)", cell: ({ tags }) => <Tags tags={tags} /> },
  {
    title: "Last heard",
    width: "6.2rem",
    number: true,
    cell: ({ lastHeartbeat }) => <Time at={lastHeartbeat} />,
  },
];

export function Load({ worker: { load, currentTasks, capacity } }: { worker: Worker }) {
  const words = `${count(currentTasks)} of ${count(capacity)}`;
  return (
    <span className="gauge">
      <Meter share={load} label={`${words} places taken`} />
      <span className="nowrap">{words}</span>
    </span>
  );
}

export function Failed({ worker: { failedTasks, completedTasks } }: { worker: Worker }) {
  const all = Number(failedTasks + completedTasks);
  return (
    <>
      {count(failedTasks)}
      {failedTasks > 0n && <span className="soft"> {percent(Number(failedTasks) / all)}</span>}
    </>
  );
}
