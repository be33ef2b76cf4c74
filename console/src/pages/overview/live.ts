import { useEffect, useMemo, useRef, useState } from "react";
import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { useStream } from "../../data/live.ts";
import { askAgain } from "../../data/queries.ts";

/** Changes that come within so many milliseconds are shown as one. */
const gathered = 250;

/** The listed benchmarks in their latest state, by the one stream of the page. */
export function useLiveBenchmarks(listed: readonly Benchmark[] = []): readonly Benchmark[] {
  const ids = useMemo(() => listed.map(({ id }) => id), [listed]);
  const [changed, setChanged] = useState<ReadonlyMap<string, Benchmark>>(new Map());
  const waiting = useRef(new Map<string, Benchmark>());
  const timer = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  useStream(ids.length === 0 ? null : ids.join(" "), {
    open: (afterCursor, signal) =>
      benchmarkClient.watchBenchmarks({ ids, ...(afterCursor && { afterCursor }) }, { timeoutMs: 0, signal }),
    cursorOf: ({ cursor }) => cursor,
    onEvent: ({ benchmark, deleted }) => {
      if (!benchmark || deleted) return;
      waiting.current.set(benchmark.id, benchmark);
      timer.current ??= window.setTimeout(() => {
        timer.current = undefined;
        setChanged(waiting.current);
        waiting.current = new Map(waiting.current);
      }, gathered);
    },
    onGap: () => void askAgain(BenchmarkService),
  });
  return useMemo(
    (): Benchmark[] => listed.map((benchmark) => newer(benchmark, changed.get(benchmark.id))),
    [listed, changed],
  );
}

const doneOf = ({ completedIterations, failedIterations }: Benchmark) =>
  completedIterations + failedIterations;

/**
 * Counts do not move the revision, so the one that counts more is the newer of two of one revision. The
 * stream tells no summary.
 */
function newer(listed: Benchmark, told: Benchmark | undefined): Benchmark {
  if (!told || told.version < listed.version) return listed;
  const isNewer = told.version > listed.version || doneOf(told) >= doneOf(listed);
  return isNewer ? { ...told, summary: listed.summary } : listed;
}
