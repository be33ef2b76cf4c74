import type { MessageInitShape } from "@bufbuild/protobuf";
import { useQuery } from "@connectrpc/connect-query";
import type { Job } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService, type ListJobsRequestSchema } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { VirtualTable } from "../../parts/VirtualTable.tsx";
import { columnsFor } from "./columns.tsx";
import type { JobRow } from "./live.ts";

interface Props {
  filters: MessageInitShape<typeof ListJobsRequestSchema>;
  /** So many are shown at most. */
  most: number;
  /** Said where there are none. */
  none: string;
  /** Titles of columns that say nothing here. */
  without?: readonly string[];
}

/** The first jobs of a list, asked again every five seconds. */
export function ShortJobs({ filters, most, none, without = ["Worker"] }: Props) {
  const refetchInterval = useSlowingInterval(5_000);
  const jobs = useQuery(JobService.method.listJobs, { ...filters, pageSize: most }, { refetchInterval });
  return (
    <Loaded query={jobs}>
      {(data) =>
        data.jobs.length === 0 ? (
          <p className="soft">{none}</p>
        ) : (
          <VirtualTable
            label="Jobs"
            columns={columnsFor(rowsOf(data.jobs)).filter(({ title }) => !without.includes(title))}
            rows={rowsOf(data.jobs)}
            keyOf={({ job }) => job.id}
            total={data.jobs.length}
          />
        )
      }
    </Loaded>
  );
}

const rowsOf = (jobs: readonly Job[]): JobRow[] => jobs.map((job) => ({ job, deleted: false }));
