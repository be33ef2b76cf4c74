import type { z } from "zod";
import { isLoopback } from "../address.ts";
import type { Secret } from "./secret.ts";
import type { service } from "./settings.ts";

/**
 * Decides who may read `/metrics` on the HTTP port: everybody (`open`), callers with the token, or nobody
 * (`closed`: others reach the port and there is no token). `off`: there is no `/metrics`.
 */
export type MetricsAccess = "open" | "closed" | "off" | Secret;

/**
 * Reads the settings of metrics. Metrics reveal methods, job types and activity, so they are open to programs
 * of this machine, and to others only with a token.
 */
export function chooseMetrics({
  LTB_METRICS: mode,
  LTB_METRICS_TOKEN: token,
  LTB_HTTP_ADDRESS: { host },
}: z.output<typeof service>): MetricsAccess {
  return token ?? mode ?? (isLoopback(host) ? "open" : "closed");
}
