import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { Facts } from "../../parts/Facts.tsx";
import { count, measure } from "../../parts/format.ts";
import { BenchmarkState } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { Text } from "../../parts/texts/Text.tsx";
import { Labels } from "../benchmarks/Labels.tsx";
import { Progress } from "../benchmarks/Progress.tsx";
import { usePace } from "./usePace.ts";

interface Props {
  benchmark: Benchmark;
  totals: GetBenchmarkSummaryResponse | undefined;
}

/** What a benchmark is, and how far it is. */
export function Head({ benchmark, totals }: Props) {
  const pace = usePace(benchmark);
  const tokens =
    totals?.inputTokens !== undefined || totals?.outputTokens !== undefined
      ? `${count(totals?.inputTokens ?? 0n)} read, ${count(totals?.outputTokens ?? 0n)} written`
      : undefined;
  const labels = Object.keys(benchmark.labels).length > 0 && <Labels labels={benchmark.labels} every />;
  return (
    <>
      <div className="overview">
        <Facts
          rows={[
            ["Status", <BenchmarkState key="status" status={benchmark.status} />],
            ["Progress", <Progress key="progress" benchmark={benchmark} />],
            ["Pace", pace],
            ["Model", <bdi key="model">{benchmark.model}</bdi>],
            ["Provider", <bdi key="provider">{benchmark.provider}</bdi>],
            ["Dataset", <bdi key="dataset">{benchmark.dataset}</bdi>],
          ]}
        />
        <Facts
          rows={[
            ["Created", <Time key="created" at={benchmark.createdAt} />],
            ["Started", benchmark.startedAt && <Time at={benchmark.startedAt} />],
            ["Ended", benchmark.completedAt && <Time at={benchmark.completedAt} />],
            ["Samples", totals && count(totals.sampleCount)],
            ["Repetitions", benchmark.repetitions > 0 && count(benchmark.repetitions)],
            ["Tokens", tokens],
            ["Cost", totals?.costUsd !== undefined && measure("cost_usd", totals.costUsd)],
            ["Labels", labels],
            ["Id", <code key="id">{benchmark.id}</code>],
          ]}
        />
      </div>
      {benchmark.error !== "" && (
        <div className="error-box">
          <strong>It failed</strong>
          <Text text={benchmark.error} label="error" />
        </div>
      )}
      {benchmark.description !== "" && <Text text={benchmark.description} label="description" />}
    </>
  );
}
