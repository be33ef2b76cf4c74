import type { PairedSample } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { useSearchState } from "../../data/useSearchState.ts";
import { figure } from "../../parts/format.ts";
import { Scroll } from "../../parts/Scroll.tsx";
import { Pair } from "./Pair.tsx";

/** Samples whose value changed, the largest change first; one of them can be opened below its row. */
export function PairedSamples({ label, samples }: { label: string; samples: readonly PairedSample[] }) {
  const [search, change] = useSearchState();
  return (
    <Scroll label={label}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Sample</th>
            {["Baseline", "Candidate", "Difference"].map((title) => (
              <th scope="col" key={title} className="number">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {samples.map((sample) => {
            const key = sample.candidateEvaluationId || sample.baselineEvaluationId;
            const isOpen = search.sample === key;
            return [
              <tr key={key}>
                <th scope="row">
                  <button
                    type="button"
                    className="link"
                    aria-expanded={isOpen}
                    onClick={() => change({ sample: isOpen ? undefined : key })}
                  >
                    <bdi>{sample.sampleId}</bdi>
                  </button>
                </th>
                <td className="number">{figure(sample.baselineValue)}</td>
                <td className="number">{figure(sample.candidateValue)}</td>
                <td className="number">{figure(sample.difference)}</td>
              </tr>,
              isOpen && (
                <tr key={`${key} open`}>
                  <td colSpan={4}>
                    <Pair
                      baselineId={sample.baselineEvaluationId}
                      candidateId={sample.candidateEvaluationId}
                    />
                  </td>
                </tr>
              ),
            ];
          })}
        </tbody>
      </table>
    </Scroll>
  );
}
