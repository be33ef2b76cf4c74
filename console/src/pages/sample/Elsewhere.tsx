import { useQuery } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { Evaluation } from "../../../../gen/ltb/v1/evaluation_pb.ts";
import { firstOfSample } from "../../data/firstOfSample.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { count, figure } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Table, type TableColumn } from "../../parts/Table.tsx";

/** So many other benchmarks are asked for the sample, the newest ones. */
const asked = 20;

interface Props {
  evaluation: Evaluation;
  dataset: string;
}

/** The same sample in the newest other benchmarks of its dataset, looked up when it is opened. */
export function Elsewhere({ evaluation, dataset }: Props) {
  const [isOpen, setOpen] = useState(false);
  if (evaluation.sampleId === "") return null;
  return (
    <details className="elsewhere" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        The same sample in other benchmarks of <bdi>{dataset}</bdi>
      </summary>
      {isOpen && <Others {...{ evaluation, dataset }} />}
    </details>
  );
}

function Others({ evaluation: { sampleId, benchmarkId }, dataset }: Props) {
  const benchmarks = useQuery(
    BenchmarkService.method.listBenchmarks,
    { dataset, pageSize: asked + 1 },
    { staleTime: 60_000 },
  );
  const others = (benchmarks.data?.benchmarks ?? []).filter(({ id }) => id !== benchmarkId).slice(0, asked);
  const found = useQueries({
    queries: others.map(({ id }) => firstOfSample(id, sampleId)),
  });
  const rows = others.flatMap((benchmark, index) => {
    const evaluation = found[index]?.data?.evaluations[0];
    return evaluation ? [{ benchmark, evaluation, goesOn: found[index]?.data?.nextPageToken !== "" }] : [];
  });
  const failed = found.find(({ error }) => error !== null);
  const waits = found.some(({ isPending }) => isPending);
  return (
    <>
      <Loaded query={benchmarks}>
        {() =>
          rows.length > 0 ? (
            <Table
              label="The sample in other benchmarks"
              columns={columnsOf(benchmarkId)}
              rows={rows}
              keyOf={({ benchmark }) => benchmark.id}
            />
          ) : (
            !waits && !failed && <p className="soft">None of them has it.</p>
          )
        }
      </Loaded>
      {failed && <ErrorBox error={failed.error} onRetry={() => void failed.refetch()} />}
      {waits && (
        <p role="status" className="soft">
          Loading…
        </p>
      )}
      {benchmarks.data?.nextPageToken && (
        <p className="soft small">Of the dataset the newest {count(others.length)} others were asked.</p>
      )}
    </>
  );
}

interface Other {
  benchmark: Benchmark;
  /** The first of the sample. */
  evaluation: Evaluation;
  /** There are more of it. */
  goesOn: boolean;
}

/** What is shown of the others, which are compared with the benchmark of the page. */
const columnsOf = (baseline: string): readonly TableColumn<Other>[] => [
  {
    title: "Benchmark",
    isName: true,
    cell: ({ benchmark: { id, name }, evaluation, goesOn }) => (
      <>
        <Link to="/benchmarks/$id/samples/$evaluation" params={{ id, evaluation: evaluation.id }}>
          <bdi>{name}</bdi>
        </Link>
        {goesOn && <span className="soft small"> and more repetitions</span>}
      </>
    ),
  },
  { title: "Model", cell: ({ evaluation: { model } }) => <bdi>{model}</bdi> },
  {
    title: "Score",
    number: true,
    cell: ({ evaluation: { score } }) => (score === undefined ? "–" : figure(score)),
  },
  {
    title: "Output",
    cell: ({ evaluation: { output, error } }) =>
      error === "" ? (
        <div className="two-lines">{output}</div>
      ) : (
        <div className="two-lines text-bad">{error}</div>
      ),
  },
  {
    title: "Difference",
    cell: ({ benchmark: { id, name }, evaluation: { sampleId } }) => (
      <Link to="/compare" search={{ baseline, with: id, sample: sampleId } as never}>
        Compare<span className="hidden"> with {name}</span>
      </Link>
    ),
  },
];
