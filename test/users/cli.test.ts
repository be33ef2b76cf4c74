import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import type { DatabaseConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { provide } from "../../src/rpc/call/handler.ts";
import { startServer } from "../../src/server.ts";
import { userService } from "../../src/users/service.ts";
import { parseToken } from "../../src/users/tokens.ts";
import { commands, finished, ltb, start } from "../cli/support.ts";
import { unknownId } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { serverConfig } from "../harness/server-config.ts";
import { testUsers } from "./support.ts";

const password = "correct horse";

/** A service with an admin, whose commands carry the admin's key. */
async function serveUsers() {
  const bench = await testUsers();
  const { db } = bench;
  const admin = await bench.user({ username: "root", email: "root@example.com", role: "admin", password });
  const { secret: key = "" } = await db.users.createApiKey({ userId: admin.id, name: "admin" });
  const server = await startServer({
    config: serverConfig,
    database: db,
    services: [provide(UserService, userService(db.users))],
    access: { auth: "required", db },
    log: createLogger("silent"),
  });
  onTestFinished(() => server.stop());
  const address = `127.0.0.1:${server.grpcAddress.port}`;
  const { run, json } = commands(address);
  return {
    ...bench,
    admin,
    address,
    run: (...args: string[]) => run(...args, "--api-key", key),
    json: (...args: string[]) => json(...args, "--api-key", key),
    runAs: (secret: string, ...args: string[]) => run(...args, "--api-key", secret),
    key,
  };
}

async function fileWith(text: string): Promise<string> {
  const folder = temporaryFolder();
  const file = join(folder, "password");
  await writeFile(file, text);
  return file;
}

/** Settings that name a database. */
function settingsOf({ host, port, user, password: secret, database }: DatabaseConfig) {
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USER: user,
    DATABASE_PASSWORD: secret?.reveal() ?? "",
    DATABASE_NAME: database,
    DATABASE_SSL_MODE: "disable",
    LTB_STARTUP_TIMEOUT: "5s",
  };
}

test("users are created, listed, shown, changed and deleted", async () => {
  const { run, json, users } = await serveUsers();
  const file = await fileWith(`${password}\n`);
  const made = await json("user", "create", "ada", "--email", "ada@example.com", "--password-file", file);
  expect(made).toMatchObject({
    username: "ada",
    email: "ada@example.com",
    role: "USER_ROLE_USER",
    version: 1,
  });
  expect((await users.login({ email: "ada@example.com", password })).user.id).toBe(made.id);

  const worker = await run(
    "user",
    "create",
    "w",
    "--email",
    "w@example.com",
    "--role",
    "worker",
    "--no-password",
  );
  expect(worker).toMatchObject({ code: 0, stdout: expect.stringMatching(/role\s+worker/) });

  const { users: listed, more } = await json("user", "list", "--limit", "2");
  expect([listed.map(({ username }: { username: string }) => username), more]).toEqual([["w", "ada"], true]);
  expect((await json("user", "list", "--role", "admin")).users).toHaveLength(1);
  for (const name of [made.id, "ADA@example.com", "Ada"]) {
    expect(await json("user", "show", name)).toMatchObject({ id: made.id });
  }
  expect(await json("user", "show")).toMatchObject({ username: "root" });

  const changed = await json("user", "update", "ada", "--role", "viewer", "--deactivate", "--email-verified");
  expect(changed).toMatchObject({ role: "USER_ROLE_VIEWER", active: false, email_verified: true });
  expect((await json("user", "list", "--inactive")).users).toMatchObject([{ id: made.id }]);
  expect(await json("user", "update", "ada", "--activate", "--username", "ada2")).toMatchObject({
    active: true,
    username: "ada2",
    role: "USER_ROLE_VIEWER",
  });
  expect(await run("user", "delete", "ada2")).toMatchObject({
    code: 0,
    stdout: `deleted ada2 (${made.id})\n`,
  });
  expect(await run("user", "show", "ada2")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("NOT_FOUND"),
  });
});

test("errors of the service are told by their reason", async () => {
  const { run } = await serveUsers();
  expect(await run("user", "delete", "root")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("LAST_ADMIN"),
  });
  const short = await fileWith("short");
  expect(
    await run("user", "create", "b", "--email", "b@c", "--password-file", short, "--json"),
  ).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/"violations":\[\{"field":"password"/),
  });
  expect(await run("user", "update", "root")).toMatchObject({ code: 2 });
  expect(await run("key", "revoke", unknownId)).toMatchObject({ code: 1 });
});

describe("passwords", () => {
  test("are changed, the own one by showing the present one", async () => {
    const { run, users, user } = await serveUsers();
    const other = await user({ password });
    const file = await fileWith("another horse\r\n");
    expect(await run("user", "password", other.username, "--password-file", file)).toMatchObject({
      code: 0,
      stdout: "",
    });
    await users.login({ email: other.email, password: "another horse" });
    const own = (current: string) =>
      run("user", "password", "root", "--password-file", file, "--current-password-file", current);
    expect(await own(await fileWith("wrong"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("WRONG_PASSWORD"),
    });
    expect(await own(await fileWith(password))).toMatchObject({ code: 0 });
    await users.login({ email: "root@example.com", password: "another horse" });
  });

  test("come from standard input, but not from a command line or a place where nobody can type", async () => {
    const { address, key, users } = await serveUsers();
    const settings = { LTB_ADDRESS: address, LTB_API_KEY: key };
    const create = ["user", "create", "ada", "--email", "ada@example.com"];
    expect(await ltb(create, settings)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--password-file"),
    });
    expect(await ltb([...create, "--password", password], settings)).toMatchObject({ code: 2 });
    const child = start([...create, "--password-file", "-"], settings, tmpdir(), "pipe");
    child.stdin?.end(`${password}\n`);
    const { code, stdout, stderr } = await finished(child);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).not.toContain(password);
    await users.login({ email: "ada@example.com", password });
  });
});

test("keys are made, listed, rotated and revoked; what is on stdout is the key alone", async () => {
  const { run, json, runAs, user } = await serveUsers();
  const { username, id: userId } = await user({ role: "worker" });
  const made = await run(
    "key",
    "create",
    "--user",
    username,
    "--name",
    "gpu",
    "--scope",
    "jobs:work",
    "--expires-in",
    "90d",
  );
  expect(made.code).toBe(0);
  const secret = made.stdout.trim();
  expect(parseToken(secret)).toMatchObject({ kind: "key" });
  expect(made.stdout).toBe(`${secret}\n`);
  expect(made.stderr).toContain('"gpu"');
  expect(made.stderr).not.toContain(secret);
  expect(await runAs(secret, "user", "show", "--json")).toMatchObject({
    stdout: expect.stringContaining(username),
  });

  const { api_keys: keys } = await json("key", "list", "--user", username);
  expect(keys).toMatchObject([{ name: "gpu", user_id: userId, scopes: ["jobs:work"], active: true }]);
  expect(secret.startsWith(`${keys[0].prefix}_`)).toBe(true);
  const left = Date.parse(keys[0].expires_at) - Date.now();
  expect(Math.abs(left / 86_400_000 - 90)).toBeLessThan(0.01);

  const rotated = await json("key", "rotate", keys[0].id, "--overlap", "1d");
  expect(rotated.api_key).toMatchObject({ rotated_from: keys[0].id, name: "gpu" });
  for (const one of [secret, rotated.secret])
    expect(await runAs(one, "user", "show")).toMatchObject({ code: 0 });
  expect(await json("key", "revoke", keys[0].id, rotated.api_key.id)).toEqual({
    revoked: [keys[0].id, rotated.api_key.id],
  });
  const table = await run("key", "list", "--user", username);
  expect(table.stdout.match(/revoked/g)).toHaveLength(2);
  expect(table.stdout).not.toContain(secret);
});

describe("on the database itself", () => {
  test("the first admin and its key are made where there is none", async () => {
    const config = await createTestDatabase();
    const settings = settingsOf(config);
    const file = await fileWith(password);
    const admin = await ltb(
      [
        "user",
        "create",
        "root",
        "--email",
        "root@example.com",
        "--role",
        "admin",
        "--database",
        "--json",
        "--password-file",
        file,
      ],
      settings,
    );
    expect(admin).toMatchObject({ code: 0, stderr: expect.stringContaining("writing to") });
    expect(JSON.parse(admin.stdout)).toMatchObject({ username: "root", role: "USER_ROLE_ADMIN" });
    const key = await ltb(["key", "create", "--user", "root", "--database"], settings);
    expect(key.code).toBe(0);
    expect(parseToken(key.stdout.trim())).toMatchObject({ kind: "key" });
    expect(await ltb(["key", "create", "--database"], settings)).toMatchObject({ code: 2 });
    expect(await ltb(["key", "create", "--database", "--user", "nobody"], settings)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("user nobody does not exist"),
    });
    const forgotten = await ltb(
      ["user", "password", "root", "--database", "--password-file", await fileWith("another horse")],
      settings,
    );
    expect(forgotten).toMatchObject({ code: 0, stdout: "" });
  });

  test("nothing is written where the schema is another", async () => {
    const config = await createTestDatabase({ template: false });
    const made = await ltb(
      ["user", "create", "root", "--email", "r@example.com", "--no-password", "--database"],
      settingsOf(config),
    );
    expect(made).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("migrate up") });
  });
});
