import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { behaviours } from "./behaviours.ts";
import { exerciseMethods, type PageStep } from "./methods.ts";
import { assert } from "./report.ts";

// What the browser runs: every method and every behaviour, over each protocol that pages can speak. The
// server that the page came from gives the settings and takes the results.

interface Settings {
  http: string;
  key: string;
  /** By client. */
  steps: Record<string, PageStep[]>;
}

const { http, key, steps } = (await (await fetch("/settings")).json()) as Settings;

const authenticate: Interceptor = (next) => (request) => {
  if (!request.header.has("authorization")) request.header.set("authorization", `Bearer ${key}`);
  return next(request);
};
const options = { baseUrl: http, interceptors: [authenticate] };
const transports = {
  "browser, Connect (JSON)": createConnectTransport({ ...options, useBinaryFormat: false }),
  "browser, Connect (binary)": createConnectTransport({ ...options, useBinaryFormat: true }),
  "browser, gRPC-Web": createGrpcWebTransport(options),
};
assert(
  Object.keys(steps).join() === Object.keys(transports).join(),
  "the page and its server name the same clients",
);
for (const [client, transport] of Object.entries(transports)) {
  await exerciseMethods(client, transport, steps[client] ?? []);
  await behaviours(client, transport);
}
await fetch("/end", { method: "POST" });
