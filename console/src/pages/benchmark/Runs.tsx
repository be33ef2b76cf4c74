import { useQuery } from "@connectrpc/connect-query";
import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { timelineOf } from "../../../../src/charts/rows.ts";
import { Timeline } from "../../charts/Timeline.tsx";
import { hrefOf } from "../../data/links.ts";
import { Loaded } from "../../parts/Loaded.tsx";

/** How the chosen metric changed from run to run of the model on the dataset, if there are several. */
export function Runs({ benchmark, metric }: { benchmark: Benchmark; metric: string }) {
  const { dataset, provider, model } = benchmark;
  const query = useQuery(
    BenchmarkService.method.getMetricHistory,
    { dataset, provider, model, metric },
    { staleTime: 60_000 },
  );
  if (query.data && query.data.runs.length < 2) return null;
  return (
    <>
      <h2>Runs of this model on the dataset</h2>
      <Loaded query={query}>
        {(answer) => {
          const { moments, level } = timelineOf(answer);
          return (
            <Timeline
              title={`Mean ${metric} of the latest runs, oldest first`}
              note={noteOf(moments, level?.name)}
              unit={`mean ${metric}, ${answer.lowerIsBetter ? "lower" : "higher"} is better`}
              moments={moments.map((moment, index) => ({
                ...moment,
                href: hrefOf(`/benchmarks/${answer.runs[index]?.benchmarkId}`),
              }))}
              level={level}
            />
          );
        }}
      </Loaded>
    </>
  );
}

function noteOf(moments: ReturnType<typeof timelineOf>["moments"], baseline: string | undefined): string {
  const notes = [
    "Whiskers are 95 % intervals. A triangle is the first run that is significantly better or worse than the one before or than the baseline.",
    baseline !== undefined && `The broken line is the baseline, ${baseline}.`,
    moments.some(({ reach }) => reach) &&
      "Dotted lines go as far as a mean may be, whatever is missing; a triangle that they may undo is an outline.",
  ];
  return notes.filter((note) => note !== false).join(" ");
}
