import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { JobLane } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { count, lasting } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Status, type Tone } from "../../parts/Status.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Tags } from "../../parts/Tags.tsx";

/** A lane's `ready` is not counted beyond. */
const countedTo = 10_000;

/** The filters of the list of jobs that leave those of a lane. */
const filtersOf = ({ jobType, limitKey }: JobLane) => ({
  type: jobType,
  limit_key: limitKey || undefined,
});

const columns: readonly TableColumn<JobLane>[] = [
  {
    title: "Type",
    isName: true,
    cell: (lane) => (
      <Link to="/jobs" search={filtersOf(lane) as never}>
        <bdi>{lane.jobType}</bdi>
      </Link>
    ),
  },
  { title: "Tags", cell: ({ requiredTags }) => <Tags tags={requiredTags} /> },
  {
    title: "Limit key",
    cell: ({ limitKey }) => limitKey && <bdi className="anywhere">{limitKey}</bdi>,
  },
  { title: "State", cell: (lane) => <LaneState lane={lane} /> },
  {
    title: "Ready",
    number: true,
    cell: (lane) => (
      <Link to="/jobs" search={{ ...filtersOf(lane), status: "pending", order: "priority" } as never}>
        {count(lane.ready)}
        {lane.ready >= countedTo && "+"}
      </Link>
    ),
  },
  {
    title: "Oldest waits",
    number: true,
    cell: ({ oldestReadyAge }) => oldestReadyAge && lasting(oldestReadyAge),
  },
  {
    title: "Running",
    number: true,
    cell: (lane) => (
      <Link to="/jobs" search={{ ...filtersOf(lane), status: "running" } as never}>
        {count(lane.running)}
      </Link>
    ),
  },
  { title: "Workers", number: true, cell: ({ matchingWorkers }) => count(matchingWorkers) },
];

/** The lanes that have jobs, with what holds each up. */
export function Lanes() {
  const refetchInterval = useSlowingInterval(5_000);
  const lanes = useQuery(JobService.method.listJobLanes, { pageSize: 1_000 }, { refetchInterval });
  return (
    <>
      <h2>Lanes</h2>
      <p className="soft small">Jobs of one type, with the same tags and limit key, stand in one lane.</p>
      <Loaded query={lanes}>
        {({ lanes, nextPageToken }) =>
          lanes.length === 0 ? (
            <p className="empty">
              No job is ready or running. <code>ltb demo</code> makes some.
            </p>
          ) : (
            <>
              <Table
                label="Lanes"
                columns={columns}
                rows={lanes}
                keyOf={({ jobType, requiredTags, limitKey }) =>
                  JSON.stringify([jobType, requiredTags, limitKey])
                }
              />
              {nextPageToken !== "" && <p className="soft">The first {count(lanes.length)} are shown.</p>}
            </>
          )
        }
      </Loaded>
    </>
  );
}

/** What holds a lane up, each thing by itself. */
function holdsOf(lane: JobLane): [Tone, string][] {
  return [
    ...(lane.paused ? [["warn", "paused"] as [Tone, string]] : []),
    ...(lane.atLimit ? [["warn", "at its limit"] as [Tone, string]] : []),
    ...(lane.matchingWorkers === 0 ? [["bad", "nobody serves it"] as [Tone, string]] : []),
  ];
}

function LaneState({ lane }: { lane: JobLane }) {
  const holds = holdsOf(lane);
  if (holds.length === 0) return <Status tone="good">open</Status>;
  return holds.map(([tone, words]) => (
    <div key={words}>
      <Status tone={tone}>{words}</Status>
    </div>
  ));
}
