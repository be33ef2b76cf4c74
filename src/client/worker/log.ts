import type { Log } from "../../log.ts";

/** The log of a worker: a pino logger fits, and so does `console`. */
export type WorkerLog = Log;

/** The default log: warnings and errors go to the console. */
export const consoleLog: WorkerLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: (fields, message) => console.warn(message, fields),
  error: (fields, message) => console.error(message, fields),
};

/** Makes a log with more fields in every line. */
export function logWith(log: WorkerLog, more: object): WorkerLog {
  return {
    debug: (fields, message) => log.debug({ ...more, ...fields }, message),
    info: (fields, message) => log.info({ ...more, ...fields }, message),
    warn: (fields, message) => log.warn({ ...more, ...fields }, message),
    error: (fields, message) => log.error({ ...more, ...fields }, message),
  };
}
