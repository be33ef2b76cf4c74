import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ConnectionOptions, connect, type SecureContextOptions, type TLSSocket } from "node:tls";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import type { TlsChoice } from "../../src/config/tls.ts";
import type { Logger } from "../../src/log.ts";
import { ServerTls } from "../../src/rpc/tls/server-tls.ts";
import type { ServerConfig } from "../../src/server.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { type Behaviour, serve } from "../rpc/support.ts";
import type { Pair } from "./certificates.ts";

export interface TlsTest {
  pair: Pair;
  /** Certificate of the authority of clients. */
  clientCa?: string;
  clientAuth?: TlsChoice["clientAuth"];
  behaviour?: Behaviour;
  config?: Partial<ServerConfig>;
}

/** How often servers of tests look at their files. */
export const POLL_MS = 25;

/** A server with TLS on both ports; `write` changes its files. */
export async function serveTls({ pair, clientCa, clientAuth = "required", behaviour, config }: TlsTest) {
  const folder = temporaryFolder();
  const files = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key"), ca: join(folder, "ca.crt") };
  const write = async ({ cert, key, ca }: Partial<Pair & { ca: string }>) => {
    if (cert !== undefined) await writeFile(files.cert, cert);
    if (key !== undefined) await writeFile(files.key, key);
    if (ca !== undefined) await writeFile(files.ca, ca);
  };
  await write({ ...pair, ...(clientCa !== undefined && { ca: clientCa }) });
  const settings: TlsChoice = {
    certFile: files.cert,
    keyFile: files.key,
    clientCaFile: clientCa === undefined ? undefined : files.ca,
    clientAuth,
  };
  const load = (log: Logger) => ServerTls.load(settings, log, POLL_MS);
  return { ...(await serve(behaviour, config, load)), write };
}

export type TlsServer = Awaited<ReturnType<typeof serveTls>>;

/** The ways in, over TLS. */
export const wires: Record<string, (server: TlsServer, options?: SecureContextOptions) => Transport> = {
  gRPC: ({ grpcTarget }, nodeOptions = {}) =>
    createGrpcTransport({ baseUrl: `https://${grpcTarget}`, nodeOptions }),
  "gRPC-Web": ({ httpUrl }, nodeOptions = {}) =>
    createGrpcWebTransport({ baseUrl: httpUrl, httpVersion: "1.1", nodeOptions }),
  "Connect, JSON": ({ httpUrl }, nodeOptions = {}) =>
    createConnectTransport({ baseUrl: httpUrl, httpVersion: "1.1", useBinaryFormat: false, nodeOptions }),
};

/** A TLS connection to one of the ports, as far as it gets. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, servername: "localhost", ...options });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}
