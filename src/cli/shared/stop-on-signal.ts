import { exitCodes } from "./errors.ts";

/** npm repeats a Ctrl-C that the process already got; a signal that follows this fast is the same. */
const SAME_SIGNAL_MS = 500;

const PARENT_POLL_MS = 250;

/**
 * Aborts with the first signal to stop. A second one ends the process at once, with exit code 1. Run by npm,
 * the end of its shell counts as a signal too: npm sends it there, and the shell dies of it without a word to
 * us.
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
  if (process.env.npm_lifecycle_event !== undefined) onceOrphaned(() => onSignal("SIGTERM"));
  return stop.signal;
}

function onceOrphaned(told: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    told();
  }, PARENT_POLL_MS);
  timer.unref();
}
