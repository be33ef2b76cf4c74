import type { Server, Socket } from "node:net";
import { type TLSSocket, Server as TlsServer } from "node:tls";
import { transportLimits } from "../../limits.ts";
import type { Logger } from "../../log.ts";
import { Tally } from "../../metrics/tally.ts";
import { rememberCertificate } from "../tls/client-certificate.ts";
import { explainHandshake, explainUnverified } from "../tls/handshake.ts";
import type { ServerTls } from "../tls/server-tls.ts";

/** How a listener takes connections. */
export interface ConnectionOptions {
  /** Those of all listeners of the server. */
  connections: Connections;
  /** Undefined: clear text. */
  tls: ServerTls | undefined;
  /** Most connections open at once, including those that negotiate TLS. */
  maxConnections: number;
  log: Logger;
}

/** Ends connections of a server that closes. */
export interface Cuts {
  /** Cuts the connections that still negotiate, which neither HTTP nor gRPC knows of. */
  negotiating(): void;
  /** Cuts all, also those whose client does not even answer that. */
  all(): void;
}

/** The connections of all listeners of a server. */
export class Connections {
  /** Connections that were closed because their port was full; see `guard`. */
  readonly closed = new Tally(["refused", "displaced"]);
  /**
   * For each listener, the connections on which nobody has been let in yet, the oldest first, by the address
   * and port of their other end. `authenticate` takes them out.
   */
  readonly strangers: Map<string, Socket>[] = [];

  /**
   * Limits the connections of a server that does not listen yet, and those that TLS has not let in. Where the
   * port is full, a new connection takes the place of the oldest on which nobody has been let in, so that
   * strangers keep no caller out, however many they hold. Without such a one it is closed at once.
   */
  guard(server: Server, options: Omit<ConnectionOptions, "connections">): Cuts {
    const { maxConnections, log } = options;
    const strangers = new Map<string, Socket>();
    this.strangers.push(strangers);
    const tell = fullLog(maxConnections, log);
    const open = new Set<Socket>();
    server.on("connection", (socket) => {
      const peer = peerOf(socket);
      open.add(socket);
      strangers.set(peer, socket);
      socket.once("close", () => {
        open.delete(socket);
        if (strangers.get(peer) === socket) strangers.delete(peer);
      });
      if (open.size <= maxConnections) return;
      const [[oldest, leaving] = [peer, socket]] = strangers;
      const what = leaving === socket ? "refused" : "displaced";
      open.delete(leaving);
      strangers.delete(oldest);
      leaving.destroy();
      this.closed.add(what);
      tell(what);
    });
    return { all: () => destroy(open), negotiating: guardHandshakes(server, options) };
  }
}

function destroy(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}

/** @returns cuts the connections that still negotiate */
function guardHandshakes(
  server: Server,
  { tls, log }: Pick<ConnectionOptions, "tls" | "log">,
): Cuts["negotiating"] {
  if (tls === undefined || !(server instanceof TlsServer)) return () => undefined;

  // TLS hands out another socket than the one that was accepted, which the address of the other end tells.
  const negotiating = new Map<string, Socket>();
  const peers = new WeakMap<Socket, string>();
  server.on("connection", (socket) => {
    const peer = peerOf(socket);
    peers.set(socket, peer);
    negotiating.set(peer, socket);
    socket.once("close", () => {
      if (negotiating.get(peer) === socket) negotiating.delete(peer);
    });
  });
  const refuse = (socket: TLSSocket, error?: Error) => {
    // A socket that has been closed no longer knows its peer; the one below it is Node's secret.
    const { _parent: accepted } = socket as { _parent?: Socket };
    const peer = accepted && peers.get(accepted);
    const unverified = explainUnverified(socket);
    if (unverified !== undefined) log.info({ peer }, unverified);
    else log.debug({ peer, err: error }, explainHandshake(error));
    // Node leaves that to us, even after its own timeout.
    socket.destroy();
  };
  server.prependListener("secureConnection", (socket) => {
    negotiating.delete(peerOf(socket));
    // One that comes after the end of the session would be uncaught.
    socket.on("error", (error) => log.debug({ err: error }, "a connection failed"));
    // By it a client could show another certificate, which nobody would verify.
    socket.disableRenegotiation();
    if (!tls.asksForCertificate) return;
    rememberCertificate(socket);
    if (explainUnverified(socket) !== undefined) refuse(socket);
  });
  server.on("tlsClientError", (error, socket) => refuse(socket, error));
  tls.keep(server);
  return () => destroy(negotiating.values());
}

/** The first connection that is closed is logged at once, further ones together after a while. */
function fullLog(maxConnections: number, log: Logger): (what: "refused" | "displaced") => void {
  const none = { refused: 0, displaced: 0 };
  let counts = { ...none };
  let pause: NodeJS.Timeout | undefined;
  const tell = () => {
    pause = undefined;
    if (counts.refused + counts.displaced === 0) return;
    log.warn(
      { ...counts, maxConnections },
      "there are as many connections as LTB_MAX_CONNECTIONS allows: new ones displace those on which nobody " +
        "was let in, and are refused where there is none",
    );
    counts = { ...none };
    pause = setTimeout(tell, transportLimits.refusedLogMs).unref();
  };
  return (what) => {
    counts[what]++;
    if (pause === undefined) tell();
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
