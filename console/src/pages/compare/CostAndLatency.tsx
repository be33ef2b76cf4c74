import { createQueryOptions } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import type { BenchmarkComparison } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { verdictOf } from "../../../../src/statistics/verdict.ts";
import { transport } from "../../data/transport.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { count, measure } from "../../parts/format.ts";
import { Status } from "../../parts/Status.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";
import { p, tones } from "./Overall.tsx";
import { alpha, requestOf } from "./request.ts";

const metrics = ["cost_usd", "latency_ms"] as const;

interface Row {
  metric: string;
  comparison: BenchmarkComparison;
}

/** What a candidate costs and how long it takes beside the baseline; lower is better of both. */
export function CostAndLatency({ metric, nameOf }: { metric: string; nameOf: (id: string) => string }) {
  const [search] = useSearchState();
  const request = requestOf({ ...search, group: undefined, missing: undefined });
  const others = metrics.filter((each) => each !== metric);
  const asked = useQueries({
    queries: others.map((each) => ({
      ...createQueryOptions(
        BenchmarkService.method.compareBenchmarks,
        { ...request, metric: each, lowerIsBetter: true, bootstrapSamples: 0 },
        { transport },
      ),
      staleTime: 30_000,
    })),
  });
  const failed = asked.find(({ error }) => error !== null);
  const rows = asked.flatMap(({ data }, index): Row[] =>
    (data?.comparisons ?? [])
      .filter(({ nPaired }) => nPaired > 0)
      .map((comparison) => ({ metric: others[index] ?? "", comparison })),
  );
  if (failed) return <ErrorBox error={failed.error} onRetry={() => void failed.refetch()} />;
  if (rows.length === 0) return null;
  return (
    <section aria-labelledby="beside">
      <h2 id="beside">Cost and latency</h2>
      <Table
        label="Differences of cost and latency"
        columns={columnsOf(nameOf)}
        rows={rows}
        keyOf={({ metric: each, comparison }) => `${each} ${comparison.candidateId}`}
      />
    </section>
  );
}

const columnsOf = (nameOf: (id: string) => string): readonly TableColumn<Row>[] => [
  {
    title: "Candidate",
    isName: true,
    cell: ({ comparison: { candidateId } }) => <bdi>{nameOf(candidateId)}</bdi>,
  },
  { title: "Mean of", cell: ({ metric }) => metric },
  {
    title: "Verdict",
    cell: ({ comparison }) => {
      const verdict = verdictOf(comparison, { alpha, lowerIsBetter: true });
      return <Status tone={tones[verdict]}>{verdict}</Status>;
    },
  },
  { title: "Pairs", number: true, cell: ({ comparison: { nPaired } }) => count(nPaired) },
  {
    title: "Baseline",
    number: true,
    cell: ({ metric, comparison: { baselineMean } }) => measure(metric, baselineMean),
  },
  {
    title: "Candidate",
    id: "mean",
    number: true,
    cell: ({ metric, comparison: { candidateMean } }) => measure(metric, candidateMean),
  },
  {
    title: "Difference",
    number: true,
    cell: ({ metric, comparison: { meanDifference, ci95Low, ci95High } }) => (
      <>
        {measure(metric, meanDifference)}
        {ci95Low !== undefined && ci95High !== undefined && (
          <div className="soft small nowrap">
            {measure(metric, ci95Low)} to {measure(metric, ci95High)}
          </div>
        )}
      </>
    ),
  },
  {
    title: "p (Holm)",
    number: true,
    cell: ({ comparison: { adjustedPValue } }) => (adjustedPValue === undefined ? "–" : p(adjustedPValue)),
  },
];
