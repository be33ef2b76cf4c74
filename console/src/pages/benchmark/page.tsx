import { useQuery } from "@connectrpc/connect-query";
import { Link, useParams } from "@tanstack/react-router";
import { type Benchmark, BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import {
  BenchmarkService,
  type WatchBenchmarksResponse,
} from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JsonFormat } from "../../../../gen/ltb/v1/json_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { useSlowingInterval } from "../../data/live.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { useVisited } from "../../data/visited.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { JsonSection } from "../../parts/texts/JsonSection.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { useWatched } from "../benchmarks/useWatched.ts";
import { Actions } from "./Actions.tsx";
import { Changes } from "./Changes.tsx";
import { Extremes } from "./Extremes.tsx";
import { Failures } from "./Failures.tsx";
import { Head } from "./Head.tsx";
import { Jobs } from "./Jobs.tsx";
import { Metrics } from "./Metrics.tsx";
import { Runs } from "./Runs.tsx";
import { Slices } from "./Slices.tsx";
import { Spread } from "./Spread.tsx";

/** One benchmark: how far it is, and what came of it. */
export function Page() {
  const { id = "" } = useParams({ strict: false });
  const asked = useQuery(BenchmarkService.method.getBenchmark, { id, jsonFormat: JsonFormat.TEXT });
  const stored = asked.data?.benchmark;
  const news = useWatched(stored ? [id] : []).get(id);
  useTitle(stored?.name ?? "Benchmark");
  useVisited("benchmark", stored?.name, hrefOf(`/benchmarks/${id}`));
  if (!stored)
    return (
      <>
        <h1>Benchmark</h1>
        <Loaded query={asked}>{() => null}</Loaded>
      </>
    );
  return <Whole benchmark={latestOf(stored, news)} deleted={news?.deleted ?? false} />;
}

/** What is stored, with what came since. The stream leaves out what is long. */
function latestOf(stored: Benchmark, news: WatchBenchmarksResponse | undefined): Benchmark {
  if (!news?.benchmark || news.deleted || news.benchmark.version < stored.version) return stored;
  const { description, resultsJson, metricsJson, metadataJson } = stored;
  return { ...news.benchmark, description, resultsJson, metricsJson, metadataJson };
}

function Whole({ benchmark, deleted }: { benchmark: Benchmark; deleted: boolean }) {
  const { id, status } = benchmark;
  const [search] = useSearchState();
  const metric = one(search.metric) || "score";
  const often = useSlowingInterval(2_000);
  const seldom = useSlowingInterval(5_000);
  const running = status === BenchmarkStatus.RUNNING;
  const refetchInterval = running && often;
  const summary = useQuery(
    BenchmarkService.method.getBenchmarkSummary,
    { benchmarkId: id },
    { refetchInterval },
  );
  return (
    <>
      <div className="head">
        <h1>
          <bdi>{benchmark.name}</bdi>
        </h1>
        <div className="actions">
          <CopyAs
            method={BenchmarkService.method.getBenchmarkSummary}
            request={{ benchmarkId: id }}
            ltb={ltbWords("summary", {}, [id])}
          />
          {!deleted && <Actions benchmark={benchmark} />}
        </div>
      </div>
      {deleted && <p className="banner bad">This benchmark was deleted. The page shows what it has.</p>}
      <Head benchmark={benchmark} totals={summary.data} />
      <p className="actions">
        <Link to="/benchmarks/$id/samples" params={{ id }}>
          All samples
        </Link>
        <a href={hrefOf("/compare", { baseline: id })}>Compare with…</a>
        <a href={hrefOf(`/leaderboards/${encodeURIComponent(benchmark.dataset)}`)}>
          Leaderboard of the dataset
        </a>
      </p>
      <h2>Metrics</h2>
      <Loaded query={summary}>
        {(data) => <Metrics summary={data} chosen={metric} running={running} />}
      </Loaded>
      <Spread id={id} metric={metric} summary={summary.data} refetchInterval={refetchInterval} />
      {benchmark.failedIterations > 0 && (
        <Failures id={id} failed={benchmark.failedIterations} refetchInterval={running && seldom} />
      )}
      <Extremes id={id} refetchInterval={running && seldom} />
      <Slices id={id} metric={metric} />
      <Runs benchmark={benchmark} metric={metric} />
      <Jobs id={id} />
      <Changes id={id} />
      <JsonSection title="Results as its client reported them" text={benchmark.resultsJson} />
      <JsonSection title="Metrics as its client reported them" text={benchmark.metricsJson} />
      <JsonSection title="Metadata" text={benchmark.metadataJson} />
    </>
  );
}
