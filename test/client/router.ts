import { once } from "node:events";
import { createSecureServer, createServer, type Http2SecureServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { type ClientOptions, createClient } from "../../src/client/index.ts";

/** A server with these routes, and a client of it; both end with the test. */
export async function serveRoutes(
  routes: (router: ConnectRouter) => void,
  options: ClientOptions = {},
  secure?: { key: string; cert: string; ca?: string },
) {
  const handler = connectNodeAdapter({ routes });
  const server: Http2Server | Http2SecureServer = secure
    ? createSecureServer({ ...secure, requestCert: secure.ca !== undefined }, handler)
    : createServer(handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const address = `${secure ? "localhost" : "127.0.0.1"}:${port}`;
  const client = createClient({ address, ...options });
  onTestFinished(() => {
    client.close();
    server.close();
  });
  return { client, address };
}
