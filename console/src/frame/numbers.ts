import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { useQuery } from "@connectrpc/connect-query";
import type { LinkProps } from "@tanstack/react-router";
import { BenchmarkService } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../../gen/ltb/v1/worker_service_pb.ts";
import { hrefOf } from "../data/links.ts";
import { type Polled, type SlowingInterval, useInterval, useSlowingInterval } from "../data/live.ts";
import { runningBenchmarks } from "../data/running.ts";
import { sharing } from "../data/transport.ts";

/** What stands beside a section: how many of what there are, and the way to them. */
export interface SectionNumber {
  section: NonNullable<LinkProps["to"]>;
  count: number;
  /** There are more than were counted. */
  orMore?: boolean;
  words: string;
  href: string;
  isBad: boolean;
}

const isForbidden = (error: unknown): boolean =>
  error !== null && ConnectError.from(error).code === Code.PermissionDenied;

/** Running benchmarks are listed to be counted, up to so many. */
const mostBenchmarks = 100;

type Every = { refetchInterval: SlowingInterval };

/** The benchmarks that run now: those that the overview shows, or more where there are more. */
function useRunning(every: Every) {
  const { listBenchmarks } = BenchmarkService.method;
  const shown = useQuery(listBenchmarks, runningBenchmarks, every).data;
  const many = useQuery(
    listBenchmarks,
    { status: runningBenchmarks.status, pageSize: mostBenchmarks },
    { ...every, enabled: shown !== undefined && shown.nextPageToken !== "" },
  ).data;
  return shown?.nextPageToken ? (many ?? shown) : shown;
}

/** The live numbers of the sections, those above 0. What the service refuses the reader is left out. */
export function useSectionNumbers(): SectionNumber[] {
  const often = useInterval(5_000);
  const seldom = useInterval(30_000);
  const slowing = useSlowingInterval(5_000);
  const every = (intervalOf: SlowingInterval) => ({
    // Who may not ask now may not later.
    refetchInterval: (query: Polled) =>
      !isForbidden(query.state.error) && (query.state.error === null ? intervalOf(query) : often),
  });
  const { getClusterStats } = WorkerService.method;
  const cluster = useQuery(getClusterStats, {}, { ...sharing, ...every(() => often) }).data;
  const { getQueueHistory } = JobService.method;
  const history = useQuery(getQueueHistory, {}, { ...sharing, ...every(() => seldom) }).data;
  const running = useRunning(every(slowing));
  const began = history?.steps[0]?.startTime;
  const hourBegan = began && timestampDate(began).toISOString();
  const failed = history?.steps.reduce((sum, step) => sum + step.failed, 0) ?? 0;
  const numbers: SectionNumber[] = [
    {
      section: "/benchmarks",
      count: running?.benchmarks.length ?? 0,
      orMore: (running?.nextPageToken ?? "") !== "",
      words: "running",
      href: hrefOf("/benchmarks", { status: "running" }),
      isBad: false,
    },
    {
      section: "/jobs",
      count: cluster?.runningJobs ?? 0,
      words: "running",
      href: hrefOf("/jobs", { status: "running" }),
      isBad: false,
    },
    {
      section: "/jobs",
      count: failed,
      words: "failed in the last 60 minutes",
      href: hrefOf("/jobs", { status: "failed", ended_after: hourBegan }),
      isBad: true,
    },
    {
      section: "/queue",
      count: cluster?.pendingJobs ?? 0,
      words: "ready to run",
      href: hrefOf("/jobs", { status: "pending" }),
      isBad: false,
    },
    {
      section: "/workers",
      count: cluster?.offlineWorkers ?? 0,
      words: "offline",
      href: hrefOf("/workers", { status: "offline" }),
      isBad: true,
    },
  ];
  return numbers.filter(({ count }) => count > 0);
}
