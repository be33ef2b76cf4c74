import type { Interceptor } from "@connectrpc/connect";

/** The place of a program's registrations with OpenTelemetry's API. It exists only if the program traces. */
const registered = Symbol.for("opentelemetry.js.api.1");

/** Sends the trace context of calls. OpenTelemetry's API is loaded only if the program traces with it. */
export const traceContext: Interceptor = (next) => (request) =>
  registered in globalThis && !request.header.has("traceparent")
    ? injectInto(request.header).then(() => next(request))
    : next(request);

async function injectInto(header: Headers): Promise<void> {
  const { context, propagation } = await import("@opentelemetry/api");
  propagation.inject(context.active(), header, { set: (into, name, value) => into.set(name, value) });
}
