import { createQueryOptions, useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";

/** Names of benchmarks by their ids; an id stands for itself until its name is known. */
export function useNames(ids: readonly string[]): (id: string) => string {
  const transport = useTransport();
  const answers = useQueries({
    queries: ids.map((id) => ({
      ...createQueryOptions(BenchmarkService.method.getBenchmark, { id }, { transport }),
      staleTime: 60_000,
    })),
  });
  const names = new Map(answers.map(({ data }, index) => [ids[index], data?.benchmark?.name]));
  return (id) => names.get(id) ?? id;
}
