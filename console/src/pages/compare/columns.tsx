import type { ComparedSample } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { count, figure } from "../../parts/format.ts";
import type { Column } from "../../parts/VirtualTable.tsx";
import { gainOf } from "./pair.ts";

interface Matrix {
  benchmarkIds: readonly string[];
  nameOf: (id: string) => string;
  lowerIsBetter: boolean;
  opened: string;
  onOpen: (sampleId: string) => void;
}

/** A matrix of samples and benchmarks: one column for each benchmark, the baseline first. */
export function columnsOf(matrix: Matrix): readonly Column<ComparedSample>[] {
  const { benchmarkIds, nameOf, lowerIsBetter, opened, onOpen } = matrix;
  return [
    {
      title: "Sample",
      isName: true,
      width: "minmax(8rem, 2fr)",
      cell: ({ sampleId }) => (
        <button
          type="button"
          className="link one-line"
          title={sampleId}
          aria-expanded={sampleId === opened}
          onClick={() => onOpen(sampleId)}
        >
          {sampleId}
        </button>
      ),
    },
    {
      title: "Differ by",
      width: "7rem",
      number: true,
      cell: ({ difference }) => figure(difference),
    },
    ...benchmarkIds.map((id, place) => ({
      title: nameOf(id),
      id,
      head: (
        <bdi className="one-line" title={nameOf(id)}>
          {nameOf(id)}
        </bdi>
      ),
      width: "minmax(7rem, 1fr)",
      number: true,
      cell: ({ values }: ComparedSample) => (
        <Value
          value={values[place]?.value}
          tries={values[place]?.count ?? 0}
          gain={gainOf(values[place]?.value, values[0]?.value, lowerIsBetter)}
        />
      ),
    })),
  ];
}

/** A value of a sample, and whether it is better or worse than the baseline's, which takes no test. */
function Value({
  value,
  tries,
  gain = 0,
}: {
  value: number | undefined;
  tries: number;
  gain: number | undefined;
}) {
  if (value === undefined) return <span className="soft">none</span>;
  const ofTries = tries > 1 && <span className="soft small"> of {count(tries)}</span>;
  if (gain === 0)
    return (
      <>
        {figure(value)}
        {ofTries}
      </>
    );
  return (
    <span className={gain > 0 ? "text-good" : "text-bad"}>
      <span aria-hidden="true">{gain > 0 ? "▲ " : "▼ "}</span>
      <span className="hidden">{gain > 0 ? "better: " : "worse: "}</span>
      {figure(value)}
      {ofTries}
    </span>
  );
}
