import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, request as send } from "node:http";
import { request as sendByTls } from "node:https";
import { join } from "node:path";
import { Code } from "@connectrpc/connect";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { sql } from "../../src/database/statement/sql.ts";
import type { RunningService } from "../../src/serve.ts";
import { newLoginCode, newSessionToken, parseCode } from "../../src/users/tokens.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually, within } from "../harness/waiting.ts";
import { selfSigned } from "../tls/certificates.ts";
import { bench, type Caller, clients, listeners, outcome } from "./support.ts";

// How browsers sign in to the console. Requests are made by hand: fetch sets neither Host nor Sec-Fetch-Site.

let own: Awaited<ReturnType<typeof bench>>;
let service: RunningService;
beforeAll(async () => {
  own = await bench();
  service = await own.serve();
});

const password = "a long enough passphrase";
const own1st = { "sec-fetch-site": "same-origin" };

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
  to?: RunningService;
}

/** One request and its answer. */
async function ask(path: string, { method = "POST", headers = {}, body, to = service }: Sent = {}) {
  const { port } = to.httpAddress;
  const text = typeof body === "string" ? body : JSON.stringify(body ?? {});
  const all = { ...(method === "POST" && { "content-type": "application/json" }), ...headers };
  const by = to.tls ? sendByTls : send;
  const options = { rejectUnauthorized: false, servername: "localhost", agent: false } as const;
  const request = by({ host: "127.0.0.1", port, path, method, headers: all, ...options });
  request.on("error", () => undefined).end(method === "POST" ? text : undefined);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const whole = Buffer.concat(chunks).toString();
  const cookies = response.headers["set-cookie"] ?? [];
  return {
    status: response.statusCode,
    headers: response.headers,
    cookies,
    /** What a browser keeps of them, to send. */
    cookie: cookies
      .filter((each) => !each.includes("Max-Age=0"))
      .map((each) => each.split(";")[0])
      .join("; "),
    body: whole.startsWith("{") ? JSON.parse(whole) : whole,
  };
}

const signIn = (body: unknown, sent: Sent = {}) =>
  ask("/console/session", { ...sent, body, headers: { ...own1st, ...sent.headers } });
const signOut = (cookie: string, headers: Record<string, string> = own1st) =>
  ask("/console/session", { method: "DELETE", headers: { cookie, ...headers } });
const whoAmI = (headers: Record<string, string>, to = service) =>
  ask("/ltb.v1.UserService/WhoAmI", { headers, to });

const reasonOf = ({ body }: { body: { details?: { debug?: { reason?: string } }[] } }) =>
  body.details?.[0]?.debug?.reason;

/** A user who can log in by a password. */
async function person() {
  const caller = await own.caller("user");
  const { email } = await own.db.users.get(caller.userId);
  await own.db.users.changePassword(caller.userId, { newPassword: password });
  return { ...caller, email };
}

const entriesOf = async (entityType: string, entityId: string) => {
  const { items } = await own.db.audit.list({ entityType, entityId });
  return items;
};

describe("signing in", () => {
  test("by a password sets a cookie that is the session, and says who it is", async () => {
    const { email, userId } = await person();
    const answer = await signIn({ email, password }, { headers: { "user-agent": "Mozilla/5.0" } });
    expect(answer).toMatchObject({
      status: 200,
      body: { user: { id: userId, email }, expires_at: expect.any(String) },
    });
    expect(Object.keys(answer.body).sort()).toEqual(["expires_at", "user"]);
    expect(answer.headers["cache-control"]).toBe("no-store");
    const [secure, plain] = answer.cookies;
    expect(secure).toBe("__Host-ltb=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0");
    expect(plain).toMatch(/^ltb=lts_\w+; Path=\/; HttpOnly; SameSite=Strict; Max-Age=(431\d\d|43200)$/);
    const me = await whoAmI({ cookie: answer.cookie, ...own1st, "user-agent": "Mozilla/5.0" });
    expect(me).toMatchObject({ status: 200, body: { user: { id: userId } } });
    const [login] = (await entriesOf("user", userId)).filter(({ action }) => action === "login");
    expect(login).toMatchObject({ userAgent: "LTB console, Mozilla/5.0", ipAddress: "127.0.0.1" });
  });

  test("by an API key sets a cookie for as long as the browser runs", async () => {
    const caller = await own.caller("viewer");
    const answer = await signIn({ api_key: ` ${caller.key}\n` });
    expect(answer).toMatchObject({ status: 200, body: { user: { id: caller.userId } } });
    expect(answer.body).not.toHaveProperty("expires_at");
    expect(answer.cookies[1]).toBe(`ltb=${caller.key}; Path=/; HttpOnly; SameSite=Strict`);
    expect(await whoAmI({ cookie: answer.cookie, ...own1st })).toMatchObject({ status: 200 });
    // The role holds as for every call by the key.
    const created = await ask("/ltb.v1.JobService/CreateJob", {
      headers: { cookie: answer.cookie, ...own1st },
    });
    expect(created.status).toBe(403);
  });

  test("from a page that came by TLS, which a proxy ended, sets the cookie that needs TLS", async () => {
    const { key } = await own.caller("viewer");
    const headers = { host: "bench.localhost", origin: "https://bench.localhost" };
    const answer = await signIn({ api_key: key }, { headers });
    expect(answer.cookies).toEqual([
      `__Host-ltb=${key}; Path=/; HttpOnly; SameSite=Strict; Secure`,
      "ltb=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
    ]);
    expect((await whoAmI({ cookie: answer.cookie, ...own1st })).status).toBe(200);
  });

  test.each<[string, unknown, Record<string, string>, number, string]>([
    ["a wrong password", { email: "nobody@example.org", password: "x" }, {}, 401, "unauthenticated"],
    ["an unknown key", { api_key: `ltb_${"0".repeat(51)}` }, {}, 401, "unauthenticated"],
    ["a key that no header can hold", { api_key: "é\r\nx: y" }, {}, 401, "unauthenticated"],
    ["a key that is no text", { api_key: 1 }, {}, 400, "invalid_argument"],
    ["a key and more", { api_key: "x", email: "y" }, {}, 400, "invalid_argument"],
    ["a field that is none", { e_mail: "x", password: "y" }, {}, 400, "invalid_argument"],
    ["nothing", {}, {}, 400, "invalid_argument"],
    ["null", "null", {}, 400, "invalid_argument"],
    ["no JSON", "{", {}, 400, "invalid_argument"],
    ["a form", "email=x", { "content-type": "application/x-www-form-urlencoded" }, 400, "invalid_argument"],
    ["a text", "{}", { "content-type": "text/plain" }, 400, "invalid_argument"],
    ["JSON of another name", "{}", { "content-type": "application/jsonx" }, 400, "invalid_argument"],
    ["more than 8 KiB", { email: "x".repeat(9_000), password: "y" }, {}, 429, "resource_exhausted"],
    ["a page of another site", {}, { "sec-fetch-site": "cross-site" }, 403, "permission_denied"],
    ["a page of another port", {}, { "sec-fetch-site": "same-site" }, 403, "permission_denied"],
  ])("is refused with %s, and sets no cookie", async (_, body, headers, status, code) => {
    const answer = await signIn(body, { headers });
    expect(answer).toMatchObject({ status, cookies: [], body: { code, message: expect.any(String) } });
    expect(answer.headers["x-request-id"]).toBeTruthy();
    expect(reasonOf(answer)).toMatch(/^[A-Z_]+$/);
  });

  test("takes POST and DELETE; what it says of itself takes GET", async () => {
    const got = await ask("/console/session", { method: "GET", headers: own1st });
    expect(got).toMatchObject({ status: 405, headers: { allow: "POST, DELETE" } });
    const posted = await ask("/console/config");
    expect(posted).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    const config = await ask("/console/config", { method: "GET" });
    // Strangers learn no version.
    expect(config).toMatchObject({ status: 200 });
    expect(config.body).toEqual({
      auth: "required",
      secure: true,
      grpc: { port: expect.any(Number), tls: false },
    });
  });
});

describe("the cookie", () => {
  let user: Caller;
  beforeAll(async () => {
    user = await own.caller("user");
  });
  const port = () => service.httpAddress.port;

  test.each<[number, string, (host: string) => Record<string, string>]>([
    [200, "Sec-Fetch-Site: same-origin", () => own1st],
    [200, "that, whatever the Origin", () => ({ ...own1st, origin: "http://localhost:1" })],
    [
      401,
      "Sec-Fetch-Site: same-site",
      (host) => ({ "sec-fetch-site": "same-site", origin: `http://${host}` }),
    ],
    [
      401,
      "Sec-Fetch-Site: cross-site",
      (host) => ({ "sec-fetch-site": "cross-site", origin: `http://${host}` }),
    ],
    [401, "Sec-Fetch-Site: none", (host) => ({ "sec-fetch-site": "none", origin: `http://${host}` })],
    [401, "an empty Sec-Fetch-Site", (host) => ({ "sec-fetch-site": "", origin: `http://${host}` })],
    [401, "neither of the two", () => ({})],
    [200, "the Origin of the Host alone", (host) => ({ origin: `http://${host}` })],
    [200, "that of a proxy's TLS", (host) => ({ origin: `https://${host}` })],
    [401, "the Origin of another port", () => ({ origin: "http://127.0.0.1:1" })],
    [401, "an Origin without the port", () => ({ origin: "http://127.0.0.1" })],
    [403, "the Origin null", () => ({ origin: "null" })],
    [401, "an Origin that is none", () => ({ origin: "127.0.0.1" })],
  ])("%i: with %s", async (status, _, headers) => {
    const sent = { cookie: `ltb=${user.key}`, ...headers(`127.0.0.1:${port()}`) };
    const answer = await whoAmI(sent);
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.body.message).toContain("the console's cookie counts only");
  });

  test.each<[number, string, string]>([
    [200, "localhost:80", "http://localhost"],
    [200, "localhost", "https://localhost:443"],
    [401, "localhost", "http://localhost:443"],
    [200, "[::1]:50053", "http://[::1]:50053"],
    [401, "[::1]:50053", "http://[::1]:50054"],
    [200, "xn--zckzah.localhost:1", "http://xn--zckzah.localhost:1"],
    [200, "BENCH.localhost:1", "http://bench.localhost:1"],
  ])("%i: at Host %s with Origin %s", async (status, host, origin) => {
    expect((await whoAmI({ cookie: `ltb=${user.key}`, host, origin })).status).toBe(status);
  });

  test.each<[number, string, (key: string) => string]>([
    [200, "beside others", (key) => `a=b; ltb=${key}; theme=dark`],
    [200, "the same one twice", (key) => `ltb=${key}; ltb=${key}`],
    [401, "two different ones", (key) => `ltb=${key}; ltb=${key.slice(0, -1)}`],
    [200, "the secure one before the other", (key) => `ltb=x; __Host-ltb=${key}`],
    [401, "the secure one, though the other is good", (key) => `__Host-ltb=x; ltb=${key}`],
    [200, "an empty one beside the other", (key) => `__Host-ltb=; ltb=${key}`],
    [401, "one with a like name", (key) => `xltb=${key}; ltb2=${key}`],
    [401, "a mistyped one", (key) => `ltb=${key}x`],
  ])("%i: %s", async (status, _, cookie) => {
    expect((await whoAmI({ cookie: cookie(user.key), ...own1st })).status).toBe(status);
  });

  test("gives way to an authorization, good or bad", async () => {
    const other = await own.caller("viewer");
    const cookie = `ltb=${user.key}`;
    const good = await whoAmI({ cookie, ...own1st, authorization: `Bearer ${other.key}` });
    expect(good.body.user.id).toBe(other.userId);
    expect((await whoAmI({ cookie, ...own1st, authorization: "Bearer x" })).status).toBe(401);
  });

  test("opens nothing on the gRPC port", async () => {
    const client = clients(listeners.gRPC(service));
    const headers = { cookie: `ltb=${user.key}`, ...own1st };
    await expect(client.users.whoAmI({}, { headers })).rejects.toThrow("needs a credential");
  });

  test("names the console in the audit trail", async () => {
    const headers = { cookie: `ltb=${user.key}`, ...own1st, "user-agent": "Mozilla/5.0 (X11)" };
    const body = { name: "b", provider: "p", model: "m", dataset: "d" };
    const { body: made } = await ask("/ltb.v1.BenchmarkService/CreateBenchmark", { headers, body });
    expect(await entriesOf("benchmark", made.benchmark.id)).toMatchObject([
      { action: "create", userId: user.userId, userAgent: "LTB console, Mozilla/5.0 (X11)" },
    ]);
  });

  test("of a revoked key is out within a second", async () => {
    const { key, keyId } = await own.caller("user");
    const headers = { cookie: `ltb=${key}`, ...own1st };
    expect((await whoAmI(headers)).status).toBe(200);
    await own.db.users.revokeApiKey(keyId);
    const isOut = eventually(async () => (await whoAmI(headers)).status === 401);
    await within(1_000, isOut, () => own.db.healthCheck());
  });
});

test("a body that is too large is refused at once, and the connection serves on", async () => {
  const { port } = service.httpAddress;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { ...own1st, "content-type": "application/json" };
  const options = { host: "127.0.0.1", port, path: "/console/session", method: "POST", headers, agent };
  const statuses = [];
  for (const body of [Buffer.alloc(4 << 20, "x"), Buffer.from("{}")]) {
    const request = send(options);
    request.on("error", () => undefined).end(body);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    statuses.push(response.statusCode);
    await response.resume().toArray();
  }
  agent.destroy();
  expect(statuses).toEqual([429, 400]);
});

describe("signing out", () => {
  test("ends the session and clears the cookies, however often", async () => {
    const { email } = await person();
    const { cookie } = await signIn({ email, password });
    for (const again of [cookie, cookie, ""]) {
      const answer = await signOut(again);
      expect(answer).toMatchObject({ status: 204, body: "" });
      expect(answer.cookies).toEqual([
        "__Host-ltb=; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=0",
        "ltb=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0",
      ]);
    }
    await eventually(async () => (await whoAmI({ cookie, ...own1st })).status === 401);
  });

  test("leaves an API key as it is", async () => {
    const { key } = await own.caller("user");
    expect((await signOut(`ltb=${key}`)).status).toBe(204);
    expect((await whoAmI({ authorization: `Bearer ${key}` })).status).toBe(200);
  });

  test("is not for other pages", async () => {
    const { email } = await person();
    const { cookie } = await signIn({ email, password });
    const answer = await signOut(cookie, { "sec-fetch-site": "cross-site" });
    expect(answer).toMatchObject({ status: 403, cookies: [] });
    expect((await whoAmI({ cookie, ...own1st })).status).toBe(200);
  });
});

describe("a code", () => {
  const usersOf = (key: string, to = service) => clients(listeners.gRPC(to, key)).users;
  const codeOf = async (key: string) => (await usersOf(key).createLoginCode({})).code;
  const logIn = (code: string, to = service) => clients(listeners.gRPC(to)).users.login({ code });
  const run = (statement: ReturnType<typeof sql.fragment>) =>
    own.db.executor.any(sql.type(z.unknown())`${statement}`);

  test("signs in once, on any server, and the session is its user's", async () => {
    const there = await own.serve();
    const caller = await own.caller("user");
    const { code, expiresAt } = await usersOf(caller.key).createLoginCode({});
    const minutes = (Number(expiresAt?.seconds) - Date.now() / 1000) / 60;
    expect(minutes).toBeGreaterThan(8);
    expect(minutes).toBeLessThan(11);
    const answer = await signIn({ code }, { to: there });
    expect(answer).toMatchObject({
      status: 200,
      body: { user: { id: caller.userId }, expires_at: expect.any(String) },
    });
    expect(answer.cookies[1]).toMatch(/^ltb=lts_\w+; .*Max-Age=(431\d\d|43200)$/);
    expect((await signIn({ code }, { to: there })).status).toBe(401);
    expect((await signIn({ code })).status).toBe(401);
    const me = await whoAmI({ cookie: answer.cookie, ...own1st });
    expect(me.body.user).toMatchObject({ id: caller.userId, lastLogin: expect.any(String) });
    expect(me.body).not.toHaveProperty("apiKey");
    const entries = await entriesOf("user", caller.userId);
    const sessionId = parseCode(code)?.id ?? "";
    const made = await entriesOf("session", sessionId);
    expect(made).toMatchObject([
      {
        action: "create",
        userId: caller.userId,
        apiKeyId: caller.keyId,
        changes: { after: { is_code: true } },
      },
    ]);
    expect(entries[0]).toMatchObject({
      action: "login",
      changes: { after: { session_id: sessionId, by_code_of_key: caller.keyId } },
    });
    expect(JSON.stringify([entries, made])).not.toContain("ltc_");
  });

  test("that nobody used is removed once it is over", async () => {
    const caller = await own.caller("user");
    const kept = await codeOf(caller.key);
    const ids = [kept, await codeOf(caller.key)].map((code) => parseCode(code)?.id ?? "");
    await run(sql.fragment`
      update sessions set created_at = now() - interval '1 hour', expires_at = now() - interval '1 s' where id = ${ids[1] ?? ""}`);
    await own.db.maintenanceTasks.find(({ name }) => name === "sessions and logins")?.run();
    const left = await run(sql.fragment`select id from sessions where api_key_id = ${caller.keyId}`);
    expect(left).toEqual([{ id: ids[0] }]);
  });

  test("that several use at once makes one session", async () => {
    const code = await codeOf((await own.caller("user")).key);
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcome(logIn(code))));
    expect(outcomes.filter((each) => each === "OK")).toHaveLength(1);
  });

  test.each<[string, (caller: Caller, code: string) => Promise<unknown>]>([
    [
      "that is over",
      ({ keyId }) =>
        run(sql.fragment`
      update sessions set created_at = now() - interval '1 hour', expires_at = now() - interval '1 s' where api_key_id = ${keyId}`),
    ],
    ["of a revoked key", ({ keyId }) => own.db.users.revokeApiKey(keyId)],
    [
      "of a key that has expired",
      ({ keyId }) => run(sql.fragment`update api_keys set expires_at = now() where id = ${keyId}`),
    ],
    ["of a disabled user", ({ userId }) => own.db.users.update(userId, { active: false })],
    [
      "of a user who was disabled and enabled",
      async ({ userId }) => {
        await own.db.users.update(userId, { active: false });
        await own.db.users.update(userId, { active: true });
      },
    ],
    ["of a deleted user", ({ userId }) => own.db.users.delete(userId)],
    [
      "of a user whose password was changed",
      ({ userId }) => own.db.users.changePassword(userId, { newPassword: password }),
    ],
    ["that was used", (_, code) => logIn(code)],
  ])("%s is refused without a word why", async (_, end) => {
    const caller = await own.caller("user");
    const code = await codeOf(caller.key);
    await end(caller, code);
    await expect(logIn(code)).rejects.toMatchObject({
      code: Code.Unauthenticated,
      rawMessage: "the code is wrong, was used or is over, or its user may not log in",
    });
  });

  test("that is none is refused like one, and slows its address down like a wrong password", async () => {
    const { key } = await own.caller("user");
    const code = await codeOf(key);
    const { id: otherId, text: wrong } = newLoginCode();
    for (const each of ["x", wrong, code.slice(0, -1), `${code}x`, key])
      expect(await outcome(logIn(each)), each).toBe("INVALID_CREDENTIALS");
    // One with the id of another, whose secret it lacks.
    const id = parseCode(code)?.id ?? "";
    await run(sql.fragment`update sessions set id = ${otherId} where id = ${id}`);
    await run(sql.fragment`update login_attempts set next_attempt = now()`);
    expect(await outcome(logIn(wrong))).toBe("INVALID_CREDENTIALS");
    await run(sql.fragment`update sessions set id = ${id} where id = ${otherId}`);
    expect(await run(sql.fragment`select from login_attempts where failures >= 5`)).not.toEqual([]);
    // It still is good.
    await run(sql.fragment`update login_attempts set next_attempt = now()`);
    expect(await outcome(logIn(code))).toBe("OK");
  });

  test("opens nothing by itself", async () => {
    const code = await codeOf((await own.caller("user")).key);
    expect((await whoAmI({ authorization: `Bearer ${code}` })).status).toBe(401);
    const asSession = newSessionToken(parseCode(code)?.id).text;
    expect((await whoAmI({ authorization: `Bearer ${asSession}` })).status).toBe(401);
    const { id = "", hash = "" } = parseCode(code) ?? {};
    expect(await own.db.users.findPrincipal({ kind: "session", id, hash })).toBeUndefined();
  });

  test("is not given together with an email, nor with a key", async () => {
    expect((await signIn({ code: "x", email: "a@example.org" })).body.message).toMatch(
      /^code: must not be given/,
    );
    expect((await signIn({ code: "x", api_key: "y" })).body.message).toMatch(/^code: must not be given/);
  });

  test("is made by a key without scopes only", async () => {
    const scoped = await own.caller("admin", ["keys:write", "jobs:read"]);
    await expect(usersOf(scoped.key).createLoginCode({})).rejects.toThrow(
      /limited to jobs:read, keys:write makes no code/,
    );
    expect(await outcome(usersOf(scoped.key).createLoginCode({}))).toBe("SCOPE_EXCEEDED");
    const { email } = await person();
    const { sessionToken } = await clients(listeners.gRPC(service)).users.login({ email, password });
    expect(await outcome(usersOf(sessionToken).createLoginCode({}))).toBe("NOT_A_KEY");
    const { sessionToken: byCode } = await logIn(await codeOf((await own.caller("user")).key));
    expect(await outcome(usersOf(byCode).createLoginCode({}))).toBe("NOT_A_KEY");
    const open = await own.serve({ LTB_AUTH: "off" });
    expect(await outcome(clients(listeners.gRPC(open)).users.createLoginCode({}))).toBe("NOT_A_KEY");
  });

  test.each<[string, (caller: Caller) => Promise<unknown>]>([
    ["is revoked", ({ keyId }) => own.db.users.revokeApiKey(keyId)],
    ["is replaced", ({ keyId }) => own.db.users.rotateApiKey(keyId)],
    ["expires", ({ keyId }) => run(sql.fragment`update api_keys set expires_at = now() where id = ${keyId}`)],
  ])("makes a session that ends within a second when the key %s", async (_, end) => {
    const caller = await own.caller("user");
    const { cookie } = await signIn({ code: await codeOf(caller.key) });
    // Both are known here, and neither is taken for the other.
    expect((await whoAmI({ cookie, ...own1st })).status).toBe(200);
    expect((await whoAmI({ authorization: `Bearer ${caller.key}` })).body).toHaveProperty("apiKey");
    await end(caller);
    const isOut = eventually(async () => (await whoAmI({ cookie, ...own1st })).status === 401);
    await within(1_000, isOut, () => own.db.healthCheck());
  });

  test("makes a session that ends with its key at the latest, whose keys are the key's", async () => {
    const { userId } = await own.caller("user");
    const { apiKey, secret = "" } = await own.db.users.createApiKey({
      userId,
      name: "short",
      expiresInMs: 3_600_000,
    });
    const session = await logIn(await codeOf(secret));
    expect(Number(session.expiresAt?.seconds)).toBe(Math.floor(Date.parse(apiKey.expiresAt ?? "") / 1000));
    const child = await usersOf(session.sessionToken).createApiKey({ name: "child" });
    expect(child.apiKey).toMatchObject({ createdByKey: apiKey.id, expiresAt: session.expiresAt });
    const admin = usersOf((await own.caller("admin")).key);
    expect(await admin.revokeApiKey({ id: apiKey.id, withDescendants: true })).toMatchObject({
      descendantsRevoked: 1,
    });
    await eventually(async () => (await outcome(usersOf(child.secret).whoAmI({}))) === "CREDENTIAL_INVALID");
  });

  test("that is logged out of leaves its key alone", async () => {
    const { key } = await own.caller("user");
    const { cookie } = await signIn({ code: await codeOf(key) });
    expect((await signOut(cookie)).status).toBe(204);
    await eventually(async () => (await whoAmI({ cookie, ...own1st })).status === 401);
    expect(await outcome(usersOf(key).whoAmI({}))).toBe("OK");
  });
});

test("over TLS only the secure cookie counts, and the names of the certificate are the service's", async () => {
  const folder = temporaryFolder();
  const pair = await selfSigned({ commonName: "cn.example", dns: ["localhost", "*.bench.example"] });
  const files = { cert: join(folder, "tls.crt"), key: join(folder, "tls.key") };
  await writeFile(files.cert, pair.cert);
  await writeFile(files.key, pair.key);
  const to = await own.serve({ LTB_TLS_CERT_FILE: files.cert, LTB_TLS_KEY_FILE: files.key });
  const { key } = await own.caller("viewer");
  const answer = await signIn({ api_key: key }, { to });
  expect(answer.cookies[0]).toBe(`__Host-ltb=${key}; Path=/; HttpOnly; SameSite=Strict; Secure`);
  expect((await whoAmI({ ...own1st, cookie: answer.cookie }, to)).status).toBe(200);
  expect((await whoAmI({ ...own1st, cookie: `ltb=${key}` }, to)).status).toBe(401);
  // Whoever serves another port by clear text can set the plain one.
  expect((await whoAmI({ ...own1st, cookie: `ltb=x; ${answer.cookie}` }, to)).status).toBe(200);
  const statusAt = async (host: string) =>
    (await ask("/console/config", { method: "GET", headers: { host }, to })).status;
  expect(await statusAt("a.bench.example:50053")).toBe(200);
  for (const host of ["cn.example", "bench.example", "a.b.bench.example"])
    expect(await statusAt(host), host).toBe(403);
});

describe("settings", () => {
  test("LTB_AUTH=off: nobody has to sign in", async () => {
    const open = await own.serve({ LTB_AUTH: "off" });
    const config = await ask("/console/config", { method: "GET", to: open });
    expect(config.body).toMatchObject({ auth: "off", secure: true });
    expect(await whoAmI({}, open)).toMatchObject({ status: 200, body: {} });
    // Nobody has looked at the key, so it becomes no cookie.
    expect(await signIn({ api_key: "x;Domain=example.org" }, { to: open })).toMatchObject({
      status: 200,
      cookies: [],
    });
  });

  test("LTB_CONSOLE=off: its paths are unknown", async () => {
    const without = await own.serve({ LTB_CONSOLE: "off" });
    for (const path of ["/console/config", "/console/session"])
      expect((await ask(path, { method: "GET", headers: own1st, to: without })).status).toBe(404);
  });

  test("clear text by a name that is not this machine's is told", async () => {
    const lan = await own.serve({ LTB_HTTP_ADDRESS: "0.0.0.0:0", LTB_ALLOW_INSECURE: "1" });
    const secureOf = async (host: string) =>
      (await ask("/console/config", { method: "GET", headers: { host }, to: lan })).body.secure;
    expect(await Promise.all(["192.0.2.7:50053", "localhost", "[::1]:1"].map(secureOf))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
