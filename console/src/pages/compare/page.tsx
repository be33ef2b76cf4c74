import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { all, one, useSearchState } from "../../data/useSearchState.ts";
import { useVisited } from "../../data/visited.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ChoiceFilter, TextFilter } from "../../parts/Filter.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { MissingFilter } from "../../parts/MissingFilter.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Candidate } from "./Candidate.tsx";
import { Choice } from "./Choice.tsx";
import { CostAndLatency } from "./CostAndLatency.tsx";
import { Overall } from "./Overall.tsx";
import { requestOf, wordsOfComparison } from "./request.ts";
import { Samples } from "./Samples.tsx";
import { useNames } from "./useNames.ts";

/** Benchmarks beside a baseline: which is better, by how much, how sure that is, and in which samples. */
export function Page() {
  useTitle("Compare");
  const [search] = useSearchState();
  const request = requestOf(search);
  const query = useQuery(BenchmarkService.method.compareBenchmarks, request ?? {}, {
    enabled: request !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  const nameOf = useNames(request ? [request.baselineId ?? "", ...(request.candidateIds ?? [])] : []);
  const compared = all(search.with).map(nameOf).join(", ");
  useVisited(
    "comparison",
    query.data && `${nameOf(one(search.baseline))} / ${compared}`,
    hrefOf("/compare", search),
  );
  return (
    <>
      <div className="head">
        <h1>Compare</h1>
        {request && (
          <CopyAs
            method={BenchmarkService.method.compareBenchmarks}
            request={request}
            ltb={wordsOfComparison(search)}
          />
        )}
      </div>
      <Choice nameOf={nameOf} />
      {request === undefined ? (
        <div className="empty">
          Choose a baseline and a benchmark to compare with it: here, in the list of benchmarks, or on a
          leaderboard.
        </div>
      ) : (
        <>
          <search className="filters">
            <TextFilter name="metric" label="Metric (score)" />
            <ChoiceFilter name="lower" label="Better is" options={directions} />
            <MissingFilter />
            <ChoiceFilter name="different" label="Asked otherwise" options={different} />
            <TextFilter name="group" label="Groups by metadata key" />
          </search>
          <Loaded query={query}>
            {(answer) => (
              <div aria-busy={query.isPlaceholderData}>
                <Overall answer={answer} nameOf={nameOf} />
                <CostAndLatency metric={answer.metric} nameOf={nameOf} />
                {answer.comparisons.map((comparison) => (
                  <Candidate
                    key={comparison.candidateId}
                    comparison={comparison}
                    lowerIsBetter={answer.lowerIsBetter}
                    name={nameOf(comparison.candidateId)}
                  />
                ))}
                <Samples answer={answer} nameOf={nameOf} />
              </div>
            )}
          </Loaded>
        </>
      )}
    </>
  );
}

const directions = [
  ["", "as the metric has it"],
  ["0", "higher"],
  ["1", "lower"],
] as const;

const different = [
  ["", "left out"],
  ["1", "compared all the same"],
] as const;
