import { create, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { useRef, useState } from "react";
import {
  VerifyAuditLogRequestSchema,
  type VerifyAuditLogResponse,
  VerifyAuditLogResponseSchema,
} from "../../../../gen/ltb/v1/audit_service_pb.ts";
import { auditClient } from "../../data/clients.ts";
import { useMay } from "../../data/session.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { Facts } from "../../parts/Facts.tsx";
import { count } from "../../parts/format.ts";
import { Status } from "../../parts/Status.tsx";
import { useTitle } from "../../parts/useTitle.ts";
import { knownHeads, rememberHeads } from "./heads.ts";

const longest = 10 * 60_000;

/** Verifies the trail against its seals, and against the heads that this browser has seen before. */
export function Page() {
  useTitle("Verify the audit trail");
  const [answer, setAnswer] = useState<VerifyAuditLogResponse>();
  const [error, setError] = useState<unknown>();
  const [running, setRunning] = useState(false);
  const stop = useRef<AbortController>(undefined);
  const known = knownHeads();

  if (!useMay("admin"))
    return (
      <>
        <h1>Verify the audit trail</h1>
        <p>Only admins verify the trail.</p>
      </>
    );
  const verify = async () => {
    stop.current = new AbortController();
    setRunning(true);
    setError(undefined);
    setAnswer(undefined);
    try {
      const request = create(VerifyAuditLogRequestSchema, { knownHeads: known });
      const found = await auditClient.verifyAuditLog(request, {
        timeoutMs: longest,
        signal: stop.current.signal,
      });
      if (found.valid) rememberHeads(found.heads);
      setAnswer(found);
    } catch (failure) {
      if (!stop.current.signal.aborted) setError(ConnectError.from(failure));
    }
    setRunning(false);
  };
  return (
    <>
      <h1>Verify the audit trail</h1>
      <p>
        Each entry is sealed into a chain of hashes. Whoever changes, removes or adds one breaks it.{" "}
        {known.length > 0
          ? "This browser remembers the end of the chain from before, so that a trail that was cut off is noticed too."
          : "After the first time this browser remembers the end of the chain, so that a trail that is cut off later is noticed too."}
      </p>
      <div className="actions">
        <button type="button" className="main" disabled={running} onClick={() => void verify()}>
          {running ? "Verifying…" : "Verify"}
        </button>
        {running && (
          <button type="button" onClick={() => stop.current?.abort()}>
            Stop
          </button>
        )}
      </div>
      <div aria-live="polite">
        {error !== undefined && <ErrorBox error={error} />}
        {answer && (
          <>
            <p>
              {answer.valid ? (
                <Status tone="good">The trail is whole.</Status>
              ) : (
                <Status tone="bad">The trail is broken.</Status>
              )}
            </p>
            <Facts
              rows={[
                ["Entries checked", count(answer.entriesChecked)],
                ["Removed by retention", count(answer.entriesRemoved)],
                ["Not sealed yet", count(answer.entriesUnsealed)],
              ]}
            />
            {answer.firstBroken && (
              <>
                <p>
                  <bdi>{answer.firstBroken.reason}</bdi>
                </p>
                <pre className="document">
                  {JSON.stringify(toJson(VerifyAuditLogResponseSchema, answer) as object, null, 2)}
                </pre>
              </>
            )}
          </>
        )}
      </div>
    </>
  );
}
