import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { BenchmarkComparison, ComparedSample } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import {
  BenchmarkService,
  type CompareBenchmarksResponse,
} from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { useIsWide } from "../../data/useIsWide.ts";
import { usePages } from "../../data/usePages.ts";
import { one, useSearchState } from "../../data/useSearchState.ts";
import { CopyText } from "../../parts/CopyText.tsx";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Tabs } from "../../parts/Tabs.tsx";
import { VirtualTable } from "../../parts/VirtualTable.tsx";
import { columnsOf } from "./columns.tsx";
import { Opened } from "./Opened.tsx";
import { pairQuery, placeOf } from "./pair.ts";
import { beyondList, goesByRight, type Show, samplesCommandOf, samplesOf, showOf, shows } from "./request.ts";
import { useSample } from "./useSample.ts";

interface Props {
  answer: CompareBenchmarksResponse;
  nameOf: (id: string) => string;
}

/** The samples by what became of them, with their values in each benchmark; one of them is opened beside. */
export function Samples({ answer, nameOf }: Props) {
  const { comparisons, lowerIsBetter } = answer;
  const [search, change] = useSearchState();
  const show = showOf(search);
  const request = samplesOf(search);
  const { benchmarkIds } = request;
  const counts = countsOf(comparisons, benchmarkIds);
  const beyond = beyondList(search).map(nameOf);
  const { query, rows, onEnd, total } = usePages(
    BenchmarkService.method.listComparedSamples,
    "samples",
    request,
    // Each page reads all samples of all benchmarks.
    { staleTime: 60_000, refetchOnWindowFocus: false, placeholderData: keepPreviousData },
  );

  const opened = one(search.sample);
  const at = rows.findIndex(({ sampleId }) => sampleId === opened);
  const sample = useSample(opened, benchmarkIds, rows, { enabled: !query.isPending });
  const placeIn = (row: ComparedSample) => {
    const chosen = benchmarkIds.indexOf(one(search.side));
    return chosen > 0 ? chosen : placeOf(row, show, lowerIsBetter);
  };
  const open = (row: ComparedSample | undefined) => row && (() => change({ sample: row.sampleId }));
  const [previous, next] = [open(rows[at - 1]), open(rows[at + 1])];
  const close = () => change({ sample: undefined, side: undefined });

  // The texts of those that may be opened next are there when they are.
  const queries = useQueryClient();
  const ahead = rows.slice(at + 1, at + 3).map((row) => idsOf(row, placeIn(row)));
  const aheadKey = opened === "" ? "" : JSON.stringify(ahead);
  useEffect(() => {
    const pairs: string[][] = aheadKey === "" ? [] : JSON.parse(aheadKey);
    for (const ids of pairs) void queries.prefetchQuery(pairQuery(ids));
  }, [queries, aheadKey]);

  const isWide = useIsWide(70);
  const pane = sample && (
    <Opened
      {...{ sample, benchmarkIds, nameOf }}
      place={placeIn(sample)}
      onPlace={(side) => change({ side })}
      onPrevious={previous}
      onNext={next}
      onClose={close}
    />
  );
  return (
    <section aria-labelledby="samples">
      <h2 id="samples">Samples</h2>
      <Tabs
        label="What became of the samples"
        tabs={shows.map(([name, words]) => ({
          name,
          words: (
            <>
              {words}
              {counts[name] !== undefined && <span className="soft"> {count(counts[name])}</span>}
            </>
          ),
        }))}
        shown={show}
        searchOf={(name) => ({ ...search, show: name, sample: undefined, side: undefined })}
      />
      <Choices show={show} nameOf={nameOf} candidates={comparisons.map(({ candidateId }) => candidateId)} />
      {beyond.length > 0 && (
        <p role="note">
          The list takes {benchmarkIds.length} benchmarks, the baseline included, and leaves out{" "}
          <bdi>{beyond.join(", ")}</bdi>: choose it under “Of candidate” to see its samples.
        </p>
      )}
      {isWide || !pane ? (
        <div className={pane ? "with-opened" : undefined}>
          <Loaded query={query}>
            {() => (
              <div aria-busy={query.isPlaceholderData}>
                <p className="soft small" role="status">
                  {total === undefined && "the first "}
                  {count(rows.length)} {rows.length === 1 ? "sample" : "samples"}
                </p>
                <VirtualTable
                  label="Samples"
                  columns={columnsOf({
                    ...{ benchmarkIds, nameOf, lowerIsBetter, opened },
                    onOpen: (sampleId) => change({ sample: sampleId }),
                  })}
                  rows={rows}
                  keyOf={({ sampleId }) => sampleId}
                  total={total}
                  onEnd={onEnd}
                  selected={opened}
                  empty={<>No sample is here.</>}
                />
              </div>
            )}
          </Loaded>
          {pane}
        </div>
      ) : (
        pane
      )}
      <CopyText label="These samples at a prompt" text={samplesCommandOf(search)} />
    </section>
  );
}

function idsOf({ values }: ComparedSample, place: number): string[] {
  return [values[0]?.evaluationId ?? "", values[place]?.evaluationId ?? ""];
}

/** How many samples a list has, as far as the comparison of one candidate has counted them. */
function countsOf(
  comparisons: readonly BenchmarkComparison[],
  benchmarkIds: readonly string[],
): Partial<Record<Show, number>> {
  const [, candidate, ...others] = benchmarkIds;
  const comparison = comparisons.find(({ candidateId }) => candidateId === candidate);
  // Samples that stand for the worst are no samples of the lists.
  if (!comparison || others.length > 0 || comparison.candidateFilled > 0) return {};
  return { regressed: comparison.losses, improved: comparison.wins, unchanged: comparison.ties };
}

interface ChoicesProps {
  show: Show;
  candidates: readonly string[];
  nameOf: (id: string) => string;
}

function Choices({ show, candidates, nameOf }: ChoicesProps) {
  if (candidates.length < 2 && !goesByRight(show)) return null;
  return (
    <search className="filters" aria-label="Samples">
      {candidates.length > 1 && (
        <ChoiceFilter
          name="of"
          label="Of candidate"
          options={[["", "any"], ...candidates.map((id) => [id, nameOf(id)] as const)]}
        />
      )}
      {goesByRight(show) && <TextFilter name="threshold" label="Right from (0.5)" type="number" />}
    </search>
  );
}
