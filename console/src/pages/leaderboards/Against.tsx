import { useQuery } from "@connectrpc/connect-query";
import type { LeaderboardEntry } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { Scatter } from "../../charts/Scatter.tsx";
import { hrefOf } from "../../data/links.ts";
import { useInterval } from "../../data/live.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { count, measure } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { frontierOf } from "./frontier.ts";
import { takesOf } from "./request.ts";

interface Props {
  dataset: string;
  entries: readonly LeaderboardEntry[];
  lowerIsBetter: boolean;
  /** The metric that says what a sample takes. */
  takes: "cost_usd" | "latency_ms";
}

const words = { cost_usd: "Cost", latency_ms: "Latency" };

/** The means of the board against what a sample costs, or how long it takes. */
export function Against({ dataset, entries, lowerIsBetter, takes }: Props) {
  const [search] = useSearchState();
  const refetchInterval = useInterval(10_000);
  const board = useQuery(BenchmarkService.method.getLeaderboard, takesOf(dataset, search, takes), {
    refetchInterval,
  });
  const metric = one(search.metric) || "score";
  return (
    <Loaded query={board}>
      {({ entries: others }) => {
        const known = new Map(others.map((entry) => [entry.benchmarkId, entry]));
        const offers = entries.flatMap((entry) => {
          const other = known.get(entry.benchmarkId);
          return other
            ? [{ entry, other, takes: other.mean, worth: lowerIsBetter ? -entry.mean : entry.mean }]
            : [];
        });
        const frontier = frontierOf(offers);
        const lacking = entries.length - offers.length;
        if (offers.length === 0)
          return (
            <p className="empty">
              None of these benchmarks has a value of <code>{takes}</code>.
            </p>
          );
        return (
          <>
            <Scatter
              title={`${metric} against ${words[takes].toLowerCase()}`}
              note={`Means of samples with 95 % intervals; ${lowerIsBetter ? "lower" : "higher"} is better. Marked are those that no other beats in both means: where intervals overlap, that may be chance.`}
              x={{ name: `${words[takes]} of a sample`, write: (value) => measure(takes, value) }}
              y={{
                name: metric,
                write: (value) => measure(metric, value),
              }}
              mark="not beaten"
              points={offers.map((offer) => ({
                name: offer.entry.benchmarkName,
                x: { value: offer.other.mean, low: offer.other.ci95Low, high: offer.other.ci95High },
                y: {
                  value: offer.entry.mean,
                  low: offer.entry.rankedLow ?? offer.entry.ci95Low,
                  high: offer.entry.rankedHigh ?? offer.entry.ci95High,
                },
                href: hrefOf(`/benchmarks/${offer.entry.benchmarkId}`),
                marked: frontier.has(offer),
              }))}
            />
            {lacking > 0 && (
              <p className="soft">
                {count(lacking)} of {count(entries.length)} are not drawn, as they have no value of{" "}
                <code>{takes}</code>.
              </p>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
