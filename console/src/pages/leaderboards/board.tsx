import { useParams } from "@tanstack/react-router";
import type { LeaderboardEntry } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import {
  BenchmarkService,
  type GetLeaderboardResponse,
} from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { standingOf } from "../../../../src/charts/rows.ts";
import { isOpen } from "../../../../src/statistics/lacking.ts";
import { Intervals } from "../../charts/Intervals.tsx";
import { hrefOf } from "../../data/links.ts";
import { usePages } from "../../data/usePages.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { useVisited } from "../../data/visited.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { MissingFilter } from "../../parts/MissingFilter.tsx";
import { Tabs } from "../../parts/Tabs.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Against } from "./Against.tsx";
import { commandOf, requestOf } from "./request.ts";
import { Standings } from "./Standings.tsx";

/** The benchmarks of a dataset by one metric, as far as they are apart. */
export function Page() {
  const { dataset = "" } = useParams({ strict: false }) as { dataset?: string };
  useTitle(`Leaderboard of ${dataset}`);
  useVisited("leaderboard", dataset, hrefOf(`/leaderboards/${encodeURIComponent(dataset)}`));
  const [search] = useSearchState();
  const view = views.find(([name]) => name === one(search.view))?.[0] ?? "";
  const request = requestOf(dataset, search);
  const {
    query,
    rows: entries,
    onEnd,
  } = usePages(BenchmarkService.method.getLeaderboard, "entries", request, { every: 10_000 });
  return (
    <>
      <div className="head">
        <h1>
          Leaderboard of <bdi>{dataset}</bdi>
        </h1>
        <CopyAs
          method={BenchmarkService.method.getLeaderboard}
          request={request}
          ltb={commandOf(dataset, search)}
        />
      </div>
      <search className="filters">
        <TextFilter name="metric" label="Metric (score)" />
        <ChoiceFilter name="reducer" label="Repetitions by" options={reducers} />
        <MissingFilter />
        <TextFilter name="provider" label="Provider" />
        <ChoiceFilter name="status" label="Status" options={statuses} />
        <TextFilter name="min_count" label="At least … samples" type="number" />
      </search>
      <Loaded query={query}>
        {({ pages: [first] }) => {
          if (!first) return null;
          if (entries.length === 0)
            return (
              <div className="empty">
                No benchmark of this dataset has a value here.
                <LeftOut board={first} />
              </div>
            );
          return (
            <>
              <Tabs
                label="View"
                tabs={views.map(([name, words]) => ({ name, words }))}
                shown={view}
                searchOf={(name) => ({ ...search, view: name || undefined })}
              />
              {view === "" ? (
                <Ranked entries={entries} metric={one(search.metric) || "score"} />
              ) : (
                <Against
                  {...{ dataset, entries, lowerIsBetter: first.lowerIsBetter }}
                  takes={view === "cost" ? "cost_usd" : "latency_ms"}
                />
              )}
              <Standings entries={entries} onEnd={onEnd} total={first.totalCount} />
              <LeftOut board={first} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}

/** The ways to draw the board, as the address names them; the first is meant by none. */
const views = [
  ["", "Intervals"],
  ["cost", "Against cost"],
  ["latency", "Against latency"],
] as const;

/** The first of the board in their order, with their intervals. */
function Ranked({ entries, metric }: { entries: readonly LeaderboardEntry[]; metric: string }) {
  return (
    <>
      <Intervals
        title={`${metric} with 95 % intervals, best first`}
        note={`On the shaded ground stands what may be the best.${entries.some(isOpen) ? " Dotted lines go as far as a mean may be, whatever is missing." : ""}`}
        rows={entries.slice(0, 60).map((entry) => ({
          ...standingOf(entry),
          href: hrefOf(`/benchmarks/${entry.benchmarkId}`),
        }))}
      />
      {entries.length > 60 && <p className="soft">The chart shows the first 60; the table all.</p>}
    </>
  );
}

/** What is not on the board, and why. */
function LeftOut({ board }: { board: GetLeaderboardResponse }) {
  const lines = [
    [board.pendingCount, "are still being computed"],
    [board.unscoredCount, "match, and have no value of this metric"],
    [board.belowMinimumCount, "have fewer samples than asked"],
  ] as const;
  const left = lines.filter(([number]) => number > 0);
  if (left.length === 0) return null;
  return (
    <p className="soft">
      Not on the board: {left.map(([number, why]) => `${count(number)} ${why}`).join("; ")}.
    </p>
  );
}

const reducers = [
  ["", "mean"],
  ["MEDIAN", "median"],
  ["MODE", "mode"],
  ["MAX", "maximum"],
] as const;

const statuses = [
  ["", "any"],
  ["COMPLETED", "completed"],
  ["RUNNING", "running"],
] as const;
