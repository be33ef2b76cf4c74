import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { promisify } from "node:util";
import type { Address } from "../../address.ts";
import type { ConnectionOptions } from "../call/connections.ts";
import { explainListenError, type Listener } from "../call/listener.ts";

/** Binds the server. */
export async function listenHttp(
  server: Server,
  address: Address,
  options: ConnectionOptions,
): Promise<Listener> {
  const running = new Set<ServerResponse>();
  let stopping = false;
  // Before the server's own listener: the header must be set while the response is still untouched.
  server.prependListener("request", (_, response) => {
    running.add(response);
    response.once("close", () => {
      running.delete(response);
      // Streams had sent their header before, so their connections stay open.
      if (stopping) setImmediate(() => server.closeIdleConnections());
    });
    if (stopping) response.setHeader("connection", "close");
  });
  const cuts = options.connections.guard(server, options);
  try {
    server.listen(address);
    await once(server, "listening");
  } catch (error) {
    throw explainListenError(error, address, "LTB_HTTP_ADDRESS");
  }
  const bound = server.address();
  return {
    address: { host: address.host, port: typeof bound === "object" && bound ? bound.port : address.port },
    async stop(graceMs) {
      stopping = true;
      // Otherwise clients keep their connections and send more requests on them.
      for (const response of running) if (!response.headersSent) response.setHeader("connection", "close");
      const late = setTimeout(cuts.all, graceMs);
      const closed = promisify(server.close.bind(server))();
      cuts.negotiating();
      await closed;
      clearTimeout(late);
    },
  };
}
