import { Code, ConnectError } from "@connectrpc/connect";
import { useQuery } from "@connectrpc/connect-query";
import type { LinkProps } from "@tanstack/react-router";
import { BenchmarkStatus } from "../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../../gen/ltb/v1/worker_service_pb.ts";
import { hrefOf } from "../data/links.ts";
import { useInterval } from "../data/live.ts";
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

/** The live numbers of the sections, those above 0. What the service refuses the reader is left out. */
export function useSectionNumbers(): SectionNumber[] {
  const often = useInterval(5_000);
  const seldom = useInterval(30_000);
  const every = (interval: number | false) => ({
    // Who may not ask now may not later.
    refetchInterval: ({ state: { error } }: { state: { error: unknown } }) =>
      !isForbidden(error) && (error === null ? interval : often),
  });
  const cluster = useQuery(WorkerService.method.getClusterStats, {}, { ...sharing, ...every(often) }).data;
  const history = useQuery(JobService.method.getQueueHistory, {}, { ...sharing, ...every(seldom) }).data;
  const running = useQuery(
    BenchmarkService.method.listBenchmarks,
    { status: BenchmarkStatus.RUNNING, pageSize: mostBenchmarks },
    every(often),
  ).data;
  const failed = history?.steps.reduce((sum, step) => sum + step.failed, 0) ?? 0;
  const numbers: SectionNumber[] = [
    {
      section: "/benchmarks",
      count: running?.benchmarks.length ?? 0,
      orMore: running?.nextPageToken !== "",
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
      href: hrefOf("/jobs", { status: "failed" }),
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
