import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { LeaderboardEntry } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { count, figure } from "../../parts/format.ts";
import { BenchmarkState } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { type Column, VirtualTable } from "../../parts/VirtualTable.tsx";

interface Props {
  entries: readonly LeaderboardEntry[];
  total: number;
  onEnd: (() => void) | undefined;
}

/** The entries of a leaderboard in rows, of which some can be chosen to be compared. */
export function Standings({ entries, total, onEnd }: Props) {
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [baseline, ...others] = entries.filter(({ benchmarkId }) => chosen.has(benchmarkId));
  return (
    <>
      <div className="actions">
        {baseline && others.length > 0 ? (
          <Link
            to="/compare"
            search={
              { baseline: baseline.benchmarkId, with: others.map(({ benchmarkId }) => benchmarkId) } as never
            }
          >
            Compare {others.length + 1} of them
          </Link>
        ) : (
          <span className="soft">Choose two or more to compare them.</span>
        )}
      </div>
      <VirtualTable
        label="Standings"
        columns={columns}
        rows={entries}
        keyOf={({ benchmarkId }) => benchmarkId}
        selection={{ chosen, onChange: choose, nameOf: ({ benchmarkName }) => benchmarkName }}
        total={total}
        onEnd={onEnd}
      />
    </>
  );
}

const columns: readonly Column<LeaderboardEntry>[] = [
  {
    title: "Rank",
    width: "4.5rem",
    number: true,
    cell: ({ rank, rankLow, rankHigh }) => (
      <>
        {rank}{" "}
        {rankLow !== rankHigh && (
          <span className="soft">
            ({rankLow}–{rankHigh})
          </span>
        )}
      </>
    ),
  },
  {
    title: "Benchmark",
    isName: true,
    width: "minmax(10rem, 2fr)",
    cell: ({ benchmarkId, benchmarkName }) => (
      <BenchmarkLink id={benchmarkId}>
        <bdi>{benchmarkName}</bdi>
      </BenchmarkLink>
    ),
  },
  {
    title: "Model",
    width: "minmax(8rem, 1.5fr)",
    cell: ({ model, provider }) => <bdi>{`${provider} / ${model}`}</bdi>,
  },
  { title: "Mean", width: "4.5rem", number: true, cell: ({ mean }) => figure(mean) },
  {
    title: "95 % interval",
    width: "8.7rem",
    number: true,
    cell: ({ ci95Low, ci95High }) =>
      ci95Low === undefined || ci95High === undefined ? "–" : `${figure(ci95Low)} to ${figure(ci95High)}`,
  },
  { title: "Samples", width: "5.2rem", number: true, cell: (entry) => count(entry.count) },
  { title: "What it lacks", width: "minmax(7.5rem, 1.5fr)", cell: lackOf },
  { title: "Status", width: "7rem", cell: ({ status }) => <BenchmarkState status={status} /> },
  { title: "Created", width: "6.5rem", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

/** What keeps an entry from counting whole. */
function lackOf({ coverage, repetitions, differentInputs = 0 }: LeaderboardEntry) {
  const lacks = [
    [coverage?.missing ?? 0, "without a value"],
    [coverage?.scoredWithError ?? 0, "failed beside a value"],
    [repetitions?.samplesLacking ?? 0, "lack repetitions"],
    [repetitions?.samplesBeyond ?? 0, "repeated too often"],
    [differentInputs, "asked otherwise"],
  ] as const;
  const words = lacks.filter(([number]) => number > 0).map(([number, what]) => `${count(number)} ${what}`);
  return words.length === 0 ? (
    <span className="soft">nothing</span>
  ) : (
    <span className="text-warn">{words.join(", ")}</span>
  );
}
