import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generate } from "selfsigned";
import { beforeAll, expect, test } from "vitest";
import { ConfigError } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { ServerTls } from "../../src/rpc/tls/server-tls.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { type Authority, createAuthority, days, local, type Pair, selfSigned } from "./certificates.ts";

const log = createLogger("silent");
let authority: Authority;
let pair: Pair;
let other: Pair;
beforeAll(async () => {
  authority = await createAuthority();
  [pair, other] = [await authority.issue(local), await authority.issue({ ...local, commonName: "other" })];
});

/** The problems of a start with these files; undefined: the file is not there. */
async function problemsOf(contents: { cert?: string; key?: string; ca?: string }, withCa = "ca" in contents) {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
  const settings = {
    certFile: join(folder, "cert"),
    keyFile: join(folder, "key"),
    clientCaFile: withCa ? join(folder, "ca") : undefined,
    clientAuth: "required",
  } as const;
  try {
    const tls = await ServerTls.load(settings, log);
    tls.stop();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ name, message }) => `${name}: ${message}`);
    throw error;
  }
}

test("usable files start: a certificate with its chain, a self-signed one, keys in other forms", async () => {
  expect(await problemsOf(pair)).toEqual([]);
  expect(await problemsOf({ ...pair, cert: pair.cert + authority.cert, ca: authority.cert })).toEqual([]);
  expect(await problemsOf(await selfSigned(local))).toEqual([]);
  const rsa = await generate([{ name: "commonName", value: "localhost" }], { algorithm: "sha256" });
  expect(await problemsOf({ cert: rsa.cert, key: rsa.private })).toEqual([]);
});

test("files that are not there are all named", async () => {
  expect(await problemsOf({}, true)).toEqual([
    expect.stringMatching(/^LTB_TLS_CERT_FILE: expected a readable PEM file: ENOENT/),
    expect.stringMatching(/^LTB_TLS_KEY_FILE: expected a readable PEM file: ENOENT/),
    expect.stringMatching(/^LTB_TLS_CLIENT_CA_FILE: expected a readable PEM file: ENOENT/),
  ]);
});

test.each<[string, () => { cert?: string; key?: string; ca?: string }, RegExp]>([
  ["a certificate that is none", () => ({ ...pair, cert: "hello" }), /^LTB_TLS_CERT_FILE: .* no certificate/],
  ["an empty certificate", () => ({ ...pair, cert: "" }), /^LTB_TLS_CERT_FILE: .* no certificate/],
  [
    "a certificate cut in the middle",
    () => ({ ...pair, cert: `${pair.cert.slice(0, 200)}\n-----END CERTIFICATE-----\n` }),
    /^LTB_TLS_CERT_FILE: expected a certificate in PEM/,
  ],
  [
    "a key that is none",
    () => ({ ...pair, key: "hello" }),
    /^LTB_TLS_KEY_FILE: expected a private key in PEM/,
  ],
  [
    "files in each other's place",
    () => ({ cert: pair.key, key: pair.cert }),
    /^LTB_TLS_CERT_FILE: .* no certificate/,
  ],
  [
    "another certificate's key",
    () => ({ ...pair, key: other.key }),
    /^LTB_TLS_KEY_FILE: expected the key of the first certificate in LTB_TLS_CERT_FILE \(CN=server\)/,
  ],
  [
    "the authority before the certificate",
    () => ({ ...pair, cert: authority.cert + pair.cert }),
    /^LTB_TLS_KEY_FILE: expected the key of the first certificate in LTB_TLS_CERT_FILE \(CN=Test CA\)/,
  ],
  [
    "an authority that is none",
    () => ({ ...pair, ca: pair.key }),
    /^LTB_TLS_CLIENT_CA_FILE: .* no certificate/,
  ],
])("%s stops the start", async (_, contents, message) => {
  const [problem] = await problemsOf(contents());
  expect(problem).toMatch(message);
});

test("an encrypted key stops the start", async () => {
  const encrypted = await generate([{ name: "commonName", value: "localhost" }], {
    algorithm: "sha256",
    keyType: "ec",
    passphrase: "secret",
  });
  const [problem] = await problemsOf({ cert: encrypted.cert, key: encrypted.private });
  expect(problem).toMatch(/^LTB_TLS_KEY_FILE: expected a private key in PEM that is not encrypted/);
});

test("certificates that have expired, or are not valid yet, stop the start", async () => {
  const expired = { notBefore: days(-9), notAfter: days(-1) };
  expect(await problemsOf(await authority.issue({ ...local, ...expired }))).toEqual([
    expect.stringMatching(/^LTB_TLS_CERT_FILE: the certificate \(CN=server\) has expired on 20/),
  ]);
  const early = { notBefore: days(1), notAfter: days(9) };
  expect(await problemsOf(await authority.issue({ ...local, ...early }))).toEqual([
    expect.stringMatching(/^LTB_TLS_CERT_FILE: the certificate \(CN=server\) is not valid before 20/),
  ]);
  const old = await selfSigned({ commonName: "old CA", ...expired });
  expect(await problemsOf({ ...pair, ca: old.cert })).toEqual([
    expect.stringMatching(/^LTB_TLS_CLIENT_CA_FILE: the certificate \(CN=old CA\) has expired/),
  ]);
  // One that is still good is enough.
  expect(await problemsOf({ ...pair, ca: old.cert + authority.cert })).toEqual([]);
});
