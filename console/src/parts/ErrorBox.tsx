import { Code, ConnectError } from "@connectrpc/connect";
import type { ErrorComponentProps } from "@tanstack/react-router";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { Reason } from "./Reason.tsx";

/** Says what failed in the service's words, with what helps to find it in the log. */
export function ErrorBox({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const failed = ConnectError.from(error);
  const requestId = failed.metadata.get("x-request-id");
  const reason = failed.findDetails(ErrorInfoSchema)[0]?.reason;
  return (
    <div role="alert" className="error-box">
      <p>
        <strong>{failed.rawMessage || "The call failed."}</strong>
      </p>
      <p className="soft">
        {error instanceof ConnectError && (
          <>{Code[failed.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()} </>
        )}
        {requestId && (
          <>
            request <code>{requestId}</code>
          </>
        )}
      </p>
      {reason && <Reason reason={reason} />}
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A page that could not be shown. */
export function PageError({ error, reset }: ErrorComponentProps) {
  return <ErrorBox error={error} onRetry={reset} />;
}
