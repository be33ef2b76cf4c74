import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError } from "../../src/config.ts";
import { sslAttempts } from "../../src/database/ssl.ts";

let folder: string;
let pem: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ltb-ssl-"));
  pem = join(folder, "file.pem");
  writeFileSync(pem, "PEM");
});
afterAll(() => rmSync(folder, { recursive: true }));

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
    ca: "PEM",
    checkServerIdentity: expect.any(Function),
  });
});

test("require with an authority verifies it, as libpq does; prefer does not", () => {
  expect(sslAttempts({ host, sslMode: "require", sslRootCert: pem })[0]).toMatchObject({
    rejectUnauthorized: true,
    ca: "PEM",
  });
  expect(sslAttempts({ host, sslMode: "prefer", sslRootCert: pem })[0]).toMatchObject({
    rejectUnauthorized: false,
  });
});

test("verify-full leaves the name to be checked, with a named authority or those of Node", () => {
  expect(sslAttempts({ host, sslMode: "verify-full", sslRootCert: pem })).toEqual([
    { host, rejectUnauthorized: true, ca: "PEM" },
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
    expect(tls).toMatchObject({ cert: "PEM", key: "PEM" });
  }
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
