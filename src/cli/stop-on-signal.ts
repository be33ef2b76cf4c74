import { exitCodes } from "./errors.ts";

/** npm passes Ctrl-C on to a process that the terminal has told already; what follows this fast is the same keystroke. */
const SAME_SIGNAL_MS = 500;

/**
 * Aborts with the first signal to stop. A second one ends the process at once, with exit code 1.
 * @param first told of the first signal
 * @param again told before the process ends
 */
export function stopOnSignal({
  first = () => undefined,
  again = () => undefined,
}: {
  first?: (signal: NodeJS.Signals) => void;
  again?: (signal: NodeJS.Signals) => void;
}): AbortSignal {
  const stop = new AbortController();
  let askedAt = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!stop.signal.aborted) {
      askedAt = Date.now();
      first(signal);
      stop.abort();
    } else if (Date.now() - askedAt > SAME_SIGNAL_MS) {
      again(signal);
      process.exit(exitCodes.failure);
    }
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
  return stop.signal;
}
