import { limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { Family } from "../metrics/family.ts";
import { waitFor } from "../wait.ts";
import { setTracing } from "./tracing.ts";
import { wantedExports } from "./wanted.ts";

/** The exports of a running service. */
export interface Telemetry {
  /** Exports these families too, if metrics are exported. Call it once. */
  exportMetrics(families: readonly Family[]): void;
  /** Exports what is left, and takes a few seconds at most. */
  stop(): Promise<void>;
}

const nothing: Telemetry = { exportMetrics: () => undefined, stop: async () => undefined };

/**
 * Exports traces and metrics as the OTEL_* variables of the environment say. Without them OpenTelemetry's SDK
 * is not even loaded, which would take 70 ms and 9 MB.
 */
export async function startTelemetry(env: NodeJS.ProcessEnv, log: Log): Promise<Telemetry> {
  const { traces, metrics, warnings } = wantedExports(env);
  for (const warning of warnings) log.warn({}, warning);
  if (!traces && !metrics) return nothing;
  const { otlpMetrics, otlpTracing, reportFailures } = await import("./otlp.ts");
  reportFailures(log);
  const tracing = traces ? otlpTracing(env) : undefined;
  setTracing(tracing);
  const stops: (() => Promise<void>)[] = tracing ? [() => tracing.stop()] : [];
  log.info({}, `exports ${[traces && "traces", metrics && "metrics"].filter(Boolean).join(" and ")} by OTLP`);
  return {
    exportMetrics(families) {
      if (metrics) stops.push(otlpMetrics(env, families));
    },
    async stop() {
      setTracing(undefined);
      const stopped = Promise.allSettled(stops.map((stop) => stop()));
      await waitFor(stopped, { timeoutMs: limits.lastExportMs, onTimeout: (waiter) => waiter.resolve([]) });
    },
  };
}
