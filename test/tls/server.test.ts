import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { callOf } from "../../src/rpc/call/call.ts";
import type { ClientCertificate } from "../../src/rpc/tls/client-certificate.ts";
import { closing, eventually, within } from "../harness/waiting.ts";
import { benchmarks, failure, greeting, serve } from "../rpc/support.ts";
import { type Authority, createAuthority, local, type Pair, selfSigned } from "./certificates.ts";
import { handshake, serveTls, type TlsTest, wires } from "./support.ts";

let authority: Authority;
let stranger: Authority;
let pair: Pair;
beforeAll(async () => {
  authority = await createAuthority();
  // Its name is the same: only the key tells them apart.
  stranger = await createAuthority();
  pair = await authority.issue(local);
});

const ports = ["grpcAddress", "httpAddress"] as const;

/** A server that notes the certificates of its callers. */
async function noting(options: Omit<TlsTest, "pair" | "behaviour"> = {}) {
  const seen: (ClientCertificate | undefined)[] = [];
  const get = (id: string, context: Parameters<typeof callOf>[0]) => {
    seen.push(callOf(context).clientCertificate);
    return { benchmark: { id } };
  };
  return { ...(await serveTls({ pair, behaviour: { get }, ...options })), seen };
}

describe.each(Object.entries(wires))("over %s", (_, transportTo) => {
  test("calls are answered, and without mutual TLS no certificate is seen", async () => {
    const server = await noting();
    const client = benchmarks(transportTo(server, { ca: authority.cert }));
    expect((await client.getBenchmark({ id: "a" })).benchmark?.id).toBe("a");
    const bearing = benchmarks(
      transportTo(server, { ca: authority.cert, ...(await authority.issue({ commonName: "w1" })) }),
    );
    await bearing.getBenchmark({});
    expect(server.seen).toEqual([undefined, undefined]);
  });

  test("a client that trusts another authority does not connect", async () => {
    const server = await noting();
    const error = await failure(benchmarks(transportTo(server, { ca: stranger.cert })).getBenchmark({}));
    expect(error.message).toMatch(/certificate/);
    expect(server.seen).toEqual([]);
  });

  test("a client certificate is shown to the handlers as it is", async () => {
    const server = await noting({ clientCa: authority.cert });
    const uris = ["spiffe://bench.example/worker/gpu-1"];
    const names = { commonName: "gpu-1", dns: ["gpu-1.bench.example", "*.gpu.example"], uris };
    const bearer = await authority.issue({ ...names, ips: ["10.0.0.1"] });
    const client = benchmarks(transportTo(server, { ca: authority.cert, ...bearer }));
    await client.getBenchmark({});
    await client.getBenchmark({});
    const [first, second] = server.seen;
    expect(first).toEqual({
      commonName: "gpu-1",
      dnsNames: names.dns,
      uris,
      fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
    expect(second).toEqual(first);
  });

  test("names cannot be smuggled in by commas and quotes", async () => {
    const server = await noting({ clientCa: authority.cert });
    const dns = ["a, DNS:admin.example", 'b", DNS:"c', "plain.example"];
    const uris = ["urn:x, URI:urn:admin"];
    const bearer = await authority.issue({ commonName: "w", dns, uris });
    await benchmarks(transportTo(server, { ca: authority.cert, ...bearer })).getBenchmark({});
    expect(server.seen).toMatchObject([{ commonName: "w", dnsNames: dns, uris }]);
  });

  test("two clients at once are not taken for each other", async () => {
    const server = await noting({ clientCa: authority.cert });
    const clients = await Promise.all(
      ["w1", "w2"].map(async (commonName) =>
        benchmarks(transportTo(server, { ca: authority.cert, ...(await authority.issue({ commonName })) })),
      ),
    );
    for (let round = 0; round < 3; round++) for (const client of clients) await client.getBenchmark({});
    const names = server.seen.map((certificate) => certificate?.commonName);
    expect(names).toEqual(["w1", "w2", "w1", "w2", "w1", "w2"]);
  });

  test("mutual TLS refuses clients without a certificate of the authority", async () => {
    const server = await noting({ clientCa: authority.cert });
    const without = benchmarks(transportTo(server, { ca: authority.cert }));
    await expect(without.getBenchmark({})).rejects.toThrow();
    const foreign = await stranger.issue({ commonName: "w1" });
    await expect(
      benchmarks(transportTo(server, { ca: authority.cert, ...foreign })).getBenchmark({}),
    ).rejects.toThrow();
    const own = await selfSigned({ commonName: "w1" });
    await expect(
      benchmarks(transportTo(server, { ca: authority.cert, ...own })).getBenchmark({}),
    ).rejects.toThrow();
    const expired = await authority.issue({
      commonName: "w1",
      notBefore: new Date("2020-01-01"),
      notAfter: new Date("2021-01-01"),
    });
    await expect(
      benchmarks(transportTo(server, { ca: authority.cert, ...expired })).getBenchmark({}),
    ).rejects.toThrow();
    expect(server.seen).toEqual([]);
    await eventually(() => server.log.some(({ msg }) => msg.includes("brought no certificate")));
    const refusals = () => server.log.filter(({ msg }) => msg.includes("is not accepted"));
    await eventually(() => refusals().length >= 3);
    expect(refusals()[0]).toMatchObject({ level: "info", peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    expect(
      refusals()
        .map(({ msg }) => msg)
        .join("\n"),
    ).toContain("CERT_HAS_EXPIRED");
  });

  test("optional mutual TLS lets clients in without a certificate, but not with a wrong one", async () => {
    const server = await noting({ clientCa: authority.cert, clientAuth: "optional" });
    const calling = async (bearer: Partial<Pair>) =>
      benchmarks(transportTo(server, { ca: authority.cert, ...bearer })).getBenchmark({});
    await calling({});
    await calling(await authority.issue({ commonName: "w1" }));
    await expect(calling(await stranger.issue({ commonName: "w1" }))).rejects.toThrow();
    await expect(calling(await selfSigned({ commonName: "w1" }))).rejects.toThrow();
    expect(server.seen).toMatchObject([undefined, { commonName: "w1" }]);
    const refusals = () => server.log.filter(({ msg }) => msg.includes("is not accepted"));
    await eventually(() => refusals().length >= 2);
    expect(refusals()[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });

  test("stopping lets running calls end", async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    let running = 0;
    const server = await serveTls({
      pair,
      behaviour: {
        get: async (id) => {
          running++;
          await opened;
          return { benchmark: { id } };
        },
        async *export() {
          running++;
          yield { nextPageToken: "first" };
          await opened;
          yield { nextPageToken: "last" };
        },
      },
    });
    const client = benchmarks(transportTo(server, { ca: authority.cert }));
    const call = client.getBenchmark({ id: "a" });
    const pages = (async () => {
      const read: string[] = [];
      for await (const { nextPageToken } of client.exportEvaluations({})) read.push(nextPageToken);
      return read;
    })();
    await eventually(() => running === 2);
    const stopped = server.stop();
    open();
    expect((await call).benchmark?.id).toBe("a");
    expect(await pages).toEqual(["first", "last"]);
    await stopped;
    await expect(client.getBenchmark({})).rejects.toThrow();
  });

  test("stopping ends what does not end by itself", async () => {
    const begun = Promise.withResolvers<void>();
    const get = () => {
      begun.resolve();
      return new Promise<never>(() => undefined);
    };
    const server = await serveTls({ pair, behaviour: { get }, config: { drainTimeoutSeconds: 0.7 } });
    const call = failure(benchmarks(transportTo(server, { ca: authority.cert })).getBenchmark({}));
    await begun.promise;
    await within(1_500, server.stop());
    expect((await call).code).toBe(Code.Unavailable);
  });
});

describe.each(ports)("%s", (address) => {
  test("speaks TLS 1.2 and 1.3, no older one, and nothing but authenticated encryption", async () => {
    const server = await serveTls({ pair });
    const to = (options: object) => handshake(server[address].port, { ca: authority.cert, ...options });
    expect((await to({ maxVersion: "TLSv1.2" })).getProtocol()).toBe("TLSv1.2");
    expect((await to({})).getProtocol()).toBe("TLSv1.3");
    await expect(
      to({ minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }),
    ).rejects.toThrow(/protocol version/);
    await expect(
      to({ maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA" }),
    ).rejects.toThrow(/handshake failure/);
    await eventually(() => server.log.some(({ msg }) => msg.includes("no version of TLS")));
    await eventually(() => server.log.some(({ msg }) => msg.includes("none of the accepted ciphers")));
  });

  test("refuses clear text with a line for the log, and forgets the connection", async () => {
    const server = await serveTls({ pair, config: { maxConnections: 3 } });
    for (const text of [
      "GET / HTTP/1.1\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "\0".repeat(64),
      "x".repeat(4096),
    ]) {
      const socket = await tcp(server[address].port);
      socket.write(text);
      await closed(socket);
    }
    const line = await eventually(() => server.log.find(({ msg }) => msg.includes("does not speak TLS")));
    expect(line).toMatchObject({ level: "debug", listener: address === "grpcAddress" ? "grpc" : "http" });
    // None of them counts any more.
    await handshake(server[address].port, { ca: authority.cert });
  });

  test("has no more connections than it may, which new ones displace, and says so once", async () => {
    const server = await serveTls({ pair, config: { maxConnections: 2 } });
    const { port } = server[address];
    const through = await handshake(port, { ca: authority.cert });
    // One that still negotiates counts too.
    const negotiating = await tcp(port);
    await tcp(port);
    await closed(through);
    expect(negotiating.closed).toBe(false);
    await handshake(port, { ca: authority.cert });
    await closed(negotiating);
    const lines = () => server.log.filter(({ msg }) => msg.includes("LTB_MAX_CONNECTIONS"));
    expect(lines()).toMatchObject([{ level: "warn", maxConnections: 2, displaced: 1, refused: 0 }]);
  });

  test("does not negotiate again, by which a client could become another one", async () => {
    const server = await serveTls({ pair, clientCa: authority.cert });
    const bearer = await authority.issue({ commonName: "w1" });
    const options = { ca: authority.cert, maxVersion: "TLSv1.2", ...bearer } as const;
    const socket = await handshake(server[address].port, options);
    socket.on("error", () => undefined);
    const outcome = new Promise((resolve) => socket.renegotiate({}, resolve));
    await closed(socket);
    expect(await Promise.race([outcome, "closed"])).not.toBeNull();
  });

  test("a frozen client does not hold up a stop beyond the drain timeout", async () => {
    const server = await serveTls({ pair, config: { drainTimeoutSeconds: 0.5 } });
    const socket = await handshake(server[address].port, { ca: authority.cert });
    socket.on("error", () => undefined);
    socket.write(address === "grpcAddress" ? greeting : "GET /healthz HTTP/1.1\r\n");
    // It reads nothing, and so does not see the server's end either.
    socket.pause();
    await within(3_000, server.stop());
  });

  test("connections that still negotiate do not hold up a stop", async () => {
    const server = await serveTls({ pair });
    const socket = await tcp(server[address].port);
    await within(500, server.stop());
    await closed(socket);
  });
});

test("the limit holds for clear text too", async () => {
  const server = await serve({}, { maxConnections: 1 });
  for (const { port } of [server.grpcAddress, server.httpAddress]) {
    const first = await tcp(port);
    await tcp(port);
    await closed(first);
  }
});

test("HTTP/1.1 on the gRPC port, and HTTP/2 on the other one, end in the handshake", async () => {
  const server = await serveTls({ pair });
  const { cert: ca } = authority;
  await expect(handshake(server.grpcAddress.port, { ca, ALPNProtocols: ["http/1.1"] })).rejects.toThrow(
    /no application protocol/,
  );
  await expect(handshake(server.httpAddress.port, { ca, ALPNProtocols: ["h2"] })).rejects.toThrow(
    /no application protocol/,
  );
});

async function tcp(port: number): Promise<Socket> {
  const socket = connectTcp({ host: "127.0.0.1", port });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await closing(socket);
}
