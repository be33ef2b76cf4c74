import { useQuery } from "@connectrpc/connect-query";
import { lazy, Suspense } from "react";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { EvaluationView } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Text } from "../../parts/texts/Text.tsx";

const WordDiff = lazy(() =>
  import("../../parts/texts/WordDiff.tsx").then((file) => ({ default: file.WordDiff })),
);

/** One sample of both sides: what was asked, and in which words the answers differ. */
export function Pair({ baselineId, candidateId }: { baselineId: string; candidateId: string }) {
  const ids = [baselineId, candidateId].filter((id) => id !== "");
  const query = useQuery(
    BenchmarkService.method.batchGetEvaluations,
    { ids, view: EvaluationView.FULL },
    { staleTime: 60_000 },
  );
  return (
    <Loaded query={query}>
      {({ evaluations }) => {
        const of = (id: string): Evaluation | undefined => evaluations.find((each) => each.id === id);
        const [baseline, candidate] = [of(baselineId), of(candidateId)];
        return (
          <div className="pair">
            <Titled title="Input" text={candidate?.input ?? baseline?.input} />
            <Titled title="Expected" text={candidate?.expected ?? baseline?.expected} />
            <h3>Output, baseline to candidate</h3>
            <Suspense fallback={<p className="soft">Loading…</p>}>
              <WordDiff from={textOf(baseline)} to={textOf(candidate)} names={["baseline", "candidate"]} />
            </Suspense>
          </div>
        );
      }}
    </Loaded>
  );
}

/** What a side answered: its output, or why there is none. */
function textOf(evaluation: Evaluation | undefined): string {
  if (!evaluation) return "";
  return evaluation.output || (evaluation.error ? `error: ${evaluation.error}` : "");
}

function Titled({ title, text }: { title: string; text: string | undefined }) {
  return (
    <>
      <h3>{title}</h3>
      {text ? <Text text={text} label={title} /> : <p className="soft">none</p>}
    </>
  );
}
