import { useState } from "react";
import { type Job, JobStatus, JobStatusSchema } from "../../../../gen/ltb/v1/job_pb.ts";
import { useMay } from "../../data/session.ts";
import { shortcut } from "../../keys/table.ts";
import { count } from "../../parts/format.ts";
import { wordOf } from "../../parts/Status.tsx";
import { BulkDialog, type Plan } from "./BulkDialog.tsx";
import { type Action, statusesFor } from "./bulk.ts";
import { type JobFilters, wordsOf } from "./filters.ts";

interface Props {
  filters: JobFilters;
  selected: readonly Job[];
  onClear: () => void;
}

const actions: readonly (readonly [Action, string])[] = [
  ["retry", "Retry"],
  ["cancel", "Cancel"],
];

/** Retries or cancels the selected jobs, or all that match, and says afterwards what was done. */
export function BulkBar({ filters, selected, onClear }: Props) {
  const [plan, setPlan] = useState<Plan>();
  const [account, setAccount] = useState<string>();
  if (!useMay("user")) return null;
  const offered = actions.flatMap(([action, word]) => {
    const made = planOf(action, filters, selected);
    return made ? [{ action, word, made }] : [];
  });
  return (
    <>
      <div className="actions">
        <span className="soft">
          {selected.length > 0
            ? `${count(selected.length)} selected`
            : offered.length > 0 && "All that match"}
          {offered.length > 0 ? ":" : nothingWords(filters, selected)}
        </span>
        {offered.map(({ action, word, made }) => (
          <button key={word} type="button" {...shortcut(action)} onClick={() => setPlan(made)}>
            {word}…
          </button>
        ))}
        {selected.length > 0 && (
          <button type="button" onClick={onClear}>
            Select none
          </button>
        )}
      </div>
      {account !== undefined && (
        <p role="status" className="notice">
          {account}{" "}
          <button type="button" onClick={() => setAccount(undefined)}>
            Dismiss
          </button>
        </p>
      )}
      {plan && (
        <BulkDialog
          {...plan}
          onDone={(words) => {
            setAccount(words);
            onClear();
          }}
          onClose={() => setPlan(undefined)}
        />
      )}
    </>
  );
}

function planOf(action: Action, filters: JobFilters, selected: readonly Job[]): Plan | undefined {
  if (selected.length > 0) {
    const ids = selected.filter(({ status }) => statusesFor[action].includes(status)).map(({ id }) => id);
    return ids.length > 0
      ? { action, target: { ids }, words: `the ${count(selected.length)} selected` }
      : undefined;
  }
  const { status, jobType, benchmarkId, limitKey, workerId, endedAfter } = filters;
  const fits = status === JobStatus.UNSPECIFIED || statusesFor[action].includes(status);
  const narrowed = status !== JobStatus.UNSPECIFIED || `${jobType}${benchmarkId}${limitKey}` !== "";
  // Jobs are not changed by their worker, or by when they ended.
  if (!fits || !narrowed || workerId !== "" || endedAfter !== undefined) return undefined;
  const state = status === JobStatus.UNSPECIFIED ? "" : `${wordOf(JobStatusSchema, status)} `;
  return {
    action,
    target: { status, jobType, benchmarkId, limitKey },
    words: `all ${state}jobs${wordsOf(filters)}`,
  };
}

/** Why there is nothing to do. */
function nothingWords({ status, workerId, endedAfter }: JobFilters, selected: readonly Job[]): string {
  if (selected.length > 0) return ": completed jobs stay as they are";
  if (status === JobStatus.COMPLETED) return "Completed jobs stay as they are.";
  if (endedAfter !== undefined) return "To retry or cancel jobs by when they ended, select them.";
  if (workerId !== "") return "To retry or cancel jobs of a worker, select them.";
  return "To retry or cancel jobs, select some, or choose a status, a type, a benchmark or a limit key.";
}
