import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer as createNetServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { type Server, ServerCredentials } from "@grpc/grpc-js";
import type { Address } from "../../address.ts";
import { transportLimits } from "../../limits.ts";
import { hasCode } from "../../thrown.ts";
import type { ConnectionOptions, Cuts } from "../call/connections.ts";
import { explainListenError, type Listener } from "../call/listener.ts";
import { repairHttp2 } from "./repairs.ts";

/**
 * Takes connections for the server. They are accepted here and handed to grpc-js, which by itself neither
 * limits their number, nor cuts slow handshakes, nor tells of failed ones.
 * @param onBound called with the port once it is known; what it returns is called at the end.
 */
export async function listenGrpc(
  server: Server,
  address: Address,
  options: ConnectionOptions,
  onBound: (port: number) => () => void,
): Promise<Listener> {
  const { tls, connections } = options;
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const inject = (socket: Socket) => {
    if (!socket.destroyed) injector.injectConnection(socket);
  };
  const acceptors: NetServer[] = [];
  const cuts: Cuts[] = [];
  const closeAll = () => Promise.all(acceptors.map((acceptor) => promisify(acceptor.close.bind(acceptor))()));
  let { port } = address;
  const listen = async (host: string) => {
    const acceptor = tls
      ? createTlsServer({ ...tls.options, ALPNProtocols: ["h2"] }, inject)
      : createNetServer(inject);
    cuts.push(connections.guard(acceptor, options));
    acceptor.listen({ host, port });
    await once(acceptor, "listening");
    acceptors.push(acceptor);
    const bound = acceptor.address();
    if (typeof bound === "object" && bound) port = bound.port;
  };
  try {
    let missing: unknown;
    // Both addresses of `localhost`, of which the machine may lack one.
    const found = await lookup(address.host, { all: true });
    for (const host of new Set(found.map((each) => each.address))) {
      await listen(host).catch((error: unknown) => {
        if (!hasCode(error, "EADDRNOTAVAIL", "EAFNOSUPPORT")) throw error;
        missing = error;
      });
    }
    if (acceptors.length === 0) throw missing;
  } catch (error) {
    await closeAll();
    throw explainListenError(error, address, "LTB_GRPC_ADDRESS");
  }
  const endRepairs = repairHttp2();
  const onEnd = onBound(port);
  return {
    address: { host: address.host, port },
    async stop(graceMs) {
      const closed = closeAll();
      for (const cut of cuts) cut.negotiating();
      // `forceShutdown` reaches no connection without channelz, nor after `tryShutdown`; this ends them then.
      injector.drain(graceMs);
      // It waits for the client to close its side, which a frozen one never does.
      const late = setTimeout(() => {
        for (const cut of cuts) cut.all();
      }, graceMs + transportLimits.abortGraceMs);
      const shutdown = promisify(server.tryShutdown.bind(server))();
      await closed;
      clearTimeout(late);
      // Without connections no call is left. grpc-js never calls back for a session that had been destroyed
      // when it was to be closed, as when its client goes at this moment.
      const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>();
      const patience = setTimeout(giveUp, transportLimits.abortGraceMs);
      await Promise.race([shutdown, givenUp]);
      clearTimeout(patience);
      endRepairs();
      onEnd();
    },
  };
}
