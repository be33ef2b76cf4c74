import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { startTelemetry } from "../../src/tracing/telemetry.ts";
import { activeTracing } from "../../src/tracing/tracing.ts";
import { wantedExports } from "../../src/tracing/wanted.ts";
import { silentLog } from "../harness/log.ts";

/** Slonik loads the API, which does nothing by itself, and nobody can keep it from that. */
const api = "@opentelemetry/api";

async function loadedBy(env: Record<string, string>): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "fixtures", "loaded.ts")],
    { env: { PATH: process.env.PATH, ...env } },
  );
  return JSON.parse(stdout);
}

// Each starts a process that loads all there is.
describe("what is loaded", () => {
  test("nothing of OpenTelemetry's SDK unless it is asked for", async () => {
    const loaded = await loadedBy({ OTEL_SERVICE_NAME: "alone says nothing" });
    expect(loaded).toContain("slonik");
    expect(loaded.filter((name) => name.startsWith("@opentelemetry/"))).toEqual([api]);
    // Only once somebody reads metrics.
    expect(loaded).not.toContain("prom-client");
  });

  test("its SDK where it is", async () => {
    const loaded = await loadedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
    expect(loaded).toContain("@opentelemetry/sdk-trace");
  });
});

describe("what is asked for", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" };

  test.each([
    [{}, false, false],
    [endpoint, true, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://localhost:4318/v1/traces" }, true, false],
    [{ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://localhost:4318/v1/metrics" }, false, true],
    [{ OTEL_TRACES_EXPORTER: "otlp" }, true, false],
    [{ OTEL_METRICS_EXPORTER: "otlp" }, false, true],
    [{ ...endpoint, OTEL_METRICS_EXPORTER: "none" }, true, false],
    [{ ...endpoint, OTEL_METRICS_EXPORTER: "prometheus" }, true, false],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: "none" }, false, true],
    [{ ...endpoint, OTEL_SDK_DISABLED: "true" }, false, false],
    [{ ...endpoint, OTEL_SDK_DISABLED: "TRUE" }, false, false],
    [{ ...endpoint, OTEL_SDK_DISABLED: "false" }, true, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, false, false],
    [{ OTEL_SERVICE_NAME: "bench" }, false, false],
  ])("%j: traces %s, metrics %s", (env, traces, metrics) => {
    expect(wantedExports(env)).toEqual({ traces, metrics, warnings: [] });
  });

  test.each([
    [{ OTEL_TRACES_EXPORTER: "zipkin" }, 'OTEL_TRACES_EXPORTER: expected otlp or none, got "zipkin"'],
    [
      { ...endpoint, OTEL_METRICS_EXPORTER: "none", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
      'OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, got "grpc"',
    ],
  ])("%j is refused with a warning and does not keep the service from starting", async (env, warning) => {
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (_: object, message: string) => void warnings.push(message) };
    const telemetry = await startTelemetry(env, log);
    expect(warnings).toEqual([expect.stringContaining(warning)]);
    expect(activeTracing()).toBeUndefined();
    await telemetry.stop();
  });
});
