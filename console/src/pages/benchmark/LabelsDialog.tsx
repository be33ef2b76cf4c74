import { Code, ConnectError } from "@connectrpc/connect";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { Benchmark } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { FieldChanges } from "../../parts/FieldChanges.tsx";
import {
  changesOf,
  type Labels,
  labelKeyLength,
  labelValueLength,
  mostLabels,
  problemOf,
  type Row,
  rowsOf,
  withChanges,
} from "./labels.ts";

/** Changes the labels of a benchmark. What others change meanwhile is shown, and not written over unseen. */
export function LabelsDialog({ benchmark, onClose }: { benchmark: Benchmark; onClose: () => void }) {
  const queries = useQueryClient();
  const { id } = benchmark;
  // The page follows the benchmark while one types; what is written depends on what one saw first.
  const [seen, setSeen] = useState<{ version: number; labels: Labels }>(benchmark);
  const [now, setNow] = useState<Labels>();
  const theirs = now && changesOf(seen.labels, now);
  const [rows, setRows] = useState<Row[]>(() => rowsOf(benchmark.labels));
  const nextId = useRef(mostLabels);
  const added = useRef(false);
  const problem = problemOf(rows);
  const change = (changed: Row) => setRows(rows.map((row) => (row.id === changed.id ? changed : row)));

  const save = async (expectedVersion: number): Promise<void> => {
    try {
      const labels = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
      await benchmarkClient.updateBenchmark({
        id,
        labels,
        updateMask: { paths: ["labels"] },
        expectedVersion,
      });
    } catch (error) {
      if (ConnectError.from(error).code !== Code.Aborted) throw error;
      const { benchmark: stored } = await benchmarkClient.getBenchmark({ id });
      if (!stored) throw error;
      // Its status may have changed, which is nothing to ask about.
      if (!changesOf(seen.labels, stored.labels)) return save(stored.version);
      setSeen({ ...seen, version: stored.version });
      setNow(stored.labels);
      throw new ConnectError("Others changed these labels meanwhile, so nothing was saved.", Code.Aborted);
    }
    await queries.invalidateQueries();
  };

  return (
    <Confirm
      title="Labels of this benchmark"
      action="Save"
      disabled={problem !== undefined}
      onClose={onClose}
      onConfirm={() => save(seen.version)}
    >
      <p id="labels-limits" className="soft">
        At most {mostLabels} labels. A key has 1 to {labelKeyLength} characters and is there once, a value at
        most {labelValueLength}.
      </p>
      <ul className="plain label-rows">
        {rows.map((row, index) => (
          <li key={row.id}>
            <input
              aria-label={`Key ${index + 1}`}
              aria-describedby="labels-limits"
              // A row that was asked for is where one types next.
              ref={(element) => {
                if (!element || !added.current || index < rows.length - 1) return;
                added.current = false;
                element.focus();
              }}
              value={row.key}
              onChange={({ target }) => change({ ...row, key: target.value })}
            />
            <input
              aria-label={`Value ${index + 1}`}
              aria-describedby="labels-limits"
              value={row.value}
              onChange={({ target }) => change({ ...row, value: target.value })}
            />
            <button
              type="button"
              aria-label={`Remove label ${index + 1}`}
              onClick={() => setRows(rows.filter((other) => other !== row))}
            >
              ✕
            </button>
          </li>
        ))}
      </ul>
      <button
        type="button"
        disabled={rows.length >= mostLabels}
        onClick={() => {
          added.current = true;
          setRows([...rows, { id: nextId.current++, key: "", value: "" }]);
        }}
      >
        Add a label
      </button>
      <p role="status" className="text-bad">
        {problem}
      </p>
      {theirs && (
        <section aria-label="Changed by others">
          <p>Changed meanwhile, before and after. What you typed stands above, and Save writes that.</p>
          <FieldChanges changes={theirs} />
          <button
            type="button"
            onClick={() => {
              setRows(withChanges(rows, theirs, nextId));
              setSeen({ ...seen, labels: now });
            }}
          >
            Take their changes over
          </button>
        </section>
      )}
    </Confirm>
  );
}
