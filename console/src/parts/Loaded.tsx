import type { ReactNode } from "react";
import { ErrorBox } from "./ErrorBox.tsx";

interface Asked<Data> {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** What a query answered; before that, that it is under way, and instead of it, why it failed. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: Asked<Data>;
  children: (data: Data) => ReactNode;
}) {
  const { data, error, isPending } = query;
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
