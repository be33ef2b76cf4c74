import type { MessageInitShape } from "@bufbuild/protobuf";
import { BenchmarkStatus, Reducer } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetLeaderboardRequestSchema } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Search } from "../../data/search.ts";
import { enumOf, numeric, one } from "../../data/useSearchState.ts";
import { ltbWords, optionOf } from "../../parts/copy-as/words.ts";
import { missingOf, missingOptions } from "../../parts/missing.ts";

type Request = MessageInitShape<typeof GetLeaderboardRequestSchema>;

/** The leaderboard that the address asks for. */
export function requestOf(dataset: string, search: Search): Request {
  const minimum = numeric(search.min_count) ?? 0;
  return {
    ...filtersOf(dataset, search),
    pageSize: 100,
    metric: one(search.metric),
    reducer: enumOf(Reducer, one(search.reducer)),
    ...missingOf(search),
    minCount: Number.isInteger(minimum) && minimum > 0 ? minimum : 0,
  };
}

/** The same benchmarks by what a sample of them takes. */
export function takesOf(dataset: string, search: Search, metric: string): Request {
  return { ...filtersOf(dataset, search), metric, pageSize: 1_000 };
}

function filtersOf(dataset: string, search: Search) {
  return { dataset, provider: one(search.provider), status: enumOf(BenchmarkStatus, one(search.status)) };
}

/** The words of `ltb` that ask for the same leaderboard. */
export function commandOf(dataset: string, search: Search): string[] {
  const { metric, provider, reducer, status, minCount } = requestOf(dataset, search);
  return ltbWords(
    "leaderboard",
    {
      ...{ metric, provider },
      reducer: optionOf(Reducer, reducer),
      ...missingOptions(search),
      status: optionOf(BenchmarkStatus, status),
      "min-count": minCount ? String(minCount) : undefined,
    },
    [dataset],
  );
}
