import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@connectrpc/connect-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { type Job, JobOrder } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { jobClient } from "../../data/clients.ts";
import { useSlowingInterval, useStream } from "../../data/live.ts";
import { askFirstPage } from "../../data/queries.ts";
import type { JobFilters } from "./filters.ts";

/** A job of the list in its latest state. */
export interface JobRow {
  job: Job;
  deleted: boolean;
}

/** As many as one call watches. */
const watched = 1_000;
/** Changes that come within so many milliseconds are shown as one. */
const gathered = 250;

/**
 * The listed jobs in their latest state, in the places in which they were listed. One stream tells of those
 * around the row with index `from`.
 */
export function useLiveJobs(listed: readonly Job[], from: number): readonly JobRow[] {
  const begin = Math.max(0, Math.floor(from / (watched / 2)) * (watched / 2) - watched / 4);
  const ids = useMemo(() => listed.slice(begin, begin + watched).map(({ id }) => id), [listed, begin]);
  const [changed, setChanged] = useState<ReadonlyMap<string, JobRow>>(new Map());
  const waiting = useRef(new Map<string, JobRow>());
  const timer = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);

  const shown = useRef(new Set<string>());
  shown.current = new Set(listed.map(({ id }) => id));
  const show = () => {
    timer.current = undefined;
    const news = waiting.current;
    waiting.current = new Map();
    setChanged((before) => new Map([...before, ...news].filter(([id]) => shown.current.has(id))));
  };
  useStream(ids.length === 0 ? null : ids.join(" "), {
    open: (afterCursor, signal) =>
      jobClient.watchJobs({ ids, ...(afterCursor && { afterCursor }) }, { timeoutMs: 0, signal }),
    cursorOf: ({ cursor }) => cursor,
    onEvent: ({ job, deleted }) => {
      if (!job) return;
      waiting.current.set(job.id, { job, deleted });
      timer.current ??= window.setTimeout(show, gathered);
    },
    onGap: () => void askFirstPage(JobService.method.listJobs),
  });
  return useMemo(() => listed.map((job) => latest(job, changed.get(job.id))), [listed, changed]);
}

/** A list that was asked again may be newer than what the stream told. */
function latest(job: Job, change: JobRow | undefined): JobRow {
  if (change?.deleted) return { job, deleted: true };
  const newer = change && changedAt(change.job) >= changedAt(job);
  return newer ? change : { job, deleted: false };
}

const changedAt = ({ updatedAt }: Job): number => (updatedAt ? timestampMs(updatedAt) : 0);

const headSize = 100;

/** How many jobs a list would have anew if it were asked again, looked up every five seconds: up to 100. */
export function useNewJobs(filters: JobFilters, listed: readonly Job[], enabled: boolean): number {
  const refetchInterval = useSlowingInterval(5_000);
  const head = useQuery(
    JobService.method.listJobs,
    { ...filters, pageSize: headSize },
    { refetchInterval, enabled },
  );
  return useMemo(() => {
    const known = new Set(listed.map(({ id }) => id));
    const jobs = head.data?.jobs ?? [];
    // What follows the last known one has moved up in place of jobs that are gone.
    const end = filters.orderBy === JobOrder.PRIORITY ? jobs.findLastIndex(({ id }) => known.has(id)) : -1;
    const fresh = jobs.findIndex(({ id }) => known.has(id));
    const news = end >= 0 ? jobs.slice(0, end) : fresh >= 0 ? jobs.slice(0, fresh) : jobs;
    return news.filter(({ id }) => !known.has(id)).length;
  }, [head.data, listed, filters.orderBy]);
}
