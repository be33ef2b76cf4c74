import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../../src/config.ts";
import { type SslSettings, sslAttempts } from "../../src/database/connection/ssl.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createAuthority, local, type Pair, selfSigned } from "../tls/certificates.ts";

const folder = temporaryFolder();
let pem: string;
let pair: Pair;
beforeAll(async () => {
  pair = await selfSigned({ commonName: "any" });
  // Certificate and key may well be in one file.
  pem = write("both.pem", pair.cert + pair.key);
});

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const host = "db.example";
const unverified = { host, rejectUnauthorized: false };

test.each([
  ["disable", [false]],
  ["allow", [false, unverified]],
  ["prefer", [unverified, false]],
  ["require", [unverified]],
  ["verify-full", [{ host, rejectUnauthorized: true }]],
] as const)("%s", (sslMode, expected) => {
  expect(sslAttempts({ host, sslMode })).toEqual(expected);
});

test("verify-ca checks the authority but not the name", () => {
  const [only, ...rest] = sslAttempts({ host, sslMode: "verify-ca", sslRootCert: pem });
  expect(rest).toEqual([]);
  expect(only).toEqual({
    host,
    rejectUnauthorized: true,
    ca: pair.cert + pair.key,
    allowPartialTrustChain: true,
    checkServerIdentity: expect.any(Function),
  });
});

test.each(["allow", "prefer", "require"] as const)(
  "%s with an authority verifies it, as libpq does",
  (sslMode) => {
    const tls = sslAttempts({ host, sslMode, sslRootCert: pem }).find((attempt) => attempt !== false);
    expect(tls).toMatchObject({ rejectUnauthorized: true, checkServerIdentity: expect.any(Function) });
  },
);

test("verify-full leaves the name to be checked, with a named authority or those of Node", () => {
  expect(sslAttempts({ host, sslMode: "verify-full", sslRootCert: pem })).toEqual([
    { host, rejectUnauthorized: true, ca: pair.cert + pair.key, allowPartialTrustChain: true },
  ]);
  expect(sslAttempts({ host, sslMode: "verify-full", sslRootCert: "system" })).toEqual([
    { host, rejectUnauthorized: true },
  ]);
});

test("a client certificate goes along with every mode that uses TLS", () => {
  for (const sslMode of ["allow", "prefer", "require", "verify-full"] as const) {
    const tls = sslAttempts({ host, sslMode, sslCert: pem, sslKey: pem }).find(
      (attempt) => attempt !== false,
    );
    expect(tls).toMatchObject({ cert: pair.cert + pair.key, key: pair.cert + pair.key });
  }
});

test("an intermediate authority may be all that is trusted", async () => {
  const intermediate = await createAuthority("intermediate CA", await createAuthority());
  const server = createServer(await intermediate.issue(local)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sslRootCert = write("intermediate.pem", intermediate.cert);
  const [tls] = sslAttempts({ host: "localhost", sslMode: "verify-full", sslRootCert });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const socket = connect({ ...(tls || {}), port });
  onTestFinished(() => {
    socket.destroy();
    server.close();
  });
  await once(socket, "secureConnect");
  expect(socket.authorized).toBe(true);
});

test("no TLS on a Unix socket, whatever the mode", () => {
  expect(sslAttempts({ host: "/var/run/postgresql", sslMode: "verify-full" })).toEqual([false]);
});

test("files that cannot be read are all named", () => {
  const path = join(folder, "none.pem");
  const attempt = () =>
    sslAttempts({ host, sslMode: "require", sslRootCert: path, sslCert: path, sslKey: path });
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(/sslRootCert.*\n.*sslCert.*\n.*sslKey/);
});

test("files that hold something else are named", async () => {
  const other = write("other.pem", (await selfSigned({ commonName: "other" })).key);
  const text = write("text.pem", "hello");
  const attempt = (files: Partial<SslSettings>) => () => sslAttempts({ host, sslMode: "require", ...files });
  expect(attempt({ sslRootCert: text })).toThrow(/sslRootCert: .*no certificate/);
  expect(attempt({ sslRootCert: other })).toThrow(/sslRootCert: .*no certificate/);
  expect(attempt({ sslCert: text, sslKey: pem })).toThrow(/sslCert: .*no certificate/);
  expect(attempt({ sslCert: pem, sslKey: text })).toThrow(/sslKey: /);
  expect(attempt({ sslCert: pem, sslKey: other })).toThrow(/sslKey: .*mismatch/);
});
