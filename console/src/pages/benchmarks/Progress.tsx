import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { count } from "../../parts/format.ts";
import { Meter } from "../../parts/Meter.tsx";

/** How many of the planned evaluations there are, and how many of them failed. */
export function Progress({ benchmark }: { benchmark: Benchmark }) {
  const { completedIterations: completed, failedIterations: failed, totalIterations: total } = benchmark;
  const done = completed + failed;
  const words = total > 0 ? `${count(done)} of ${count(total)}` : count(done);
  return (
    <span className="progress">
      {total > 0 && <Meter share={done / total} label={`${words} evaluations`} />}
      <span className="small">
        {words}
        {failed > 0 && <span className="text-bad">, {count(failed)} failed</span>}
      </span>
    </span>
  );
}
