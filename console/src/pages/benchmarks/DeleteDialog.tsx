import { Code, ConnectError } from "@connectrpc/connect";
import { createQueryOptions } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { askAgain } from "../../data/queries.ts";
import { useMayChange } from "../../data/session.ts";
import { transport } from "../../data/transport.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { count } from "../../parts/format.ts";

interface Props {
  ids: readonly string[];
  /** Called once all are gone. */
  onDone: () => void;
  onClose: () => void;
}

/** Says what goes with the chosen benchmarks, and deletes them one after the other. */
export function DeleteDialog({ ids, onDone, onClose }: Props) {
  const mayChange = useMayChange();
  const [done, setDone] = useState(0);
  const stop = useRef(new AbortController());
  const asked = useQueries({
    queries: ids.map((id) => createQueryOptions(BenchmarkService.method.getBenchmark, { id }, { transport })),
  });
  // Those that were there when they were last asked for, of which this has deleted some.
  const known = asked.flatMap(({ data, error }) => (isGone(error) ? [] : (data?.benchmark ?? [])));
  const own = known.filter(({ createdBy }) => mayChange(createdBy));
  const evaluations = own.reduce(
    (sum, { completedIterations, failedIterations }) => sum + completedIterations + failedIterations,
    0,
  );
  const gone = asked.filter(({ error }) => isGone(error)).length;
  const unknown = asked.find(({ error }) => error !== null && !isGone(error));
  const confirm = async () => {
    try {
      for (const [index, { id }] of own.entries()) {
        if (stop.current.signal.aborted) return;
        setDone(index);
        await remove(id);
      }
      onDone();
    } finally {
      // Some are gone also where it was stopped, or failed.
      await askAgain(BenchmarkService);
    }
  };
  return (
    <Confirm
      title="Delete benchmarks"
      action={`Delete ${count(own.length)}`}
      danger
      disabled={own.length === 0 || unknown !== undefined || asked.some(({ isPending }) => isPending)}
      mustType={`delete ${own.length}`}
      onConfirm={confirm}
      onClose={() => {
        stop.current.abort();
        onClose();
      }}
    >
      <ul>
        {own.map(({ id, name, completedIterations, failedIterations }) => (
          <li key={id}>
            <bdi>{name}</bdi>, {count(completedIterations + failedIterations)} evaluations
          </li>
        ))}
      </ul>
      <p>
        {count(evaluations)} evaluations go with them, and their pending and running jobs fail. It cannot be
        undone.
      </p>
      {own.length < known.length && (
        <p className="soft">{count(known.length - own.length)} stay: other users created them.</p>
      )}
      {gone > 0 && (
        <p className="soft">
          {count(gone)} {gone === 1 ? "is" : "are"} gone already.
        </p>
      )}
      {unknown && <ErrorBox error={unknown.error} onRetry={() => void unknown.refetch()} />}
      {done > 0 && (
        <p role="status">
          {count(done)} of {count(own.length)} deleted so far; Close stops it after the present one.
        </p>
      )}
    </Confirm>
  );
}

/** What somebody else has deleted meanwhile is deleted, too. */
async function remove(id: string): Promise<void> {
  try {
    // The service goes on with it whatever becomes of the call.
    await benchmarkClient.deleteBenchmark({ id }, { timeoutMs: 0 });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const isGone = (error: unknown): boolean => error !== null && ConnectError.from(error).code === Code.NotFound;
