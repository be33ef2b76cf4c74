import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import type { JobLane } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { useInterval } from "../../data/live.ts";
import { count, lasting } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Scroll } from "../../parts/Scroll.tsx";
import { Status, type Tone } from "../../parts/Status.tsx";
import { Tags } from "../../parts/Tags.tsx";

/** A lane's `ready` is not counted beyond. */
const countedTo = 10_000;

/** The lanes that have jobs, with what holds each up. */
export function Lanes() {
  const refetchInterval = useInterval(5_000);
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
              <LaneTable lanes={lanes} />
              {nextPageToken !== "" && <p className="soft">The first {count(lanes.length)} are shown.</p>}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function LaneTable({ lanes }: { lanes: readonly JobLane[] }) {
  return (
    <Scroll label="Lanes">
      <table className="table">
        <thead>
          <tr>
            {["Type", "Tags", "Limit key", "State"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            {["Ready", "Oldest waits", "Running", "Workers"].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lanes.map((lane) => {
            const { jobType, requiredTags, limitKey } = lane;
            const filters = { type: jobType, limit_key: limitKey || undefined };
            return (
              <tr key={JSON.stringify([jobType, requiredTags, limitKey])}>
                <th scope="row">
                  <Link to="/jobs" search={filters as never}>
                    <bdi>{jobType}</bdi>
                  </Link>
                </th>
                <td>
                  <Tags tags={requiredTags} />
                </td>
                <td>
                  <bdi className="anywhere">{limitKey}</bdi>
                </td>
                <td>
                  <LaneState lane={lane} />
                </td>
                <td className="number">
                  <Link to="/jobs" search={{ ...filters, status: "pending", order: "priority" } as never}>
                    {count(lane.ready)}
                    {lane.ready >= countedTo && "+"}
                  </Link>
                </td>
                <td className="number">{lane.oldestReadyAge && lasting(lane.oldestReadyAge)}</td>
                <td className="number">
                  <Link to="/jobs" search={{ ...filters, status: "running" } as never}>
                    {count(lane.running)}
                  </Link>
                </td>
                <td className="number">{count(lane.matchingWorkers)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroll>
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
