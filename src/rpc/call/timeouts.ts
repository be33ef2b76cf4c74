import type { IncomingHttpHeaders } from "node:http";
import { transportLimits } from "../../limits.ts";

const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };

/**
 * Cuts the timeouts that a caller gives to the longest one allowed. Both transports hand them to timers, which fire at once when a time is over
 * 24.8 days: a caller that means "never" would be told DEADLINE_EXCEEDED immediately. Some clients also write more than the 8 digits allowed, of which grpc-js reads the last 8.
 */
export function clampTimeouts(headers: IncomingHttpHeaders): void {
  const grpc = headers["grpc-timeout"];
  if (grpc !== undefined) {
    const [, amount, unit] = /^(\d+)\s*([HMSmun])$/.exec(String(grpc)) ?? [];
    if (amount && unit && Number(amount) * (unitMs[unit] ?? 0) > transportLimits.deadlineMs) {
      headers["grpc-timeout"] = `${transportLimits.deadlineMs / 1000}S`;
    }
  }
  const connect = headers["connect-timeout-ms"];
  if (connect !== undefined && Number(connect) > transportLimits.deadlineMs) {
    headers["connect-timeout-ms"] = String(transportLimits.deadlineMs);
  }
}
