import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JobTypeStats } from "../../../../gen/ltb/v1/job_pb.ts";
import { type Share, Shares } from "../../charts/Shares.tsx";
import { hrefOf } from "../../data/links.ts";
import { useInterval } from "../../data/live.ts";
import { count, lasting } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { asked } from "./asked.ts";

const shown = 10;

const columns: readonly TableColumn<JobTypeStats>[] = [
  {
    title: "Type",
    isName: true,
    cell: ({ jobType }) => (
      <Link to="/jobs" search={{ type: jobType } as never}>
        <bdi>{jobType}</bdi>
      </Link>
    ),
  },
  { title: "States", cell: (type) => <Shares title={type.jobType} shares={sharesOf(type)} /> },
  {
    title: "Oldest waits",
    number: true,
    cell: ({ oldestPendingAge }) => oldestPendingAge && lasting(oldestPendingAge),
  },
];

/** The jobs of each type by their states, those with the most work first. */
export function Types() {
  const refetchInterval = useInterval(2_000);
  const jobs = useQuery({ ...asked.jobs, refetchInterval });
  return (
    <>
      <h2>Jobs by type</h2>
      <Loaded query={jobs}>
        {({ byType }) =>
          byType.length === 0 ? (
            <p className="empty">
              There is no job. <code>ltb demo</code> makes some.
            </p>
          ) : (
            <>
              <Table
                label="Jobs by type"
                columns={columns}
                rows={mostWork(byType)}
                keyOf={({ jobType }) => jobType}
              />
              {byType.length > shown && (
                <p className="soft">
                  and {count(byType.length - shown)} more types. <Link to="/queue">Queue</Link>
                </p>
              )}
            </>
          )
        }
      </Loaded>
    </>
  );
}

const workOf = ({ pending, running, scheduled }: JobTypeStats): number => pending + running + scheduled;

const mostWork = (types: readonly JobTypeStats[]): JobTypeStats[] =>
  types.toSorted((one, other) => workOf(other) - workOf(one)).slice(0, shown);

const sharesOf = (type: JobTypeStats): Share[] => {
  const to = (status: string) => hrefOf("/jobs", { type: type.jobType, status });
  return [
    { name: "running", count: type.running, tone: "busy", href: to("running") },
    { name: "ready", count: type.pending, tone: "even", href: to("pending") },
    { name: "scheduled", count: type.scheduled, tone: "even", href: to("pending") },
    { name: "completed", count: type.completed, tone: "good", href: to("completed") },
    { name: "failed", count: type.failed, tone: "bad", href: to("failed") },
    { name: "cancelled", count: type.cancelled, tone: "warn", href: to("cancelled") },
  ];
};
