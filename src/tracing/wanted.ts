const signals = ["traces", "metrics"] as const;

/**
 * Reads the signals to export from the standard variables
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). Unlike in the
 * standard, the default exporter is not `otlp`, because nobody listens on most machines.
 * @returns the signals, and warnings that say why something requested is not exported
 */
export function wantedExports(env: NodeJS.ProcessEnv) {
  const wanted = { traces: false, metrics: false, warnings: [] as string[] };
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return wanted;
  for (const signal of signals) {
    const upper = signal.toUpperCase();
    const name = `OTEL_${upper}_EXPORTER`;
    const hasEndpoint = env.OTEL_EXPORTER_OTLP_ENDPOINT || env[`OTEL_EXPORTER_OTLP_${upper}_ENDPOINT`];
    const exporter = env[name]?.trim() || (hasEndpoint ? "otlp" : "none");
    // Prometheus reads /metrics, independently of this setting.
    if (exporter === "none" || exporter === "prometheus") continue;
    const protocol =
      env[`OTEL_EXPORTER_OTLP_${upper}_PROTOCOL`] || env.OTEL_EXPORTER_OTLP_PROTOCOL || "http/protobuf";
    if (exporter !== "otlp")
      wanted.warnings.push(`${name}: expected otlp or none, got "${exporter}"; no ${signal} are exported`);
    else if (protocol !== "http/protobuf")
      wanted.warnings.push(
        `OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf, got "${protocol}"; no ${signal} are exported`,
      );
    else wanted[signal] = true;
  }
  return wanted;
}
