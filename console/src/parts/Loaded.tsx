import type { ReactNode } from "react";
import { isUnanswered } from "../data/transport.ts";
import { ErrorBox } from "./ErrorBox.tsx";

interface Asked<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/**
 * Why a query failed. That nobody answers is said by the frame, once for all that is still shown.
 */
export const failureOf = ({ data, error }: Pick<Asked<unknown>, "data" | "error">): unknown =>
  data !== undefined && isUnanswered(error) ? null : error;

/** What a query answered; before that, that it is under way, and instead of it, why it failed. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: Asked<Data>;
  children: (data: Data) => ReactNode;
}) {
  const { data, isPending } = query;
  const error = failureOf(query);
  return (
    <>
      {error !== null && error !== undefined && (
        <ErrorBox error={error} onRetry={() => void query.refetch()} />
      )}
      {data === undefined
        ? isPending && (
            <p role="status" className="soft">
              Loading…
            </p>
          )
        : children(data)}
    </>
  );
}
