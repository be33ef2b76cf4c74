import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ListJobFailureGroupsResponse } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Scroll } from "../../parts/Scroll.tsx";
import { ShortId } from "../../parts/ShortId.tsx";
import { Time } from "../../parts/Time.tsx";

/** The failed jobs by their error, asked for when the reader opens it. */
export function FailureGroups({ jobType, benchmarkId }: { jobType: string; benchmarkId: string }) {
  const [open, setOpen] = useState(false);
  const groups = useQuery(
    JobService.method.listJobFailureGroups,
    { jobType, benchmarkId, limit: 20 },
    { enabled: open },
  );
  return (
    <details onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>By error</summary>
      {open && <Loaded query={groups}>{(found) => <Groups found={found} />}</Loaded>}
    </details>
  );
}

function Groups({ found }: { found: ListJobFailureGroupsResponse }) {
  const { groups, groupsLeftOut, failuresRead, more } = found;
  if (groups.length === 0) return <p className="soft">No job has failed.</p>;
  return (
    <Scroll label="Failures by error">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Error</th>
            <th scope="col" className="number">
              Jobs
            </th>
            <th scope="col">First</th>
            <th scope="col">Last</th>
            <th scope="col">The latest</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.message}>
              <th scope="row">
                <bdi title={group.example}>{group.message}</bdi>
              </th>
              <td className="number">{count(group.count)}</td>
              <td className="nowrap">
                <Time at={group.firstAt} />
              </td>
              <td className="nowrap">
                <Time at={group.lastAt} />
              </td>
              <td>
                {group.jobIds.map((id) => (
                  <Link key={id} to="/jobs/$id" params={{ id }} className="nowrap">
                    <ShortId id={id} />{" "}
                  </Link>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="soft">
        Of {count(failuresRead)} failures
        {more && ", the latest that were looked at"}
        {groupsLeftOut > 0 && `; ${count(groupsLeftOut)} smaller groups are left out`}.
      </p>
    </Scroll>
  );
}
