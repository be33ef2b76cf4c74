import type { Interceptor } from "@connectrpc/connect";

/** Where OpenTelemetry's API keeps what a program has registered with it: there only if it traces. */
const registered = Symbol.for("opentelemetry.js.api.1");

/** Sends along which trace a call belongs to, where the program traces with OpenTelemetry; otherwise its API is not even loaded. */
export const traceContext: Interceptor = (next) => (request) =>
  registered in globalThis && !request.header.has("traceparent")
    ? injectInto(request.header).then(() => next(request))
    : next(request);

async function injectInto(header: Headers): Promise<void> {
  const { context, propagation } = await import("@opentelemetry/api");
  propagation.inject(context.active(), header, { set: (into, name, value) => into.set(name, value) });
}
