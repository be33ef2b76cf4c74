import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type Benchmark, BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { benchmarkClient } from "../../data/clients.ts";
import { useMay, useSession } from "../../data/session.ts";
import { shortcut } from "../../keys/table.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { LabelsDialog } from "./LabelsDialog.tsx";

/** What may be done with a benchmark by who may do it: its owner, and admins. */
export function Actions({ benchmark }: { benchmark: Benchmark }) {
  const admin = useMay("admin");
  const user = useMay("user");
  const session = useSession();
  const [asking, ask] = useState<"cancel" | "rename" | "labels" | "delete">();
  if (!admin && !(user && benchmark.createdBy === session.data?.user?.id)) return null;
  const goesOn = benchmark.status === BenchmarkStatus.PENDING || benchmark.status === BenchmarkStatus.RUNNING;
  const shared = { benchmark, onClose: () => ask(undefined) };
  return (
    <div className="actions">
      {goesOn && (
        <button type="button" {...shortcut("cancel")} onClick={() => ask("cancel")}>
          Cancel…
        </button>
      )}
      <button type="button" onClick={() => ask("rename")}>
        Rename…
      </button>
      <button type="button" onClick={() => ask("labels")}>
        Labels…
      </button>
      <button type="button" className="danger" onClick={() => ask("delete")}>
        Delete…
      </button>
      {asking === "cancel" && <Cancel {...shared} />}
      {asking === "rename" && <Rename {...shared} />}
      {asking === "labels" && <LabelsDialog {...shared} />}
      {asking === "delete" && <Delete {...shared} />}
    </div>
  );
}

interface Props {
  benchmark: Benchmark;
  onClose: () => void;
}

function Cancel({ benchmark: { id, version }, onClose }: Props) {
  const queries = useQueryClient();
  return (
    <Confirm
      title="Cancel this benchmark?"
      action="Cancel it"
      danger
      onClose={onClose}
      onConfirm={async () => {
        await benchmarkClient.updateBenchmark({
          id,
          status: BenchmarkStatus.CANCELLED,
          expectedVersion: version,
        });
        await queries.invalidateQueries();
      }}
    >
      <p>
        Its status becomes cancelled, for good. Its evaluations stay, and so do its jobs: those are cancelled
        apart.
      </p>
    </Confirm>
  );
}

function Rename({ benchmark: { id, name, version }, onClose }: Props) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState(name);
  return (
    <Confirm
      title="Rename this benchmark"
      action="Rename"
      onClose={onClose}
      onConfirm={async () => {
        await benchmarkClient.updateBenchmark({ id, name: typed, expectedVersion: version });
        await queries.invalidateQueries();
      }}
    >
      <p>
        <label>
          Name <input value={typed} maxLength={255} onChange={({ target }) => setTyped(target.value)} />
        </label>
      </p>
    </Confirm>
  );
}

function Delete({ benchmark, onClose }: Props) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const stored = benchmark.completedIterations + benchmark.failedIterations;
  return (
    <Confirm
      title="Delete this benchmark?"
      action="Delete it"
      danger
      mustType={/^[!-~](?:[ -~]{0,38}[!-~])?$/.test(benchmark.name) ? benchmark.name : "delete"}
      onClose={onClose}
      onConfirm={async () => {
        // The service goes on with it whatever becomes of the call.
        await benchmarkClient.deleteBenchmark({ id: benchmark.id }, { timeoutMs: 0 });
        await navigate({ to: "/benchmarks" });
        await queries.invalidateQueries();
      }}
    >
      <p>
        Its {count(stored)} evaluations go with it, and its pending and running jobs fail. It cannot be called
        off, nor undone.
      </p>
    </Confirm>
  );
}
