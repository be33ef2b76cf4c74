import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { askAgain } from "../../data/queries.ts";
import { Confirm } from "../../parts/Confirm.tsx";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { type Account, type Action, change, foresee, type Target } from "./bulk.ts";

/** From so many jobs on, their number has to be typed. */
const many = 100;

export interface Plan {
  action: Action;
  target: Target;
  /** Which jobs they are: "all failed jobs of type grade". */
  words: string;
}

interface Props extends Plan {
  /** Called with what was done, in words, once it is. */
  onDone: (account: string) => void;
  onClose: () => void;
}

/** Asks before many jobs are retried or cancelled, tells how far it is, and can be stopped. */
export function BulkDialog({ action, target, words, onDone, onClose }: Props) {
  const [reason, setReason] = useState("");
  const [progress, setProgress] = useState<Account>();
  const stop = useRef(new AbortController());
  const plan = useQuery({
    queryKey: ["jobs", "foreseen", action, target],
    queryFn: () => foresee(action, target),
    staleTime: 0,
    gcTime: 0,
  });
  const number = plan.data?.affected ?? 0;
  const confirm = async () => {
    const { signal } = stop.current;
    const account = await change(action, target, { reason, onProgress: setProgress, signal });
    onDone(accountOf(action, account));
    await askAgain(JobService);
  };
  return (
    <Confirm
      title={action === "retry" ? "Retry jobs" : "Cancel jobs"}
      action={`${action === "retry" ? "Retry" : "Cancel"} ${plan.data ? count(number) : "…"}${plan.data?.more ? " or more" : ""}`}
      danger={action === "cancel"}
      mustType={number > many ? String(number) : undefined}
      disabled={number === 0}
      onConfirm={confirm}
      onClose={() => {
        stop.current.abort();
        onClose();
      }}
    >
      <Loaded query={plan}>
        {(foreseen) => (
          <>
            <p>
              <strong>
                {count(foreseen.affected)}
                {foreseen.more && " or more"}
              </strong>{" "}
              of {words} {foreseen.affected === 1 ? "is" : "are"}{" "}
              {action === "retry" ? "retried" : "cancelled"}. {effects[action]}
            </p>
            {leftOf(action, foreseen).map((line) => (
              <p key={line} className="soft">
                {line}
              </p>
            ))}
          </>
        )}
      </Loaded>
      {action === "cancel" && (
        <p>
          <label>
            Reason, which the jobs keep as their error{" "}
            <input value={reason} maxLength={1024} onChange={({ target: { value } }) => setReason(value)} />
          </label>
        </p>
      )}
      {progress && (
        <p role="status">
          {count(progress.affected)} of {count(number)} {action === "retry" ? "retried" : "cancelled"} so far
          {progress.more && "; Close stops it"}.
        </p>
      )}
    </Confirm>
  );
}

const effects: Record<Action, string> = {
  retry: "They become pending at once, with all their retries anew; what they did so far stays listed.",
  cancel: "Pending ones will not run. Running ones end at once, and what their workers send is refused.",
};

/** What is left as it is, and why. */
function leftOf(action: Action, { skipped, notPermitted }: Account): string[] {
  const why =
    action === "retry"
      ? "their unique key is taken, their benchmark was deleted, or they have not ended so"
      : "they have ended, or just move from one state to another";
  return [
    ...(skipped > 0 ? [`${count(skipped)} left as they are: ${why}.`] : []),
    ...(notPermitted > 0 ? [`${count(notPermitted)} left as they are: other users created them.`] : []),
  ];
}

function accountOf(action: Action, account: Account): string {
  const done = `${count(account.affected)} ${action === "retry" ? "retried" : "cancelled"}`;
  const stopped = account.more ? "; stopped before the rest" : "";
  return [`${done}${stopped}.`, ...leftOf(action, account)].join(" ");
}
