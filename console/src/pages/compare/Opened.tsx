import { Link } from "@tanstack/react-router";
import type { ComparedSample } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { shortcut } from "../../keys/table.ts";
import { figure } from "../../parts/format.ts";
import { Pair } from "./Pair.tsx";

interface Props {
  sample: ComparedSample;
  /** In the order of the sample's values, the baseline first. */
  benchmarkIds: readonly string[];
  /** Which of them stands beside the baseline. */
  place: number;
  nameOf: (id: string) => string;
  onPlace: (benchmarkId: string) => void;
  /** Undefined where there is none. */
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
  onClose: () => void;
}

/** One sample of the list: its texts in the baseline and in one candidate, with what differs marked. */
export function Opened(props: Props) {
  const { sample, benchmarkIds, place, nameOf, onPlace, onPrevious, onNext, onClose } = props;
  const side = (at: number) => ({
    benchmarkId: benchmarkIds[at] ?? "",
    evaluationId: sample.values[at]?.evaluationId ?? "",
    value: sample.values[at]?.value,
  });
  const [baseline, candidate] = [side(0), side(place)];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys too.
    <section className="opened" tabIndex={0} aria-label={`Sample ${sample.sampleId}`}>
      <div className="head">
        <h3>
          <bdi>{sample.sampleId}</bdi>
        </h3>
        <div className="actions">
          <button type="button" {...shortcut("previous")} disabled={!onPrevious} onClick={onPrevious}>
            Previous <kbd>k</kbd>
          </button>
          <button type="button" {...shortcut("next")} disabled={!onNext} onClick={onNext}>
            Next <kbd>j</kbd>
          </button>
          <button type="button" {...shortcut("close")} onClick={onClose}>
            Close <kbd>Esc</kbd>
          </button>
        </div>
      </div>
      {benchmarkIds.length > 2 && (
        <label>
          Beside the baseline{" "}
          <select value={candidate.benchmarkId} onChange={({ target }) => onPlace(target.value)}>
            {benchmarkIds.slice(1).map((id) => (
              <option key={id} value={id}>
                {nameOf(id)}
              </option>
            ))}
          </select>
        </label>
      )}
      <ul className="plain sides">
        {[baseline, candidate].map(({ benchmarkId, evaluationId, value }, index) => (
          <li key={benchmarkId}>
            <span className="soft">{index === 0 ? "Baseline" : "Candidate"}</span>{" "}
            {evaluationId === "" ? (
              <>
                <bdi>{nameOf(benchmarkId)}</bdi> has none
              </>
            ) : (
              <Link
                to="/benchmarks/$id/samples/$evaluation"
                params={{ id: benchmarkId, evaluation: evaluationId }}
              >
                <bdi>{nameOf(benchmarkId)}</bdi>
              </Link>
            )}
            {value !== undefined && <strong> {figure(value)}</strong>}
          </li>
        ))}
      </ul>
      <Pair baselineId={baseline.evaluationId} candidateId={candidate.evaluationId} />
    </section>
  );
}
