import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { limits } from "../limits.ts";
import type { Log } from "../log.ts";
import type { Family } from "../metrics/family.ts";
import { version } from "../version.ts";
import { metricProducer } from "./otlp-metrics.ts";
import { samplerOf } from "./sampler.ts";
import type { Failure, Span, SpanPlace, TracedCall, Tracing } from "./tracing.ts";

/** Logs failing exports. */
export function reportFailures(log: Log): void {
  let toldAt = Number.NEGATIVE_INFINITY;
  setGlobalErrorHandler((error) => {
    if (performance.now() - toldAt < limits.exportFailureLogMs) return;
    toldAt = performance.now();
    log.warn({ err: error }, "traces or metrics cannot be exported");
  });
}

/**
 * Exports traces by OTLP over HTTP. The provider is the service's own, not the process's: Slonik traces to
 * the latter, and would export statements with their values. Spans get their parent from the call's scope.
 */
export function otlpTracing(env: NodeJS.ProcessEnv): Tracing & { stop(): Promise<void> } {
  const provider = new TracerProvider({
    resource: resourceOf(),
    sampler: samplerOf(env),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter(),
        ...numbers(env, {
          scheduledDelayMillis: "OTEL_BSP_SCHEDULE_DELAY",
          exportTimeoutMillis: "OTEL_BSP_EXPORT_TIMEOUT",
          maxQueueSize: "OTEL_BSP_MAX_QUEUE_SIZE",
          maxExportBatchSize: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        }),
      }),
    ],
  });
  const tracer = provider.getTracer("llm-test-bench-persistence", version);
  const spanOf = (
    span: ReturnType<typeof tracer.startSpan>,
    attributesOf: (failure: Failure | undefined) => Attributes,
  ): Span => ({
    place: span.spanContext(),
    end(failure) {
      span.setAttributes(attributesOf(failure));
      if (failure?.isError) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  });

  return {
    beginCall(call) {
      const { service, method, protocol, peer, requestId } = call;
      const isConnect = protocol === "connect";
      const attributes = {
        "rpc.system": isConnect ? "connect_rpc" : "grpc",
        "rpc.service": service,
        "rpc.method": method,
        "network.peer.address": peer.replace(/:\d+$/, ""),
        "ltb.request_id": requestId,
      };
      const parent = propagator.extract(ROOT_CONTEXT, call, headers);
      const span = tracer.startSpan(`${service}/${method}`, { kind: SpanKind.SERVER, attributes }, parent);
      return spanOf(span, (failure) => ({
        ...(failure?.isError && { "error.type": failure.type }),
        ...(isConnect
          ? failure && { "rpc.connect_rpc.error_code": failure.type.toLowerCase() }
          : { "rpc.grpc.status_code": failure?.code ?? 0 }),
      }));
    },

    beginStatement(name, place, callers) {
      const [parent, ...others] = (callers ?? [place]).filter(isSampled);
      if (!parent) return undefined;
      const span = tracer.startSpan(
        name,
        {
          kind: SpanKind.CLIENT,
          attributes: {
            "db.system.name": "postgresql",
            "db.operation.name": name,
            ...(callers && { "ltb.shared_by": callers.length }),
          },
          links: others.slice(0, limits.traceLinks).map((context): Link => ({ context })),
        },
        trace.setSpanContext(ROOT_CONTEXT, parent),
      );
      return spanOf(span, (failure) => (failure ? { "error.type": failure.type } : {}));
    },

    stop: () => provider.shutdown(),
  };
}

/** Exports the metrics by OTLP over HTTP. @returns a function that ends the exports, with a last one */
export function otlpMetrics(env: NodeJS.ProcessEnv, families: readonly Family[]): () => Promise<void> {
  const provider = new MeterProvider({
    resource: resourceOf(),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(),
        metricProducers: [metricProducer(families)],
        ...numbers(env, {
          exportIntervalMillis: "OTEL_METRIC_EXPORT_INTERVAL",
          exportTimeoutMillis: "OTEL_METRIC_EXPORT_TIMEOUT",
        }),
      }),
    ],
  });
  return () => provider.shutdown();
}

const propagator = new W3CTraceContextPropagator();

const headers: TextMapGetter<TracedCall> = {
  get: (call, name) => call.header(name),
  keys: () => ["traceparent", "tracestate"],
};

function isSampled(place: SpanPlace | undefined): place is SpanContext {
  return place !== undefined && (place.traceFlags & TraceFlags.SAMPLED) !== 0;
}

function resourceOf() {
  const own = resourceFromAttributes({ "service.name": "llm-test-bench", "service.version": version });
  // The environment goes last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
  const detected = detectResources({ detectors: [serviceInstanceIdDetector, envDetector] });
  return defaultResource().merge(own).merge(detected);
}

/** The variables that hold a number. */
function numbers<Option extends string>(
  env: NodeJS.ProcessEnv,
  names: Record<Option, string>,
): Partial<Record<Option, number>> {
  const found: Partial<Record<Option, number>> = {};
  for (const option in names) {
    const value = Number(env[names[option]] || Number.NaN);
    if (value > 0) found[option] = value;
  }
  return found;
}
