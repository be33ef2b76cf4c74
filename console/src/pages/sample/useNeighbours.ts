import { createQueryOptions, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JsonFormat } from "../../../../gen/ltb/v1/json_pb.ts";
import type { Search } from "../../data/search.ts";
import { transport } from "../../data/transport.ts";
import { listOf, useSamples } from "../samples/useSamples.ts";

interface Neighbours {
  previous: string | undefined;
  next: string | undefined;
}

/**
 * The samples before and after one in the list that the address names; their texts are fetched ahead. The
 * list is the one that the reader comes from. Where that ends, or there is none, the service is asked what
 * stands around the sample.
 */
export function useNeighbours(id: string, evaluation: string, search: Search): Neighbours {
  const { rows, total } = useSamples(id, search, { enabled: false });
  const at = rows.findIndex((row) => row.id === evaluation);
  const isKnown = at >= 0 && (at + 1 < rows.length || total !== undefined);
  const around = useQuery(
    BenchmarkService.method.listEvaluations,
    { ...listOf(id, search), aroundId: evaluation, pageSize: 11 },
    { enabled: !isKnown, placeholderData: (before) => before },
  );
  const near = isKnown ? rows : (around.data?.evaluations ?? []);
  const place = near.findIndex((row) => row.id === evaluation);
  const previous = place < 0 ? undefined : near[place - 1]?.id;
  const next = place < 0 ? undefined : near[place + 1]?.id;
  const queries = useQueryClient();
  useEffect(() => {
    for (const neighbour of [next, previous])
      if (neighbour) void queries.prefetchQuery(sampleQuery(id, neighbour));
  }, [queries, id, next, previous]);
  return { previous, next };
}

/** How one evaluation is asked for, with all of its texts. */
export function sampleQuery(benchmarkId: string, id: string) {
  return {
    ...createQueryOptions(
      BenchmarkService.method.getEvaluation,
      { benchmarkId, id, jsonFormat: JsonFormat.TEXT },
      { transport },
    ),
    staleTime: 60_000,
  };
}
