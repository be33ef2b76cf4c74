import type { Log } from "../../src/log.ts";

/** A log that keeps nothing; a test spreads it and puts its own functions over those that it looks at. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
