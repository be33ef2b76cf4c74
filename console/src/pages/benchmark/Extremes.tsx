import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { type Evaluation, EvaluationOrder, EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import type { SlowingInterval } from "../../data/live.ts";
import type { Search } from "../../data/search.ts";
import { figure } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";

interface Props {
  id: string;
  refetchInterval: false | SlowingInterval;
}

/** The samples that one looks at first: those with the lowest and highest scores. */
export function Extremes({ id, refetchInterval }: Props) {
  const shared = { id, refetchInterval };
  return (
    <div className="columns">
      <First
        {...shared}
        title="Lowest scores"
        ask={{ orderBy: EvaluationOrder.SCORE_ASC }}
        search={{ order: "lowest" }}
        told={preview}
      />
      <First
        {...shared}
        title="Highest scores"
        ask={{ orderBy: EvaluationOrder.SCORE_DESC }}
        search={{ order: "highest" }}
        told={preview}
      />
    </div>
  );
}

const preview = ({ output, input }: Evaluation) => output ?? input;

interface FirstProps {
  id: string;
  title: string;
  ask: { failedOnly?: boolean; orderBy?: EvaluationOrder };
  /** The same list in the address of the samples' page. */
  search: Search;
  told: (evaluation: Evaluation) => React.ReactNode;
  refetchInterval: false | SlowingInterval;
}

function First({ id, title, ask, search, told, refetchInterval }: FirstProps) {
  const list = useQuery(
    BenchmarkService.method.listEvaluations,
    { benchmarkId: id, pageSize: 10, view: EvaluationView.PREVIEW, previewChars: 120, ...ask },
    { refetchInterval },
  );
  return (
    <section>
      <h2>
        <Link to="/benchmarks/$id/samples" params={{ id }} search={search as never}>
          {title}
        </Link>
      </h2>
      <Loaded query={list}>
        {({ evaluations }) =>
          evaluations.length === 0 ? (
            <p className="empty">none yet</p>
          ) : (
            <ol className="plain">
              {evaluations.map((evaluation) => (
                <li key={evaluation.id}>
                  <Link
                    to="/benchmarks/$id/samples/$evaluation"
                    params={{ id, evaluation: evaluation.id }}
                    search={search as never}
                  >
                    <bdi>{evaluation.sampleId || evaluation.id}</bdi>
                    {evaluation.repetition > 0 && ` · ${evaluation.repetition}`}
                  </Link>{" "}
                  {evaluation.score !== undefined && <strong>{figure(evaluation.score)}</strong>}
                  <div className="two-lines soft small">{told(evaluation)}</div>
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </section>
  );
}
