import type { Server, Socket } from "node:net";
import { type TLSSocket, Server as TlsServer } from "node:tls";
import { transportLimits } from "../../limits.ts";
import type { Logger } from "../../log.ts";
import { rememberCertificate } from "../tls/client-certificate.ts";
import { explainHandshake, explainUnverified } from "../tls/handshake.ts";
import type { ServerTls } from "../tls/server-tls.ts";

/** How a listener takes connections. */
export interface ConnectionOptions {
  /** Undefined: clear text. */
  tls: ServerTls | undefined;
  /** Most connections open at once, including those that negotiate TLS; one more is closed at once. */
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

/** Limits the connections of a server that does not listen yet, and those that TLS has not let in. */
export function guardConnections(server: Server, { tls, maxConnections, log }: ConnectionOptions): Cuts {
  server.maxConnections = maxConnections;
  server.on("drop", refusalLog(maxConnections, log));
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  const destroy = (sockets: Iterable<Socket>) => {
    for (const socket of sockets) socket.destroy();
  };
  const all = () => destroy(open);
  if (tls === undefined || !(server instanceof TlsServer)) return { negotiating: () => undefined, all };

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
  return { negotiating: () => destroy(negotiating.values()), all };
}

/** The first refusal is logged at once, further ones together after a while. */
function refusalLog(maxConnections: number, log: Logger): () => void {
  let refused = 0;
  let pause: NodeJS.Timeout | undefined;
  const tell = () => {
    pause = undefined;
    if (refused === 0) return;
    log.warn(
      { refused, maxConnections },
      "connections were refused: there are as many as LTB_MAX_CONNECTIONS allows",
    );
    refused = 0;
    pause = setTimeout(tell, transportLimits.refusedLogMs).unref();
  };
  return () => {
    refused++;
    if (pause === undefined) tell();
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}
