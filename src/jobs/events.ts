import { eventLog } from "../watch/events.ts";

/** What statements changed of jobs. */
export const jobEvents = eventLog("job");
