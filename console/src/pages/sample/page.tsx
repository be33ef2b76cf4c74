import { useQuery } from "@connectrpc/connect-query";
import { useQuery as useAnyQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { hrefOf } from "../../data/links.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { useVisited } from "../../data/visited.ts";
import { shortcut } from "../../keys/table.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { Details } from "./Details.tsx";
import { Elsewhere } from "./Elsewhere.tsx";
import { Texts } from "./Texts.tsx";
import { sampleQuery, useNeighbours } from "./useNeighbours.ts";

/** One sample: what was asked, what came, what was expected, and how it was judged. */
export function Page() {
  const { id = "", evaluation: evaluationId = "" } = useParams({ strict: false });
  const [search] = useSearchState();
  const asked = useAnyQuery(sampleQuery(id, evaluationId));
  const evaluation = asked.data?.evaluation;
  const { data } = useQuery(BenchmarkService.method.getBenchmark, { id }, { staleTime: 60_000 });
  const name = data?.benchmark?.name ?? id;
  useTitle(`${(evaluation && titleOf(evaluation)) || "Sample"} · ${name}`);
  useVisited(
    "sample",
    evaluation && titleOf(evaluation),
    hrefOf(`/benchmarks/${id}/samples/${evaluationId}`),
  );
  const neighbours = useNeighbours(id, evaluationId, search);
  const navigate = useNavigate();
  const open = (other: string | undefined) => () => {
    if (other)
      void navigate({
        to: "/benchmarks/$id/samples/$evaluation",
        params: { id, evaluation: other },
        search: true,
        resetScroll: false,
      });
  };
  return (
    <>
      <p className="path">
        <Link to="/benchmarks">Benchmarks</Link> /
        <Link to="/benchmarks/$id" params={{ id }} className="one-line">
          {name}
        </Link>
        /
        <Link to="/benchmarks/$id/samples" params={{ id }} search={true}>
          Samples
        </Link>
      </p>
      <div className="head">
        <h1>
          <bdi>{evaluation ? titleOf(evaluation) : "Sample"}</bdi>
        </h1>
        <div className="actions">
          <CopyAs
            method={BenchmarkService.method.getEvaluation}
            request={{ benchmarkId: id, id: evaluationId }}
            ltb={ltbWords("evaluation show", {}, [evaluationId])}
          />
          <button
            type="button"
            {...shortcut("before")}
            disabled={!neighbours.previous}
            onClick={open(neighbours.previous)}
          >
            Previous <kbd>[</kbd>
          </button>
          <button
            type="button"
            {...shortcut("after")}
            disabled={!neighbours.next}
            onClick={open(neighbours.next)}
          >
            Next <kbd>]</kbd>
          </button>
        </div>
      </div>
      <Loaded query={asked}>
        {() =>
          evaluation && (
            <>
              <Texts evaluation={evaluation} />
              <Details evaluation={evaluation} />
              {data?.benchmark && <Elsewhere evaluation={evaluation} dataset={data.benchmark.dataset} />}
            </>
          )
        }
      </Loaded>
    </>
  );
}

function titleOf({ sampleId, id, repetition }: Evaluation): string {
  return `${sampleId || id}${repetition > 0 ? ` · repetition ${repetition}` : ""}`;
}
