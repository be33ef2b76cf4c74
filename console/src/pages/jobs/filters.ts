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
    orderBy: JobOrder.UNSPECIFIED,
  };
  const asClaimed = one(search.order) === "priority" && mayOrder(filters);
  return asClaimed ? { ...filters, orderBy: JobOrder.PRIORITY } : filters;
}

/** Whether the jobs can be listed in the order in which they will be claimed. */
export function mayOrder({ status, workerId, benchmarkId }: JobFilters): boolean {
  return status === JobStatus.PENDING && workerId === "" && benchmarkId === "";
}

/** The words of `ltb` that ask for the same list. */
export function commandOf({ jobType, workerId, benchmarkId, limitKey, ...filters }: JobFilters): string[] {
  return ltbWords("job list", {
    status: statuses.find((word) => statusOf[word] === filters.status),
    ...{ type: jobType, worker: workerId, benchmark: benchmarkId, "limit-key": limitKey },
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
