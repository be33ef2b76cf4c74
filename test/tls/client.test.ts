import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ClientOptions, createClient, runWorker, type TlsOptions } from "../../src/client/index.ts";
import { callOf } from "../../src/rpc/call/call.ts";
import { ltb, runHere } from "../cli/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually } from "../harness/waiting.ts";
import { failure, serve } from "../rpc/support.ts";
import { type Authority, createAuthority, days, local, type Pair } from "./certificates.ts";
import { serveTls } from "./support.ts";

let authority: Authority;
let stranger: Authority;
/** Good for `localhost`, not for 127.0.0.1. */
let pair: Pair;
let bearer: Pair;
let foreign: Pair;
beforeAll(async () => {
  [authority, stranger] = [await createAuthority(), await createAuthority("another CA")];
  pair = await authority.issue({ ...local, ips: [] });
  [bearer, foreign] = [
    await authority.issue({ commonName: "w1" }),
    await stranger.issue({ commonName: "w1" }),
  ];
});

function client(options: ClientOptions) {
  const made = createClient({ retry: false, timeoutMs: 5_000, ...options });
  onTestFinished(() => made.close());
  return made;
}

const getInfo = (options: ClientOptions) => client(options).system.getInfo({});

describe("createClient", () => {
  test("with the authority, or the certificate itself; an https:// address means TLS", async () => {
    const { port } = (await serveTls({ pair })).grpcAddress;
    const tls = { ca: authority.cert };
    expect(await getInfo({ address: `localhost:${port}`, tls })).toMatchObject({ version: "1.2.3" });
    await getInfo({
      address: `https://localhost:${port}`,
      tls: { ca: Buffer.from(pair.cert + authority.cert) },
    });
    await getInfo({ address: `127.0.0.1:${port}`, tls: { ...tls, serverName: "localhost" } });
  });

  test("with an intermediate authority as the only one that is trusted", async () => {
    const intermediate = await createAuthority("intermediate CA", authority);
    const { port } = (await serveTls({ pair: await intermediate.issue(local) })).grpcAddress;
    const tls = { ca: intermediate.cert };
    expect(await getInfo({ address: `localhost:${port}`, tls })).toMatchObject({ version: "1.2.3" });
  });

  test("with a certificate of the client", async () => {
    const seen: unknown[] = [];
    const get = (id: string, context: Parameters<typeof callOf>[0]) => {
      seen.push(callOf(context).clientCertificate?.commonName);
      return { benchmark: { id } };
    };
    const { port } = (await serveTls({ pair, clientCa: authority.cert, behaviour: { get } })).grpcAddress;
    const made = client({ address: `localhost:${port}`, tls: { ca: authority.cert, ...bearer } });
    await made.benchmarks.getBenchmark({});
    expect(seen).toEqual(["w1"]);
  });

  test.each<[string, (port: number) => ClientOptions, RegExp]>([
    [
      "another authority",
      (port) => ({ address: `localhost:${port}`, tls: { ca: stranger.cert } }),
      /^cannot connect to the service: its certificate is not trusted \(unable to get local issuer certificate\); give .* with tls\.ca$/,
    ],
    [
      "no authority",
      (port) => ({ address: `https://localhost:${port}` }),
      /its certificate is not trusted .* with tls\.ca$/,
    ],
    [
      "another name",
      (port) => ({ address: `127.0.0.1:${port}`, tls: { ca: authority.cert } }),
      /its certificate is for other names \(.*127\.0\.0\.1 is not in the cert's list: \); .* with tls\.serverName$/,
    ],
    ["clear text", (port) => ({ address: `localhost:${port}` }), /it may demand TLS, as in https:/],
  ])("%s is explained", async (_, options, message) => {
    const { port } = (await serveTls({ pair })).grpcAddress;
    const error = await failure(getInfo(options(port)));
    expect(error.code).toBe(Code.Unavailable);
    expect(error.rawMessage).toMatch(message);
  });

  test("an expired certificate is explained", async () => {
    const soon = await authority.issue({
      ...local,
      notBefore: days(-1),
      notAfter: new Date(Date.now() + 2_000),
    });
    const { port } = (await serveTls({ pair: soon })).grpcAddress;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const error = await failure(getInfo({ address: `localhost:${port}`, tls: { ca: authority.cert } }));
    expect(error.rawMessage).toContain("cannot be accepted (certificate has expired)");
  });

  test("TLS to a port without it, and to the HTTP port, is explained", async () => {
    const tls = { ca: authority.cert };
    const plain = await serve();
    const toPlain = await failure(getInfo({ address: `localhost:${plain.grpcAddress.port}`, tls }));
    expect(toPlain.rawMessage).toContain("it does not speak TLS; call it without TLS");
    const { httpAddress } = await serveTls({ pair });
    const toHttp = await failure(getInfo({ address: `localhost:${httpAddress.port}`, tls }));
    expect(toHttp.rawMessage).toContain("is this the gRPC port?");
  });

  test("a certificate that is missing, or not accepted, is explained", async () => {
    const { port } = (await serveTls({ pair, clientCa: authority.cert })).grpcAddress;
    const address = `localhost:${port}`;
    const without = await failure(getInfo({ address, tls: { ca: authority.cert } }));
    expect(without.rawMessage).toContain(
      "it demands a certificate of its clients; give one with tls.cert and tls.key",
    );
    const wrong = await failure(getInfo({ address, tls: { ca: authority.cert, ...foreign } }));
    expect(wrong.rawMessage).toContain("it may not accept the client's certificate");
  });

  test.each<[string, () => ClientOptions, RegExp]>([
    ["ca", () => ({ tls: { ca: "hello" } }), /^tls\.ca: expected certificates in PEM: .*no certificate/],
    ["cert alone", () => ({ tls: { cert: bearer.cert } }), /^tls\.key: expected the private key along/],
    ["key alone", () => ({ tls: { key: bearer.key } }), /^tls\.cert: expected a certificate along/],
    ["another key", () => ({ tls: { cert: bearer.cert, key: foreign.key } }), /^tls\.key: .*mismatch/],
    [
      "no key",
      () => ({ tls: { cert: bearer.cert, key: "hello" } }),
      /^tls\.key: expected the certificate's private key/,
    ],
    [
      "http and TLS",
      () => ({ address: "http://localhost:1", tls: true }),
      /^tls: expected false, as the address/,
    ],
    [
      "https without TLS",
      () => ({ address: "https://localhost:1", tls: false }),
      /^tls: expected true, as the address/,
    ],
  ])("options that cannot be used are named: %s", (_, options, message) => {
    expect(() => createClient(options())).toThrow(TypeError);
    expect(() => createClient(options())).toThrow(message);
  });

  test("a server's new certificate is met by the next connection, without an error", async () => {
    const server = await serveTls({ pair });
    const made = client({ address: `localhost:${server.grpcAddress.port}`, tls: { ca: authority.cert } });
    await made.system.getInfo({});
    await server.write(await authority.issue(local));
    await eventually(() => server.log.some(({ msg }) => msg.includes("were read again")));
    expect(await made.system.getInfo({})).toMatchObject({ version: "1.2.3" });
  });
});

describe("runWorker", () => {
  const working = async (address: string, tls: TlsOptions) => {
    const lines: string[] = [];
    const line = (fields: { err?: unknown }) => {
      if (fields.err instanceof Error) lines.push(fields.err.message);
    };
    const log = { debug: line, info: line, warn: line, error: line };
    const worker = runWorker({ address, tls, workerId: "w1", handlers: { any: async () => null }, log });
    worker.done.catch(() => undefined);
    onTestFinished(() => worker.stop());
    return lines;
  };

  test("says what is wrong, and waits", async () => {
    const { port } = (await serveTls({ pair, clientCa: authority.cert })).grpcAddress;
    const untrusting = await working(`localhost:${port}`, { ca: stranger.cert });
    await eventually(() => untrusting.some((line) => line.includes("is not trusted")));
    const without = await working(`localhost:${port}`, { ca: authority.cert });
    await eventually(() => without.some((line) => line.includes("demands a certificate")));
  });

  test("calls with its certificate", async () => {
    const server = await serveTls({ pair, clientCa: authority.cert });
    await working(`https://localhost:${server.grpcAddress.port}`, { ca: authority.cert, ...bearer });
    // There is no such method on this server; that it was called is enough.
    await eventually(() => server.log.some((line) => JSON.stringify(line).includes("/RegisterWorker")));
  });
});

describe("the command line", () => {
  /** Files of clients, and what the command prints. */
  async function files() {
    const folder = temporaryFolder();
    const paths: Record<string, string> = {};
    const contents = {
      ca: authority.cert,
      otherCa: stranger.cert,
      cert: bearer.cert,
      key: bearer.key,
      foreignCert: foreign.cert,
      foreignKey: foreign.key,
      text: "hello",
    };
    for (const [name, content] of Object.entries(contents)) {
      paths[name] = join(folder, `${name}.pem`);
      await writeFile(paths[name], content);
    }
    return paths as Record<keyof typeof contents, string>;
  }

  test("calls by --tls-ca, by variables, and with a certificate", async () => {
    const path = await files();
    const { port } = (await serveTls({ pair, clientCa: authority.cert })).grpcAddress;
    const shown = ["--tls-cert", path.cert, "--tls-key", path.key];
    const byOptions = await ltb([
      "info",
      "--address",
      `https://localhost:${port}`,
      "--tls-ca",
      path.ca,
      ...shown,
    ]);
    expect(byOptions).toMatchObject({ code: 0, stderr: "" });
    expect(byOptions.stdout).toContain("1.2.3");
    const byVariables = await ltb(["info", "--json"], {
      LTB_ADDRESS: `localhost:${port}`,
      LTB_TLS_CA_FILE: path.ca,
      LTB_TLS_CLIENT_CERT_FILE: path.cert,
      LTB_TLS_CLIENT_KEY_FILE: path.key,
    });
    expect(byVariables).toMatchObject({ code: 0, stderr: "" });
    const byName = await ltb([
      ...["info", "--address", `127.0.0.1:${port}`, "--tls-server-name", "localhost", "--tls-ca", path.ca],
      ...shown,
    ]);
    expect(byName).toMatchObject({ code: 0, stderr: "" });
  });

  test("says what is wrong, and which option helps", async () => {
    const path = await files();
    const { port } = (await serveTls({ pair, clientCa: authority.cert })).grpcAddress;
    const open = (await serveTls({ pair })).grpcAddress.port;
    const plain = (await serve()).grpcAddress.port;
    const ca = ["--tls-ca", path.ca];
    const cases: [string[], string][] = [
      [
        ["--address", `https://localhost:${open}`],
        "is not trusted (unable to get local issuer certificate); give the authority that signed it with --tls-ca",
      ],
      [["--address", `localhost:${open}`, "--tls-ca", path.otherCa], "is not trusted"],
      [["--address", `127.0.0.1:${open}`, ...ca], "with --tls-server-name"],
      [["--address", `localhost:${open}`], "if it speaks TLS, add --tls"],
      [
        ["--address", `localhost:${plain}`, ...ca],
        "it does not speak TLS; call it without --tls or https://",
      ],
      [["--address", `localhost:${port}`, ...ca], "certificate"],
      [
        [
          "--address",
          `localhost:${port}`,
          ...ca,
          "--tls-cert",
          path.foreignCert,
          "--tls-key",
          path.foreignKey,
        ],
        "certificate",
      ],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runHere(["info", ...args]);
      expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
      expect(stderr, args.join(" ")).toMatch(/^error: UNAVAILABLE \(UNREACHABLE\): /);
      expect(stderr).toContain(message);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
  });

  test("calls with an intermediate authority as the only one that is trusted", async () => {
    const intermediate = await createAuthority("intermediate CA", authority);
    const ca = join(temporaryFolder(), "intermediate.pem");
    await writeFile(ca, intermediate.cert);
    const { port } = (await serveTls({ pair: await intermediate.issue(local) })).grpcAddress;
    const { code, stderr } = await runHere([
      "info",
      "--address",
      `https://localhost:${port}`,
      "--tls-ca",
      ca,
    ]);
    expect(code, stderr).toBe(0);
  });

  test("wrong options are usage errors", async () => {
    const path = await files();
    const cases: [string[], string][] = [
      [["--tls-ca", "/no/such.pem"], "--tls-ca: expected a readable PEM file: ENOENT"],
      [["--tls-ca", path.text], "--tls-ca: expected certificates in PEM"],
      [["--tls-cert", path.cert], "--tls-key: expected the private key along with the certificate"],
      [["--tls-key", path.key], "--tls-cert: expected a certificate along with the key"],
      [
        ["--tls-cert", path.cert, "--tls-key", path.foreignKey],
        "--tls-key: expected the certificate's private key",
      ],
      [["--tls", "--address", "http://localhost:1"], "--tls contradicts the address"],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await runHere(["info", ...args]);
      expect(code, stderr).toBe(2);
      expect(stderr).toContain(message);
    }
  });
});
