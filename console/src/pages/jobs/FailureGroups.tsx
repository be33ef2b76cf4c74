import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { JobFailureGroup } from "../../../../gen/ltb/v1/job_pb.ts";
import type { ListJobFailureGroupsResponse } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { ShortId } from "../../parts/ShortId.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { Time } from "../../parts/Time.tsx";
import type { JobFilters } from "./filters.ts";

const columns: readonly TableColumn<JobFailureGroup>[] = [
  {
    title: "Error",
    isName: true,
    cell: ({ message, example }) => <bdi title={example}>{message}</bdi>,
  },
  { title: "Jobs", number: true, cell: (group) => count(group.count) },
  { title: "First", cell: ({ firstAt }) => <Time at={firstAt} /> },
  { title: "Last", cell: ({ lastAt }) => <Time at={lastAt} /> },
  {
    title: "The latest",
    cell: ({ jobIds }) =>
      jobIds.map((id) => (
        <Link key={id} to="/jobs/$id" params={{ id }} className="nowrap">
          <ShortId id={id} />{" "}
        </Link>
      )),
  },
];

type Narrowed = Pick<JobFilters, "jobType" | "benchmarkId" | "endedAfter">;

/** The failed jobs by their error, asked for when the reader opens it. */
export function FailureGroups({ jobType, benchmarkId, endedAfter }: Narrowed) {
  const [open, setOpen] = useState(false);
  const groups = useQuery(
    JobService.method.listJobFailureGroups,
    { jobType, benchmarkId, limit: 20, ...(endedAfter && { endedAfter }) },
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
    <>
      <Table label="Failures by error" columns={columns} rows={groups} keyOf={({ message }) => message} />
      <p className="soft">
        Of {count(failuresRead)} failures
        {more && ", the latest that were looked at"}
        {groupsLeftOut > 0 && `; ${count(groupsLeftOut)} smaller groups are left out`}.
      </p>
    </>
  );
}
