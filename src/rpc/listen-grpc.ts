import { promisify } from "node:util";
import { logVerbosity, type Server, ServerCredentials, setLogVerbosity } from "@grpc/grpc-js";
import { repairHttp2 } from "./http2-repairs.ts";
import { type Address, explainListenError, formatAddress, type Listener } from "./listener.ts";

/**
 * Binds the server, without TLS.
 * @param onBound called with the port once it is known; what it returns is called at the end.
 */
export async function listenGrpc(
  server: Server,
  address: Address,
  onBound: (port: number) => () => void,
): Promise<Listener> {
  const bind = (target: string) =>
    new Promise<number>((resolve, reject) => {
      server.bindAsync(target, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  // It also writes failures to bind to standard error, less clearly than we do.
  const quiet = process.env.GRPC_VERBOSITY === undefined;
  if (quiet) setLogVerbosity(logVerbosity.NONE);
  const port = await bind(formatAddress(address))
    .catch((error: unknown) => {
      throw explainListenError(error, address, "LTB_GRPC_ADDRESS");
    })
    .finally(() => {
      if (quiet) setLogVerbosity(logVerbosity.ERROR);
    });
  const bound = { host: address.host, port };
  const endRepairs = repairHttp2();
  const onEnd = onBound(port);
  return {
    address: bound,
    async stop(graceMs) {
      // `forceShutdown` and a later `drain` reach no connection once channelz is off or `tryShutdown` has begun; this way they are cut after the grace.
      server.drain(formatAddress(bound), graceMs);
      await promisify(server.tryShutdown.bind(server))();
      endRepairs();
      onEnd();
    },
  };
}
