const signals = ["SIGTERM", "SIGINT"] as const;

/**
 * Calls `stop` at the first of the signals. The next signal ends the process as if nobody had listened.
 * @returns a function that stops listening
 */
export function onStopSignal(stop: () => void): () => void {
  const forget = () => {
    for (const signal of signals) process.off(signal, stopOnce);
  };
  const stopOnce = () => {
    forget();
    stop();
  };
  for (const signal of signals) process.on(signal, stopOnce);
  return forget;
}
