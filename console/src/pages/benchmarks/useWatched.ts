import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { WatchBenchmarksResponse } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { useStream } from "../../data/live.ts";

/** The contract's limit on a watch. */
const mostIds = 1000;

/** How often what came is shown, in milliseconds: a busy benchmark changes more often than one can read. */
const showEvery = 250;

/** The latest news of each of these benchmarks by its id, by one stream; of more than 1000, of the first. */
export function useWatched(ids: readonly string[]): ReadonlyMap<string, WatchBenchmarksResponse> {
  const [news, setNews] = useState<ReadonlyMap<string, WatchBenchmarksResponse>>(new Map());
  const arrived = useRef(new Map<string, WatchBenchmarksResponse>());
  const timer = useRef<number>(undefined);
  const queries = useQueryClient();
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const watched = ids.slice(0, mostIds);
  useStream<WatchBenchmarksResponse>(watched.length === 0 ? null : watched.join(" "), {
    open: (afterCursor, signal) =>
      benchmarkClient.watchBenchmarks(
        { ids: watched, afterCursor: afterCursor ?? "" },
        { timeoutMs: 0, signal },
      ),
    cursorOf: ({ cursor }) => cursor,
    onGap: () => void queries.invalidateQueries(),
    onEvent: (event) => {
      if (!event.benchmark) return;
      arrived.current.set(event.benchmark.id, event);
      timer.current ??= window.setTimeout(() => {
        timer.current = undefined;
        // React may merge them later, when others have arrived.
        const batch = arrived.current;
        arrived.current = new Map();
        setNews((before) => new Map([...before, ...batch]));
      }, showEvery);
    },
  });
  return news;
}
