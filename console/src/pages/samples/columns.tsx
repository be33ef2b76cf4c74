import { Link } from "@tanstack/react-router";
import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { bytes, count, figure, lasting, measure } from "../../parts/format.ts";
import type { Column } from "../../parts/VirtualTable.tsx";

/** What the list of samples shows of each. */
export const columns: readonly Column<Evaluation>[] = [
  {
    title: "Sample",
    isName: true,
    width: "minmax(7rem, 7fr)",
    cell: ({ id, benchmarkId, sampleId }) => (
      <Link
        to="/benchmarks/$id/samples/$evaluation"
        params={{ id: benchmarkId, evaluation: id }}
        // The filters go with it: previous and next are those of the list.
        search={true}
        className="two-lines"
        title={sampleId || id}
      >
        {sampleId || id}
      </Link>
    ),
  },
  { title: "Rep.", width: "3.75rem", number: true, cell: ({ repetition }) => repetition },
  {
    title: "Score",
    width: "4.5rem",
    number: true,
    cell: ({ score }) => (score === undefined ? <span className="soft">–</span> : figure(score)),
  },
  {
    title: "Input",
    width: "minmax(11.6rem, 12fr)",
    cell: ({ input, inputBytes }) => <Preview text={input} size={inputBytes} />,
  },
  {
    title: "Output",
    width: "minmax(11.6rem, 12fr)",
    cell: ({ output, outputBytes, error }) =>
      error === "" ? (
        <Preview text={output} size={outputBytes} />
      ) : (
        <div className="two-lines text-bad">{error}</div>
      ),
  },
  {
    title: "Expected",
    width: "minmax(7rem, 7fr)",
    cell: ({ expected, expectedBytes }) => <Preview text={expected} size={expectedBytes} />,
  },
  {
    title: "Latency",
    width: "5.25rem",
    number: true,
    cell: ({ latencyMs }) => (latencyMs === undefined ? "" : lasting(latencyMs)),
  },
  {
    title: "Tokens",
    width: "6.5rem",
    number: true,
    cell: ({ inputTokens, outputTokens }) =>
      inputTokens === undefined && outputTokens === undefined ? (
        ""
      ) : (
        <span title="read → written">
          {inputTokens === undefined ? "?" : count(inputTokens)} →{" "}
          {outputTokens === undefined ? "?" : count(outputTokens)}
        </span>
      ),
  },
  {
    title: "Cost",
    width: "6rem",
    number: true,
    cell: ({ costUsd }) => (costUsd === undefined ? "" : measure("cost_usd", costUsd)),
  },
];

/** The beginning of a text in two lines, with its whole size. */
function Preview({ text, size }: { text: string | undefined; size: number | undefined }) {
  if (text === undefined) return <span className="soft">–</span>;
  return (
    <div className="two-lines" title={size === undefined ? undefined : `${bytes(size)} in all`}>
      {text}
    </div>
  );
}
