import { eventLog } from "../watch/events.ts";

/** What statements changed of benchmarks and their evaluations. */
export const benchmarkEvents = eventLog("benchmark");
