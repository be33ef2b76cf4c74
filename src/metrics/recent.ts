import { withSignal } from "../call-scope.ts";

/**
 * A value that is read at most every `ageMs`, however many ask: whoever asks meanwhile gets the same. Undefined where reading fails or takes
 * longer than `timeoutMs`; that is not tried again sooner either.
 */
export function recent<Value>(
  read: () => Promise<Value>,
  { ageMs, timeoutMs }: { ageMs: number; timeoutMs: number },
): () => Promise<Value | undefined> {
  let value: Promise<Value | undefined> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (value === undefined || now - readAt >= ageMs) {
      readAt = now;
      value = within(timeoutMs, read);
    }
    return value;
  };
}

/** A database out of reach does not even answer that it has stopped a query. */
function within<Value>(timeoutMs: number, read: () => Promise<Value>): Promise<Value | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  const late = new Promise<undefined>((resolve) =>
    signal.addEventListener("abort", () => resolve(undefined), { once: true }),
  );
  const answer = withSignal({ signal }, read).catch(() => undefined);
  return Promise.race([answer, late]);
}
