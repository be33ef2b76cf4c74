import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@tanstack/react-query";
import { type Benchmark, BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { count, figure, lasting, percent } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Meter } from "../../parts/Meter.tsx";
import { BenchmarkState } from "../../parts/Status.tsx";
import { useNow } from "../../parts/Time.tsx";
import { asked } from "./asked.ts";
import { useLiveBenchmarks } from "./live.ts";

/** The benchmarks that run now, as they go on. */
export function RunningBenchmarks() {
  const refetchInterval = useSlowingInterval(5_000);
  const running = useQuery({ ...asked.running, refetchInterval });
  const rows = useLiveBenchmarks(running.data?.benchmarks);
  return (
    <>
      <h2>Running benchmarks</h2>
      <Loaded query={running}>
        {({ nextPageToken }) =>
          rows.length === 0 ? (
            <p className="soft">None runs now.</p>
          ) : (
            <ul className="feed">
              {rows.map((benchmark) => (
                <Running key={benchmark.id} benchmark={benchmark} />
              ))}
              {nextPageToken !== "" && <li className="soft">and more</li>}
            </ul>
          )
        }
      </Loaded>
    </>
  );
}

function Running({ benchmark }: { benchmark: Benchmark }) {
  const { id, name, status, totalIterations: total, completedIterations, failedIterations } = benchmark;
  const done = completedIterations + failedIterations;
  const ofAll = total > 0 ? `${count(done)} of ${count(total)}` : count(done);
  return (
    <li>
      <BenchmarkLink id={id}>
        <bdi>{name}</bdi>
      </BenchmarkLink>{" "}
      {status !== BenchmarkStatus.RUNNING && <BenchmarkState status={status} />}
      {total > 0 && <Meter share={done / total} label={`${percent(done / total)} done`} />}
      <span className="soft small">
        {ofAll}
        {failedIterations > 0 && <span className="text-bad">, {count(failedIterations)} failed</span>}
        <Left benchmark={benchmark} done={done} />
        <Mean benchmark={benchmark} />
      </span>
    </li>
  );
}

/** How long it still takes if it goes on as it did so far. */
function Left({ benchmark, done }: { benchmark: Benchmark; done: number }) {
  const now = useNow();
  const { startedAt, totalIterations: total, status } = benchmark;
  if (!startedAt || status !== BenchmarkStatus.RUNNING || done === 0 || done >= total) return null;
  const left = ((now - timestampMs(startedAt)) / done) * (total - done);
  return left > 0 ? <>, about {lasting(left)} left at the pace so far</> : null;
}

/** The mean score as it was listed, with its interval. */
function Mean({ benchmark }: { benchmark: Benchmark }) {
  const score = benchmark.summary?.score;
  if (score?.mean === undefined || score.ci95Low === undefined || score.ci95High === undefined) return null;
  return (
    <>
      , mean score so far {figure(score.mean)} (95 %: {figure(score.ci95Low)} to {figure(score.ci95High)}, n ={" "}
      {count(score.samples)})
    </>
  );
}
