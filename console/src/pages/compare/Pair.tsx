import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { loadFile } from "../../data/loadFile.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Text } from "../../parts/texts/Text.tsx";
import { pairQuery } from "./pair.ts";

const WordDiff = lazy(() =>
  loadFile(() => import("../../parts/texts/WordDiff.tsx")).then((file) => ({ default: file.WordDiff })),
);

/** One sample of both sides: what was asked, and in which words the answers differ. */
export function Pair({ baselineId, candidateId }: { baselineId: string; candidateId: string }) {
  const query = useQuery(pairQuery([baselineId, candidateId]));
  return (
    <Loaded query={query}>
      {({ evaluations }) => {
        const of = (id: string): Evaluation | undefined => evaluations.find((each) => each.id === id);
        const [baseline, candidate] = [of(baselineId), of(candidateId)];
        return (
          <div className="pair">
            <Titled title="Input" text={candidate?.input ?? baseline?.input} />
            <Titled title="Expected" text={candidate?.expected ?? baseline?.expected} />
            {baseline && candidate ? (
              <>
                <h4>Output, baseline to candidate</h4>
                <Suspense fallback={<p className="soft">Loading…</p>}>
                  <WordDiff
                    from={answerOf(baseline)}
                    to={answerOf(candidate)}
                    names={["baseline", "candidate"]}
                  />
                </Suspense>
              </>
            ) : (
              <>
                <Titled title="Output of the baseline" text={answerOf(baseline)} />
                <Titled title="Output of the candidate" text={answerOf(candidate)} />
              </>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}

/** What a side answered: its output, or why there is none. */
function answerOf(evaluation: Evaluation | undefined): string {
  if (!evaluation) return "";
  return evaluation.output || (evaluation.error ? `error: ${evaluation.error}` : "");
}

function Titled({ title, text }: { title: string; text: string | undefined }) {
  return (
    <>
      <h4>{title}</h4>
      {text ? <Text text={text} label={title} /> : <p className="soft">none</p>}
    </>
  );
}
