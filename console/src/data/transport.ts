import type { Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { randomId } from "./randomId.ts";

/** Marks what the console asks, for logs and the audit trail. */
const named: Interceptor = (next) => (request) => {
  request.header.set("x-request-id", randomId());
  return next(request);
};

/** Calls the service that the page came from. The browser adds the cookie of the session. */
export const transport = createConnectTransport({
  baseUrl: window.location.origin,
  useBinaryFormat: true,
  interceptors: [named],
  defaultTimeoutMs: 30_000,
});
