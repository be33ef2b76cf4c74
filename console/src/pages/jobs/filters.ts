import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { JobOrder, JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import type { Search } from "../../data/search.ts";
import { one } from "../../data/useSearchState.ts";
import { ltbWords } from "../../parts/copy-as/words.ts";

// What the address of the list says, as the calls take it.

export interface JobFilters {
  status: JobStatus;
  jobType: string;
  workerId: string;
  benchmarkId: string;
  limitKey: string;
  /** Only jobs that ended then or later. Undefined: whenever, as where the status is none of an end */
  endedAfter: Timestamp | undefined;
  orderBy: JobOrder;
}

export const statuses = ["pending", "running", "completed", "failed", "cancelled"] as const;

const statusOf: Record<string, JobStatus> = {
  pending: JobStatus.PENDING,
  running: JobStatus.RUNNING,
  completed: JobStatus.COMPLETED,
  failed: JobStatus.FAILED,
  cancelled: JobStatus.CANCELLED,
};

/** The filters that the address names. An order that they do not allow is left out. */
export function filtersOf(search: Search): JobFilters {
  const filters = {
    status: statusOf[one(search.status)] ?? JobStatus.UNSPECIFIED,
    jobType: one(search.type),
    workerId: one(search.worker),
    benchmarkId: one(search.benchmark),
    limitKey: one(search.limit_key),
    endedAfter: mayEnd(statusOf[one(search.status)]) ? timeOf(one(search.ended_after)) : undefined,
    orderBy: JobOrder.UNSPECIFIED,
  };
  const asClaimed = one(search.order) === "priority" && mayOrder(filters);
  return asClaimed ? { ...filters, orderBy: JobOrder.PRIORITY } : filters;
}

const ended: readonly (JobStatus | undefined)[] = [
  JobStatus.COMPLETED,
  JobStatus.FAILED,
  JobStatus.CANCELLED,
];

/** Whether jobs in a status have ended. */
export const mayEnd = (status: JobStatus | undefined): boolean => ended.includes(status);

function timeOf(text: string): Timestamp | undefined {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : timestampFromDate(date);
}

/** Whether the jobs can be listed in the order in which they will be claimed. */
export function mayOrder({ status, workerId, benchmarkId }: JobFilters): boolean {
  return status === JobStatus.PENDING && workerId === "" && benchmarkId === "";
}

/** The words of `ltb` that ask for the same list. */
export function commandOf(filters: JobFilters): string[] {
  const { jobType, workerId, benchmarkId, limitKey, endedAfter } = filters;
  return ltbWords("job list", {
    status: statuses.find((word) => statusOf[word] === filters.status),
    ...{ type: jobType, worker: workerId, benchmark: benchmarkId, "limit-key": limitKey },
    "ended-after": endedAfter && timestampDate(endedAfter).toISOString(),
    order: filters.orderBy === JobOrder.PRIORITY && "queue",
  });
}

/** The filters in words, as after "all jobs": " of type grade with limit key openai". */
export function wordsOf({ jobType, workerId, benchmarkId, limitKey }: JobFilters): string {
  return [
    jobType && ` of type ${jobType}`,
    workerId && ` of worker ${workerId}`,
    benchmarkId && ` of benchmark ${benchmarkId}`,
    limitKey && ` with limit key ${limitKey}`,
  ].join("");
}
