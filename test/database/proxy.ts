import { once } from "node:events";
import net from "node:net";
import type { DatabaseConfig } from "../../src/config.ts";

/**
 * What the network does between the pool and PostgreSQL: `open` passes everything on, `silent` swallows
 * everything without closing anything, `endless` swallows only the ends of connections, `hangup` closes
 * whatever connects, `starting` answers as PostgreSQL does while it starts up, `far` passes answers on late.
 */
export type Network = "open" | "silent" | "endless" | "hangup" | "starting" | "far";

export interface TestProxy {
  readonly config: DatabaseConfig;
  network: Network;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** The codes of the messages that connections began with: a version, or 80877102 for CancelRequest. */
  readonly begun: readonly number[];
  /** The connections of now fall silent for ever, as when a host dies; new ones pass. */
  silence(): void;
  close(): Promise<void>;
}

/** A way to the database that can be disturbed. Its port: any free one unless given. */
export async function proxyTo(
  config: DatabaseConfig,
  { network = "open" as Network, port: wanted = 0 } = {},
): Promise<TestProxy> {
  const sockets = new Set<net.Socket>();
  const silenced = new WeakSet<net.Socket>();
  const begun: number[] = [];
  let accepted = 0;
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    accepted++;
    keep(near);
    if (proxy.network === "hangup") near.destroy();
    else if (proxy.network === "starting") near.once("data", () => near.end(startingUp));
    else if (proxy.network === "silent") near.resume();
    else forward(near);
  });
  function forward(near: net.Socket): void {
    const { host, port } = config;
    const far = net.connect(host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port });
    keep(far);
    near.once("data", (bytes) => begun.push(bytes.readInt32BE(4)));
    const isSilent = () => proxy.network === "silent" || silenced.has(near);
    const isEndless = () => proxy.network === "endless" || isSilent();
    const pass = (from: net.Socket, to: net.Socket, later: (work: () => void) => void) => {
      from.on("data", (bytes) => later(() => isSilent() || to.write(bytes)));
      from.on("close", () => later(() => isEndless() || to.destroy()));
    };
    near.on("end", () => isEndless() || near.end());
    pass(near, far, (work) => work());
    pass(far, near, (work) => (proxy.network === "far" ? setTimeout(work, 20) : work()));
  }
  function keep(socket: net.Socket): void {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  }
  server.listen(wanted, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const proxy = {
    config: { ...config, host: "127.0.0.1", port: typeof bound === "object" && bound ? bound.port : wanted },
    network,
    get accepted() {
      return accepted;
    },
    begun,
    silence() {
      for (const socket of sockets) silenced.add(socket);
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
  return proxy;
}

/** ErrorResponse: https://www.postgresql.org/docs/current/protocol-message-formats.html */
const fields = Buffer.from("SFATAL\0C57P03\0Mthe database system is starting up\0\0");
const startingUp = Buffer.concat([Buffer.from("E"), Buffer.alloc(4), fields]);
startingUp.writeInt32BE(4 + fields.length, 1);
