import { Code, type ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { UserRole } from "../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { createLogger } from "../../src/log.ts";
import { provide } from "../../src/rpc/call/handler.ts";
import { startServer } from "../../src/server.ts";
import { userService } from "../../src/users/service.ts";
import { unknownId } from "../harness/examples.ts";
import { serverConfig } from "../harness/server-config.ts";
import { failure, reasonOf } from "../rpc/support.ts";
import { testUsers } from "./support.ts";

// A failed login takes a while, which login.test.ts is about.
vi.mock("../../src/limits.ts", async (original) => {
  const { limits, ...others } = await original<typeof import("../../src/limits.ts")>();
  return { ...others, limits: { ...limits, loginFailureMs: 10 } };
});

const password = "correct horse";

/** A server with an admin, on both listeners, and what it logs. */
async function serveUsers(auth: "required" | "off" = "required") {
  const bench = await testUsers();
  const { db } = bench;
  const admin = await bench.user({ role: "admin", password });
  const { secret: adminKey = "" } = await db.users.createApiKey({ userId: admin.id, name: "admin" });
  const log: string[] = [];
  const server = await startServer({
    config: serverConfig,
    database: db,
    services: [provide(UserService, userService(db.users))],
    access: auth === "off" ? { auth } : { auth, db },
    log: createLogger("debug", { write: (line) => log.push(line) }),
  });
  onTestFinished(() => server.stop());
  const transports = (secret?: string): Record<"grpc" | "http", Transport> => {
    const authorize: Interceptor = (next) => (request) => {
      request.header.set("authorization", `Bearer ${secret}`);
      return next(request);
    };
    const interceptors = secret ? [authorize] : [];
    return {
      grpc: createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.grpcAddress.port}`, interceptors }),
      http: createConnectTransport({
        baseUrl: `http://127.0.0.1:${server.httpAddress.port}`,
        httpVersion: "1.1",
        interceptors,
      }),
    };
  };
  return {
    ...bench,
    log,
    admin,
    adminKey,
    /** A caller with this key or session; without, an unknown one. */
    as: (secret?: string, listener: "grpc" | "http" = "grpc") =>
      createClient(UserService, transports(secret)[listener]),
  };
}

describe.each(["grpc", "http"] as const)("over %s", (listener) => {
  test("a user is made, found, changed, listed and deleted", async () => {
    const { as, adminKey, admin } = await serveUsers();
    const admins = as(adminKey, listener);
    const { user } = await admins.createUser({
      email: "Ada@example.com",
      username: "Ada",
      credential: { case: "password", value: password },
      metadata: { team: "a" },
    });
    expect(user).toMatchObject({
      email: "Ada@example.com",
      role: UserRole.USER,
      active: true,
      emailVerified: false,
      metadata: { team: "a" },
      version: 1,
    });
    expect(user?.lastLogin).toBeUndefined();
    const id = user?.id ?? "";
    for (const key of [
      { case: "id", value: id },
      { case: "email", value: "ADA@EXAMPLE.COM" },
      { case: "username", value: "ada" },
    ] as const) {
      expect((await admins.getUser({ key })).user).toEqual(user);
    }
    const { user: changed } = await admins.updateUser({
      id,
      role: UserRole.VIEWER,
      emailVerified: true,
      updateMask: { paths: ["metadata"] },
      expectedVersion: 1,
    });
    expect(changed).toMatchObject({
      role: UserRole.VIEWER,
      emailVerified: true,
      version: 2,
      username: "Ada",
    });
    expect(changed?.metadata).toBeUndefined();
    const { users, nextPageToken } = await admins.listUsers({ pageSize: 1 });
    expect(users.map((one) => one.id)).toEqual([id]);
    const rest = await admins.listUsers({ pageSize: 1, pageToken: nextPageToken });
    expect(rest.users.map((one) => one.id)).toEqual([admin.id]);
    expect(rest.nextPageToken).toBe("");
    expect((await admins.listUsers({ role: UserRole.ADMIN, active: true })).users).toHaveLength(1);
    const foreign = await failure(admins.listUsers({ pageToken: nextPageToken, active: false }));
    expect(reasonOf(foreign)).toBe("INVALID_PAGE_TOKEN");
    await admins.deleteUser({ id });
    expect((await failure(admins.getUser({ key: { case: "id", value: id } }))).code).toBe(Code.NotFound);
  });

  test("a login, who one is, a change of the password, and a logout", async () => {
    const { as, admin } = await serveUsers();
    const { sessionToken, expiresAt, user } = await as(undefined, listener).login({
      email: admin.email,
      password,
    });
    expect(user).toMatchObject({ id: admin.id, lastLogin: expect.anything() });
    const session = as(sessionToken, listener);
    const me = await session.whoAmI({});
    expect(me).toMatchObject({ user: { id: admin.id } });
    expect(me.apiKey).toBeUndefined();
    // The credential's expiry is known to the millisecond.
    expect(me.expiresAt?.seconds).toBe(expiresAt?.seconds);

    const { sessionToken: elsewhere } = await as(undefined, listener).login({ email: admin.email, password });
    const missing = await failure(session.changePassword({ id: admin.id, newPassword: "another horse" }));
    expect(missing.code).toBe(Code.InvalidArgument);
    const refused = await failure(
      session.changePassword({ id: admin.id, currentPassword: "wrong", newPassword: "another horse" }),
    );
    expect([refused.code, reasonOf(refused)]).toEqual([Code.PermissionDenied, "WRONG_PASSWORD"]);
    await session.changePassword({ id: admin.id, currentPassword: password, newPassword: "another horse" });
    await session.whoAmI({});
    expect((await failure(as(elsewhere, listener).whoAmI({}))).code).toBe(Code.Unauthenticated);

    await session.logout({});
    expect(
      (await as(undefined, listener).login({ email: admin.email, password: "another horse" })).user?.id,
    ).toBe(admin.id);
  });

  test("keys are made, used, listed, rotated and revoked", async () => {
    const { as, admin, adminKey } = await serveUsers();
    const admins = as(adminKey, listener);
    const { apiKey, secret } = await admins.createApiKey({ name: "k", requestId: "r-1" });
    expect(apiKey).toMatchObject({
      userId: admin.id,
      createdBy: admin.id,
      name: "k",
      prefix: secret.split("_").slice(0, 2).join("_"),
      scopes: [],
      active: true,
      rotatedFrom: "",
    });
    const again = await admins.createApiKey({ name: "k", requestId: "r-1" });
    expect(again).toMatchObject({ apiKey: { id: apiKey?.id }, secret: "" });
    const me = await as(secret, listener).whoAmI({});
    expect(me).toMatchObject({ user: { id: admin.id }, apiKey: { id: apiKey?.id } });
    expect(me.expiresAt).toBeUndefined();

    const id = apiKey?.id ?? "";
    const overlap = { seconds: 60n, nanos: 0 };
    const rotated = await admins.rotateApiKey({ id, overlap });
    expect(rotated).toMatchObject({ apiKey: { rotatedFrom: id }, oldApiKey: { id, active: true } });
    for (const one of [secret, rotated.secret]) await as(one, listener).whoAmI({});
    expect((await admins.revokeApiKey({ id })).apiKey).toMatchObject({ active: false });
    const listed = await admins.listApiKeys({});
    expect(listed.apiKeys.map((key) => key.active)).toEqual([true, false, true]);
    const ended = await failure(admins.rotateApiKey({ id }));
    expect([ended.code, reasonOf(ended)]).toEqual([Code.FailedPrecondition, "KEY_INACTIVE"]);
  });
});

test("a wrong login says nothing, and too many of them when to try again", async () => {
  const { as, admin, sql } = await serveUsers();
  const errors: ConnectError[] = [];
  for (let i = 0; i < 10; i++) {
    errors.push(
      await failure(as().login({ email: i % 2 ? admin.email : "nobody@example.com", password: "wrong" })),
    );
  }
  expect(new Set(errors.map(({ code, rawMessage }) => `${code} ${rawMessage}`)).size).toBe(1);
  expect(errors[0]?.code).toBe(Code.Unauthenticated);
  for (let i = 0; i < 5; i++) await failure(as().login({ email: admin.email, password: "wrong" }));
  // As if the wait that began were a minute: a slow machine would otherwise sit it out.
  await sql(
    "update login_attempts set next_attempt = clock_timestamp() + interval '1 min' where next_attempt > last_attempt + interval '0.5 s'",
  );
  const throttled = await failure(as().login({ email: admin.email, password }));
  expect([throttled.code, reasonOf(throttled)]).toEqual([Code.ResourceExhausted, "TOO_MANY_ATTEMPTS"]);
  const [retry] = throttled.findDetails(RetryInfoSchema);
  expect(Number(retry?.retryDelay?.seconds) * 1e9 + Number(retry?.retryDelay?.nanos)).toBeGreaterThan(0);
});

test("an API key is no session to log out of", async () => {
  const { as, adminKey } = await serveUsers();
  const refused = await failure(as(adminKey).logout({}));
  expect([refused.code, reasonOf(refused)]).toEqual([Code.FailedPrecondition, "NOT_A_SESSION"]);
});

test("a key that is limited to scopes gets none that reaches further, neither made nor rotated", async () => {
  const { as, admin, db } = await serveUsers();
  const { secret } = await db.users.createApiKey({
    userId: admin.id,
    name: "limited",
    scopes: ["keys:write", "keys:read", "jobs:read"],
  });
  const limited = as(secret);
  const { apiKey } = await limited.createApiKey({ name: "less", scopes: ["jobs:read"] });
  await limited.rotateApiKey({ id: apiKey?.id ?? "" });
  for (const scopes of [[], ["jobs:write"], ["jobs:read", "users:write"]]) {
    const refused = await failure(limited.createApiKey({ name: "more", scopes }));
    expect([refused.code, reasonOf(refused)]).toEqual([Code.PermissionDenied, "SCOPE_EXCEEDED"]);
  }
  const all = await db.users.createApiKey({ userId: admin.id, name: "all" });
  const refused = await failure(limited.rotateApiKey({ id: all.apiKey.id }));
  expect(reasonOf(refused)).toBe("SCOPE_EXCEEDED");
  expect(await db.users.getApiKey(all.apiKey.id)).toMatchObject({ active: true, expiresAt: null });
  // To give away less is no reach.
  await limited.revokeApiKey({ id: all.apiKey.id });
});

test("what a leaked key has made ends with it, by its expiry or by its revocation", async () => {
  const { as, admin, adminKey, db } = await serveUsers();
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const leaked = await db.users.createApiKey({ userId: admin.id, name: "an hour", expiresAt });
  const made = await as(leaked.secret).createApiKey({ name: "x", requestId: "r-1" });
  expect(made.apiKey).toMatchObject({ createdByKey: leaked.apiKey.id });
  expect(made.apiKey?.expiresAt).toEqual((await as(leaked.secret).whoAmI({})).apiKey?.expiresAt);
  const next = await as(made.secret).rotateApiKey({ id: made.apiKey?.id ?? "", overlap: { seconds: 60n } });
  expect(next.apiKey?.createdByKey).toBe(made.apiKey?.id);
  // The same request by another key of the same user is no other request.
  expect(await as(adminKey).createApiKey({ name: "x", requestId: "r-1" })).toMatchObject({ secret: "" });
  const { id } = leaked.apiKey;
  expect(await as(adminKey).revokeApiKey({ id })).toMatchObject({ descendantsRevoked: 0 });
  await as(next.secret).whoAmI({});
  const revoked = await as(adminKey).revokeApiKey({ id, withDescendants: true });
  expect(revoked).toMatchObject({ apiKey: { active: false }, descendantsRevoked: 2 });
  await expect
    .poll(() =>
      failure(as(next.secret).whoAmI({})).then(
        ({ code }) => code,
        () => undefined,
      ),
    )
    .toBe(Code.Unauthenticated);
});

test("an admin sets the password of another without knowing it", async () => {
  const { as, adminKey, user } = await serveUsers();
  const { id, email } = await user();
  await as(adminKey).changePassword({ id, newPassword: "another horse" });
  await as().login({ email, password: "another horse" });
});

test("the last admin stays, over the wire too", async () => {
  const { as, adminKey, admin } = await serveUsers();
  for (const call of [
    () => as(adminKey).deleteUser({ id: admin.id }),
    () => as(adminKey).updateUser({ id: admin.id, active: false }),
    () => as(adminKey).updateUser({ id: admin.id, role: UserRole.USER }),
    // What is named in the mask and unset is false.
    () => as(adminKey).updateUser({ id: admin.id, updateMask: { paths: ["active"] } }),
  ]) {
    const refused = await failure(call());
    expect([refused.code, reasonOf(refused)]).toEqual([Code.FailedPrecondition, "LAST_ADMIN"]);
  }
});

test.each([
  ["email", "email"],
  ["username", "username"],
  ["role", "role"],
])("%s cannot be cleared", async (path, field) => {
  const { as, adminKey, admin } = await serveUsers();
  const refused = await failure(as(adminKey).updateUser({ id: admin.id, updateMask: { paths: [path] } }));
  expect(refused.rawMessage).toContain(`${field}: cannot be cleared`);
  const unknown = await failure(
    as(adminKey).updateUser({ id: admin.id, updateMask: { paths: ["password_hash"] } }),
  );
  expect(unknown.rawMessage).toContain("cannot be updated");
});

test("wrong requests are refused by the name of their field", async () => {
  const { as, adminKey, admin } = await serveUsers();
  const admins = as(adminKey);
  const bad: [() => Promise<unknown>, string][] = [
    [() => admins.getUser({}), "id: must be given"],
    [() => admins.createUser({ email: "x", username: "x" }), "email: "],
    [() => admins.createUser({ email: "x@y", username: "x", role: 9 as UserRole }), "role: "],
    [
      () =>
        admins.createUser({
          email: "x@y",
          username: "x",
          credential: { case: "passwordHash", value: "md5" },
        }),
      "password_hash: must be an argon2id hash",
    ],
    [
      () => admins.createUser({ email: "x@y", username: "x", credential: { case: "password", value: "" } }),
      "password: ",
    ],
    [() => admins.createApiKey({ name: "k", scopes: ["all"] }), "scopes[0]: must be one of"],
    [() => admins.createApiKey({ name: "k", userId: "me" }), "user_id: must be a UUID"],
    [() => admins.rotateApiKey({ id: unknownId, overlap: { seconds: 2_592_001n, nanos: 0 } }), "overlap: "],
    [() => admins.updateUser({ id: "x" }), "id: must be a UUID"],
    [
      () => admins.changePassword({ id: admin.id, currentPassword: password, newPassword: "short" }),
      "new_password: ",
    ],
    [() => as().login({ email: "", password }), "email: "],
  ];
  for (const [call, message] of bad) {
    const refused = await failure(call());
    expect([refused.code, refused.rawMessage]).toEqual([
      Code.InvalidArgument,
      expect.stringContaining(message),
    ]);
  }
});

test("no log and no answer holds a password, a secret or a hash", async () => {
  const { as, adminKey, admin, log, sql } = await serveUsers();
  const admins = as(adminKey);
  const answers = [
    await admins.createUser({
      email: "a@example.com",
      username: "a",
      credential: { case: "password", value: "a secret of mine" },
    }),
    await admins.changePassword({ id: admin.id, currentPassword: password, newPassword: "a newer secret" }),
    await admins.whoAmI({}),
    await admins.listUsers({}),
    await admins.listApiKeys({}),
    await failure(as().login({ email: "a@example.com", password: "a guessed secret" })),
  ];
  const { sessionToken } = await as().login({ email: "a@example.com", password: "a secret of mine" });
  const { secret, ...made } = await admins.createApiKey({ name: "k" });
  const shown = JSON.stringify([...answers, made], (_, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  const everything = `${shown}\n${log.join("\n")}`;
  expect(everything).toContain("CreateUser");
  expect(everything).not.toMatch(/secret of mine|newer secret|guessed secret|correct horse|argon2/);
  const hashes = await sql(
    "select encode(key_hash, 'hex') as hash from api_keys union all select encode(token_hash, 'hex') from sessions union all select password_hash from users",
  );
  for (const text of [secret, sessionToken, adminKey, ...hashes.map(({ hash }) => String(hash))]) {
    expect(everything).not.toContain(text.slice(-32));
  }
});

test("where authentication is off nobody is anybody, and a key needs to be told its user", async () => {
  const { as, admin } = await serveUsers("off");
  expect((await as().whoAmI({})).user).toBeUndefined();
  expect(reasonOf(await failure(as().logout({})))).toBe("NOT_A_SESSION");
  expect((await failure(as().createApiKey({ name: "k" }))).rawMessage).toContain("user_id: must be given");
  const { apiKey } = await as().createApiKey({ name: "k", userId: admin.id });
  expect(apiKey?.createdBy).toBe("");
  await as().changePassword({ id: admin.id, newPassword: "another horse" });
});
