import { useRef } from "react";
import { type Benchmark, BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { figure, lasting } from "../../parts/format.ts";

/** How quickly a running benchmark goes on since the page was opened, and when it would end; in words. */
export function usePace(benchmark: Benchmark): string | undefined {
  const done = benchmark.completedIterations + benchmark.failedIterations;
  const begin = useRef<{ id: string; at: number; done: number }>(undefined);
  const running = benchmark.status === BenchmarkStatus.RUNNING;
  if (!running || begin.current?.id !== benchmark.id || done < begin.current.done)
    begin.current = { id: benchmark.id, at: Date.now(), done };
  const ms = Date.now() - begin.current.at;
  const more = done - begin.current.done;
  if (!running || more === 0 || ms < 2_000) return undefined;
  const perMinute = `${figure(Math.round((more / ms) * 600_000) / 10)} a minute`;
  const left = benchmark.totalIterations - done;
  return left > 0 ? `${perMinute}, about ${lasting((left * ms) / more)} left` : perMinute;
}
