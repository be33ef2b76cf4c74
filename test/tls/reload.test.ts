import { once } from "node:events";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { createServer } from "node:tls";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createLogger } from "../../src/log.ts";
import { ServerTls } from "../../src/rpc/tls/server-tls.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { benchmarks, type LogLine } from "../rpc/support.ts";
import { type Authority, createAuthority, days, local, type Pair } from "./certificates.ts";
import { handshake, POLL_MS, serveTls, type TlsServer, wires } from "./support.ts";

let authority: Authority;
let first: Pair;
let second: Pair;
beforeAll(async () => {
  authority = await createAuthority();
  [first, second] = [await authority.issue(local), await authority.issue(local)];
});

const ports = ["grpcAddress", "httpAddress"] as const;

/** Waits for some looks at the files. */
const looks = () => new Promise((resolve) => setTimeout(resolve, 10 * POLL_MS));

/** The certificate that a new connection gets. */
async function shown(port: number): Promise<string | undefined> {
  const socket = await handshake(port, { ca: authority.cert });
  return socket.getPeerX509Certificate()?.toString();
}

const readAgain = ({ log }: { log: LogLine[] }) =>
  log.filter(({ msg }) => msg.includes("were read again")).length;

const pem = ({ cert }: Pair) => cert.replaceAll("\r", "");

describe("new files", () => {
  test("are served on both ports to new connections, and those that are open go on", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    let running = 0;
    const server = await serveTls({
      pair: first,
      behaviour: {
        async *export() {
          running++;
          yield { nextPageToken: "first" };
          await opened;
          yield { nextPageToken: "last" };
        },
      },
    });
    const reading = Object.values(wires).map(async (transportTo) => {
      const pages: string[] = [];
      const client = benchmarks(transportTo(server, { ca: authority.cert }));
      for await (const { nextPageToken } of client.exportEvaluations({})) pages.push(nextPageToken);
      return pages;
    });
    await eventually(() => running === reading.length);
    for (const port of ports) expect(await shown(server[port].port)).toBe(pem(first));
    await server.write(second);
    await eventually(() => readAgain(server) === 1);
    for (const port of ports) expect(await shown(server[port].port)).toBe(pem(second));
    open();
    for (const pages of await Promise.all(reading)) expect(pages).toEqual(["first", "last"]);
    expect(server.log.filter(({ level }) => level === "warn")).toEqual([]);
  });

  test("that do not fit together keep the old ones, with one warning, until they do", async () => {
    const server = await serveTls({ pair: first });
    await server.write({ cert: second.cert });
    const warnings = () => server.log.filter(({ msg }) => msg.includes("cannot be used"));
    await eventually(() => warnings().length > 0);
    await looks();
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatchObject({ level: "warn", why: expect.stringContaining("LTB_TLS_KEY_FILE") });
    for (const port of ports) expect(await shown(server[port].port)).toBe(pem(first));
    await server.write({ key: second.key });
    await eventually(() => readAgain(server) === 1);
    for (const port of ports) expect(await shown(server[port].port)).toBe(pem(second));
  });

  test.each<[string, (pair: Pair) => Partial<Pair>]>([
    ["cut in the middle", ({ cert, key }) => ({ cert: cert.slice(0, 200), key })],
    ["empty", () => ({ cert: "", key: "" })],
    ["no PEM", () => ({ cert: "hello", key: "hello" })],
  ])("that are %s keep the old ones", async (_, broken) => {
    const server = await serveTls({ pair: first });
    await server.write(broken(second));
    await eventually(() => server.log.some(({ msg }) => msg.includes("cannot be used")));
    for (const port of ports) expect(await shown(server[port].port)).toBe(pem(first));
  });

  test("that have expired keep the old ones", async () => {
    const server = await serveTls({ pair: first });
    await server.write(await authority.issue({ ...local, notBefore: days(-9), notAfter: days(-1) }));
    const line = await eventually(() => server.log.find(({ msg }) => msg.includes("cannot be used")));
    expect(line.why).toContain("has expired");
    expect(await shown(server.grpcAddress.port)).toBe(pem(first));
  });

  test("written one after the other are no reason for a warning", async () => {
    const server = await serveTls({ pair: first });
    for (let round = 0; round < 5; round++) {
      const pair = await authority.issue(local);
      await server.write({ cert: pair.cert });
      await server.write({ key: pair.key });
      await eventually(() => readAgain(server) === round + 1);
    }
    expect(server.log.filter(({ level }) => level === "warn")).toEqual([]);
  });
});

test("a swap of symbolic links, as Kubernetes does with secrets, is found", async () => {
  const folder = temporaryFolder();
  const put = async (name: string, { cert, key }: Pair) => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "tls.crt"), cert);
    await writeFile(join(folder, name, "tls.key"), key);
    // Atomically: a new link is moved over the old one.
    await symlink(name, join(folder, "..data_tmp"));
    await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  await put("..2026_01", first);
  const files = { certFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  await symlink(join("..data", "tls.crt"), files.certFile);
  await symlink(join("..data", "tls.key"), files.keyFile);
  const lines: string[] = [];
  const log = createLogger("info", { write: (line) => lines.push(line) });
  const tls = await ServerTls.load({ ...files, clientAuth: "required" }, log, POLL_MS);
  onTestFinished(() => tls.stop());
  const server = createServer(tls.options).listen(0, "127.0.0.1");
  tls.keep(server);
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  expect(await shown(port)).toBe(pem(first));
  await put("..2026_02", second);
  await eventually(() => lines.some((line) => line.includes("were read again")));
  expect(await shown(port)).toBe(pem(second));
});

describe("a new authority of clients", () => {
  const over = (server: TlsServer, bearer: Pair) =>
    benchmarks(wires.gRPC?.(server, { ca: authority.cert, ...bearer }) ?? fail()).getBenchmark({});
  const fail = (): never => {
    throw new Error("no gRPC");
  };

  test("lets its clients in, and those of the old one no more, also not by a resumed session", async () => {
    const other = await createAuthority("other CA");
    const [old, fresh] = [
      await authority.issue({ commonName: "old" }),
      await other.issue({ commonName: "new" }),
    ];
    const server = await serveTls({
      pair: first,
      clientCa: authority.cert,
      behaviour: { get: () => ({}) },
    });
    const open = await handshake(server.httpAddress.port, { ca: authority.cert, ...old });
    const session = await ticketOf(open);
    const resumed = await handshake(server.httpAddress.port, { ca: authority.cert, ...old, session });
    expect(resumed.isSessionReused()).toBe(true);
    await over(server, old);
    await server.write({ ca: other.cert });
    await eventually(() => readAgain(server) === 1);
    await over(server, fresh);
    await expect(over(server, old)).rejects.toThrow();
    const late = await handshake(server.httpAddress.port, { ca: authority.cert, ...old, session });
    expect(late.isSessionReused()).toBe(false);
    late.on("error", () => undefined).resume();
    if (!late.closed) await once(late, "close");
  });

  /** A session to resume; with TLS 1.3 it comes after the handshake. */
  async function ticketOf(socket: TLSSocket): Promise<Buffer> {
    const given = once(socket, "session");
    socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    socket.resume();
    const [session] = await given;
    return session;
  }
});

describe("the end of a certificate is told of", () => {
  const ending = async (notAfter: Date) => {
    const server = await serveTls({ pair: await authority.issue({ ...local, notAfter }) });
    return () => server.log.filter(({ msg }) => msg.includes("TLS certificate"));
  };

  test("from 14 days before on, once a day", async () => {
    const lines = await ending(days(13.5));
    await looks();
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toMatchObject({ level: "warn", setting: "LTB_TLS_CERT_FILE", days: 13 });
  });

  test("but not earlier", async () => {
    const lines = await ending(days(14.5));
    await looks();
    expect(lines()).toEqual([]);
  });

  test("as an error once it has passed", async () => {
    // Certificates end at a whole second: at least two from now, by which time it is made and served.
    const lines = await ending(new Date(Date.now() + 3_000));
    await eventually(() => lines().length === 2);
    expect(lines()).toMatchObject([{ level: "warn", days: 0 }, { level: "error" }]);
  });
});
