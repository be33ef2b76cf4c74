import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Code } from "@connectrpc/connect";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withSignal } from "../../src/call-scope.ts";
import { type DatabaseOptions, databaseConfig } from "../../src/config.ts";
import { findConnection } from "../../src/database/connection/connect.ts";
import { Patience } from "../../src/database/statement/patience.ts";
import { Database } from "../../src/storage.ts";
import { proxyTo } from "../database/proxy.ts";
import { backend, run } from "../database/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { within } from "../harness/waiting.ts";
import { type Authority, createAuthority, local } from "./certificates.ts";
import { PASSWORD, startPostgres } from "./postgres.ts";

const folder = temporaryFolder();
let authority: Authority;
let stranger: Authority;
let withTls: Awaited<ReturnType<typeof startPostgres>>;
let withoutTls: Awaited<ReturnType<typeof startPostgres>>;
/** PEM files. */
const files: Record<string, string> = {};

beforeAll(async () => {
  [authority, stranger] = [await createAuthority("database CA"), await createAuthority("another CA")];
  // Good for the name only: by its address the same server has the wrong name.
  const server = await authority.issue({ ...local, ips: [] });
  [withTls, withoutTls] = await Promise.all([
    startPostgres({ server, clientCa: authority.cert }),
    startPostgres(undefined),
  ]);
  const client = await authority.issue({ commonName: "certified" });
  const foreign = await stranger.issue({ commonName: "certified" });
  const contents = {
    right: authority.cert,
    wrong: stranger.cert,
    clientCert: client.cert,
    clientKey: client.key,
    foreignCert: foreign.cert,
    foreignKey: foreign.key,
  };
  for (const [name, content] of Object.entries(contents)) {
    files[name] = join(folder, `${name}.pem`);
    await writeFile(files[name], content, { mode: 0o600 });
  }
  await Promise.all([withTls, withoutTls].map(createRoles));
});

afterAll(async () => {
  await Promise.all([withTls?.stop(), withoutTls?.stop()]);
});

async function createRoles({ folder: host, port }: { folder: string; port: number }): Promise<void> {
  // Root of this machine may not enter by a socket that belongs to another user, but PostgreSQL's own role
  // may by TCP.
  const client = new Client({ host, port, user: "postgres", database: "postgres" });
  await client.connect();
  for (const role of ["either", "encrypted", "clear", "bearer", "certified"])
    await client.query(`create role ${role} login`);
  await client.query(`create role password login password '${PASSWORD}'`);
  await client.end();
}

type Role = "either" | "encrypted" | "clear" | "bearer" | "certified" | "password";
type Root = "none" | "right" | "wrong";
type Outcome = "tls" | "clear" | "refused";

interface Case {
  server: "with TLS" | "without TLS";
  role: Role;
  sslMode: string;
  root: Root;
  host: "localhost" | "127.0.0.1";
}

/**
 * What the mode comes to, by the server, the role's line in pg_hba.conf, the root certificate and the host.
 */
const table: [Case["server"], Role, string, Root, Case["host"], Outcome][] = [
  ["with TLS", "either", "disable", "none", "localhost", "clear"],
  ["with TLS", "either", "allow", "none", "localhost", "clear"],
  ["with TLS", "either", "prefer", "none", "localhost", "tls"],
  ["with TLS", "either", "prefer", "right", "127.0.0.1", "tls"],
  ["with TLS", "either", "prefer", "wrong", "localhost", "clear"],
  ["with TLS", "either", "require", "none", "localhost", "tls"],
  ["with TLS", "either", "require", "right", "localhost", "tls"],
  ["with TLS", "either", "require", "right", "127.0.0.1", "tls"],
  ["with TLS", "either", "require", "wrong", "localhost", "refused"],
  ["with TLS", "either", "verify-ca", "right", "localhost", "tls"],
  ["with TLS", "either", "verify-ca", "right", "127.0.0.1", "tls"],
  ["with TLS", "either", "verify-ca", "wrong", "localhost", "refused"],
  ["with TLS", "either", "verify-full", "right", "localhost", "tls"],
  ["with TLS", "either", "verify-full", "right", "127.0.0.1", "refused"],
  ["with TLS", "either", "verify-full", "wrong", "localhost", "refused"],
  ["with TLS", "either", "verify-full", "none", "localhost", "refused"],
  ["with TLS", "encrypted", "disable", "none", "localhost", "refused"],
  ["with TLS", "encrypted", "allow", "none", "localhost", "tls"],
  ["with TLS", "encrypted", "allow", "wrong", "localhost", "refused"],
  ["with TLS", "encrypted", "prefer", "none", "localhost", "tls"],
  ["with TLS", "encrypted", "prefer", "wrong", "localhost", "refused"],
  ["with TLS", "encrypted", "require", "none", "localhost", "tls"],
  ["with TLS", "encrypted", "verify-full", "right", "localhost", "tls"],
  ["with TLS", "clear", "disable", "none", "localhost", "clear"],
  ["with TLS", "clear", "allow", "none", "localhost", "clear"],
  ["with TLS", "clear", "prefer", "none", "localhost", "clear"],
  ["with TLS", "clear", "require", "none", "localhost", "refused"],
  ["with TLS", "clear", "verify-ca", "right", "localhost", "refused"],
  ["with TLS", "clear", "verify-full", "right", "localhost", "refused"],
  ["without TLS", "either", "disable", "none", "localhost", "clear"],
  ["without TLS", "either", "allow", "none", "localhost", "clear"],
  ["without TLS", "either", "prefer", "none", "localhost", "clear"],
  ["without TLS", "either", "prefer", "right", "localhost", "clear"],
  ["without TLS", "either", "require", "none", "localhost", "refused"],
  ["without TLS", "either", "verify-ca", "right", "localhost", "refused"],
  ["without TLS", "either", "verify-full", "right", "localhost", "refused"],
  ["without TLS", "encrypted", "prefer", "none", "localhost", "refused"],
];
const cases = table.map(
  ([server, role, sslMode, root, host, outcome]) => ({ server, role, sslMode, root, host, outcome }) as const,
);

const portOf = ({ server }: Case) => (server === "with TLS" ? withTls : withoutTls).port;

function optionsOf({ role, sslMode, root, host, ...rest }: Case): DatabaseOptions {
  return {
    host,
    port: portOf({ role, sslMode, root, host, ...rest }),
    user: role,
    database: "postgres",
    sslMode,
    ...(root !== "none" && { sslRootCert: files[root] }),
  };
}

async function ours(options: DatabaseOptions): Promise<Outcome> {
  try {
    const client = new Client(await findConnection(databaseConfig(options)));
    await client.connect();
    const { rows } = await client.query("select ssl from pg_stat_ssl where pid = pg_backend_pid()");
    await client.end();
    return rows[0].ssl ? "tls" : "clear";
  } catch {
    return "refused";
  }
}

describe("the modes", () => {
  test.each(cases)("$server, $role, $sslMode, $root root, $host: $outcome", async (each) => {
    expect(await ours(optionsOf(each))).toBe(each.outcome);
  });
});

describe("client certificates", () => {
  const bearing = (role: Role, certificate: "client" | "foreign" | undefined): DatabaseOptions => ({
    ...optionsOf({ server: "with TLS", role, sslMode: "verify-full", root: "right", host: "localhost" }),
    ...(certificate && { sslCert: files[`${certificate}Cert`], sslKey: files[`${certificate}Key`] }),
  });

  test.each<[Role, "client" | "foreign" | undefined, Outcome]>([
    ["bearer", "client", "tls"],
    ["bearer", undefined, "refused"],
    ["bearer", "foreign", "refused"],
    // The certificate's name is the role's.
    ["certified", "client", "tls"],
    ["certified", undefined, "refused"],
    ["certified", "foreign", "refused"],
    ["encrypted", "client", "tls"],
  ])("role %s, certificate %s: %s", async (role, certificate, outcome) => {
    expect(await ours(bearing(role, certificate))).toBe(outcome);
  });
});

describe("what went wrong is said, with what to do", () => {
  const failing = async (each: Partial<Case>, more: DatabaseOptions = {}) => {
    const options = optionsOf({
      server: "with TLS",
      role: "either",
      sslMode: "require",
      root: "none",
      host: "localhost",
      ...each,
    });
    // Nothing of this gets better by waiting.
    const finding = findConnection(databaseConfig({ ...options, ...more }), new Patience(30_000)).then(
      () => "connected",
      (error: Error) => error.message,
    );
    return within(5_000, finding);
  };

  test("a certificate that is not trusted", async () => {
    const message = await failing({ sslMode: "verify-full", root: "wrong" });
    expect(message).toMatch(
      /not trusted \(.*certificate.*\): expected one that is signed by an authority in /,
    );
    expect(message).toContain("DATABASE_SSL_ROOT_CERT");
    expect(await failing({ sslMode: "verify-full" })).toContain("signed by a public authority");
  });

  test("another server's certificate", async () => {
    const message = await failing({ sslMode: "verify-full", root: "right", host: "127.0.0.1" });
    expect(message).toContain("is another server's");
    expect(message).toContain("127.0.0.1 is not in the cert's list");
  });

  test("a server without TLS", async () => {
    expect(await failing({ server: "without TLS" })).toContain(
      "does not speak TLS, which the SSL mode require",
    );
  });

  test("a role that does not exist, and one that pg_hba.conf does not let in", async () => {
    expect(await failing({}, { user: "absent" })).toMatch(
      /lets no role "absent" log in .*: make it \(createuser -h localhost -p \d+ absent\)/,
    );
    expect(await failing({ sslMode: "disable", role: "encrypted" })).toMatch(
      /does not let user "encrypted" into "postgres" .*pg_hba\.conf.*DATABASE_SSL_MODE/,
    );
  });

  test.each(["prefer", "allow"])("of two tries the one that tells: %s", async (sslMode) => {
    const role = "password";
    const wrong = { password: "wrong" };
    expect(await failing({ sslMode, role }, wrong)).toContain("password authentication failed");
    expect(await failing({ server: "without TLS", sslMode, role }, wrong)).toContain(
      "password authentication failed",
    );
    expect(await failing({ sslMode, role: "encrypted", root: "wrong" })).toContain("not trusted");
    expect(
      await ours({
        ...optionsOf({ server: "with TLS", role, sslMode, root: "none", host: "localhost" }),
        password: PASSWORD,
      }),
    ).toBe(sslMode === "prefer" ? "tls" : "clear");
  });

  test("a client certificate that PostgreSQL does not take", async () => {
    expect(await failing({ role: "bearer" })).toContain("valid client certificate");
  });
});

test("a cancelled call is stopped over TLS too, whose keys are not for others to read", async () => {
  const options = optionsOf({
    server: "with TLS",
    role: "encrypted",
    sslMode: "verify-full",
    root: "right",
    host: "localhost",
  });
  const proxy = await proxyTo(databaseConfig(options));
  const config = { ...databaseConfig(options), port: proxy.config.port, poolSize: 1 };
  const db = await Database.connect(config);
  const before = await backend(db.executor);
  const abort = new AbortController();
  const query = withSignal(abort, () => run(db.executor, "select pg_sleep(60)"));
  setTimeout(() => abort.abort(), 50);
  await expect(query).rejects.toMatchObject({ code: Code.Canceled });
  // A query that could not be stopped costs its connection.
  expect(await backend(db.executor)).toBe(before);
  const sslRequest = 80877103;
  expect(new Set(proxy.begun)).toEqual(new Set([sslRequest]));
  await db.close();
  await proxy.close();
});

test("the pool and its migrations go the way that was found", async () => {
  const options = optionsOf({
    server: "with TLS",
    role: "password",
    sslMode: "verify-full",
    root: "right",
    host: "localhost",
  });
  const db = await Database.connect({ ...options, password: PASSWORD });
  expect(await db.healthCheck()).toBe(true);
  await db.close();
});

const psql = spawnSync("psql", ["--version"]).status === 0;

describe.skipIf(!psql)("libpq agrees (skipped where psql is not installed)", () => {
  test.each(cases)("$server, $role, $sslMode, $root root, $host: $outcome", async (each) => {
    expect(await libpq(each)).toBe(each.outcome);
  });
});

async function libpq(each: Case): Promise<Outcome> {
  const { role, sslMode, root, host } = each;
  const rootcert = root === "none" ? "" : ` sslrootcert=${files[root]}`;
  const target = `host=${host} port=${portOf(each)} user=${role} dbname=postgres sslmode=${sslMode}${rootcert}`;
  const query = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
  // Without a home no root certificate of the user's own is found.
  const env = { ...process.env, HOME: folder };
  const { stdout } = await promisify(execFile)("psql", [target, "-Atc", query], { env }).catch(() => ({
    stdout: "",
  }));
  return stdout === "t\n" ? "tls" : stdout === "f\n" ? "clear" : "refused";
}
