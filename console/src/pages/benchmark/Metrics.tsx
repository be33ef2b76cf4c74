import { Link } from "@tanstack/react-router";
import type { MetricSummary } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import type { GetBenchmarkSummaryResponse } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Search } from "../../data/search.ts";
import { count, measure, percent } from "../../parts/format.ts";
import { Whisker } from "./Whisker.tsx";

interface Props {
  summary: GetBenchmarkSummaryResponse;
  chosen: string;
  /** What is not tried yet is no lack while it goes on. */
  running: boolean;
}

/** The figures of each metric; the chosen one is drawn below. */
export function Metrics({ summary, chosen, running }: Props) {
  if (summary.metrics.length === 0)
    return <p className="empty">No sample has a score or another figure yet.</p>;
  return (
    <>
      <div className="cards metrics">
        {summary.metrics.map((metric) => (
          <MetricCard key={metric.name} metric={metric} chosen={metric.name === chosen} running={running} />
        ))}
      </div>
      <p className="soft small">
        Intervals are of 95 % confidence.
        {summary.percentileError > 0 && ` Percentiles are within ${percent(summary.percentileError)}.`}
        {summary.metricsLeftOut > 0 && ` At least ${count(summary.metricsLeftOut)} metrics are left out.`}
      </p>
    </>
  );
}

function MetricCard({
  metric,
  chosen,
  running,
}: {
  metric: MetricSummary;
  chosen: boolean;
  running: boolean;
}) {
  const { name, mean, ci95Low: low, ci95High: high } = metric;
  const say = (value: number | undefined) => measure(name, value);
  return (
    <section className="card">
      <h3>
        <Link
          to="."
          search={((before: Search) => ({ ...before, metric: name })) as never}
          resetScroll={false}
          aria-current={chosen ? "true" : undefined}
        >
          <bdi>{name}</bdi>
        </Link>
      </h3>
      <div className="big">{say(mean)}</div>
      {mean !== undefined && low !== undefined && high !== undefined ? (
        <>
          <Whisker metric={metric} />
          <div className="small">
            {say(low)} to {say(high)}
          </div>
        </>
      ) : (
        <div className="soft small">no interval: {reasonOf(metric)}</div>
      )}
      <div className="soft small">
        n = {count(metric.samples)}
        {metric.count !== metric.samples && `, ${count(metric.count)} values`}
      </div>
      {metric.p50 !== undefined && (
        <div className="soft small">
          p50 {say(metric.p50)} · p90 {say(metric.p90)} · p99 {say(metric.p99)}
        </div>
      )}
      <Coverage metric={metric} running={running} />
    </section>
  );
}

function reasonOf({ samples }: MetricSummary): string {
  if (samples === 0) return "no sample has a value";
  return samples === 1 ? "there is one sample" : "all values are the same";
}

/** What is missing, in words; nothing where every sample has a value. */
function Coverage({ metric, running }: { metric: MetricSummary; running: boolean }) {
  const { coverage, repetitions } = metric;
  if (!coverage) return null;
  const { samplesLacking: lacking = 0, samplesBeyond: beyond = 0 } = repetitions ?? {};
  const all = running ? coverage.tried : Math.max(coverage.planned ?? 0, coverage.tried);
  const reasons = [
    coverage.failed > 0 && `${count(coverage.failed)} failed`,
    coverage.unscored > 0 && `${count(coverage.unscored)} without a value`,
    all > coverage.tried && `${count(all - coverage.tried)} not tried`,
    lacking > 0 && !running && `${count(lacking)} with fewer repetitions`,
    beyond > 0 && `${count(beyond)} with more repetitions than declared`,
  ].filter((reason) => reason !== false);
  if (reasons.length === 0) return null;
  return (
    <div className="text-warn small">
      {count(coverage.scored)} of {count(all)} samples{running && " so far"}: {reasons.join(", ")}
    </div>
  );
}
