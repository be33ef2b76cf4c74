import { Code } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { MadeApiKey } from "../../src/users/keys.ts";
import { newApiKey, parseToken, type Token } from "../../src/users/tokens.ts";
import { unknownId } from "../harness/examples.ts";
import { patienceMs } from "../harness/waiting.ts";
import { testUsers } from "./support.ts";

const hour = 3_600_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();

function tokenOf({ secret }: Pick<MadeApiKey, "secret">): Token {
  const token = parseToken(secret ?? "");
  if (!token) throw new Error("this is no token");
  return token;
}

describe("a new API key", () => {
  test("has what it was given, and shows its secret once", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const expiresAt = "2099-01-31T12:00:00.000001Z";
    const { apiKey, secret } = await users.createApiKey({
      userId,
      name: "Production",
      scopes: ["jobs:write", "jobs:read", "jobs:read"],
      expiresAt,
      createdBy: unknownId,
    });
    expect(apiKey).toEqual({
      id: expect.any(String),
      userId,
      keyId: secret?.split("_")[1],
      name: "Production",
      scopes: ["jobs:read", "jobs:write"],
      active: true,
      expiresAt,
      lastUsed: null,
      createdAt: expect.any(String),
      createdBy: unknownId,
      createdByKey: null,
      revokedAt: null,
      rotatedFrom: null,
    });
    expect(await users.getApiKey(apiKey.id)).toEqual(apiKey);
    expect((await users.listApiKeys(userId)).items).toEqual([apiKey]);
  });

  test("is made once for a request id, whose repetition has no secret", async () => {
    const { users, user, sql } = await testUsers();
    const { id: userId } = await user();
    const once = { requestId: "r-1", actor: userId };
    const first = await users.createApiKey({ userId, name: "k" }, once);
    expect(await users.createApiKey({ userId, name: "k" }, once)).toEqual({ ...first, secret: undefined });
    await expect(users.createApiKey({ userId, name: "other" }, once)).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
    expect(await sql("select result from requests")).toEqual([{ result: first.apiKey.id }]);
    expect(await sql("select count(*)::int as n from api_keys")).toEqual([{ n: 1 }]);
  });

  test.each([
    ["an unknown scope", { scopes: ["jobs:fly"] }, "scopes[0]"],
    ["no name", { name: "" }, "name"],
    ["an expiry in the past", { expiresAt: at(-1000) }, "expires_at"],
    ["65 scopes", { scopes: Array<string>(65).fill("jobs:read") }, "scopes"],
  ])("may not have %s", async (_, wrong, field) => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    await expect(users.createApiKey({ userId, name: "k", ...wrong })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field }],
    });
  });

  test("ends after a while that the database measures", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey } = await users.createApiKey({ userId, name: "k", expiresInMs: 90_000 });
    const lasts = Date.parse(apiKey.expiresAt ?? "") - Date.parse(apiKey.createdAt);
    expect(lasts).toBeGreaterThanOrEqual(90_000);
    expect(lasts).toBeLessThan(90_000 + patienceMs);
    await expect(
      users.createApiKey({ userId, name: "k", expiresInMs: 1, expiresAt: at(hour) }),
    ).rejects.toMatchObject({ violations: [{ field: "expires_at" }] });
  });

  test.each([
    ["fast", 10 * 60_000],
    ["slow", -10 * 60_000],
  ])("is judged by the database's clock where the server's is %s", async (_, offMs) => {
    const { users, user, sql } = await testUsers();
    const { id: userId } = await user();
    const [over, ahead] = [at(-5 * 60_000), at(5 * 60_000)];
    const now = Date.now.bind(Date);
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + offMs);
    onTestFinished(() => clock.mockRestore());
    expect((await users.createApiKey({ userId, name: "k", expiresAt: ahead })).apiKey.active).toBe(true);
    await expect(users.createApiKey({ userId, name: "k", expiresAt: over })).rejects.toMatchObject({
      violations: [{ field: "expires_at" }],
    });
    expect(await sql("select count(*)::int as n from api_keys")).toEqual([{ n: 1 }]);
  });

  test("is of a user that there is, and has an id of its own", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    await expect(users.createApiKey({ userId: unknownId, name: "k" })).rejects.toMatchObject({
      code: Code.NotFound,
      metadata: { entity: "user" },
    });
    await users.createApiKey({ id: unknownId, userId, name: "k" });
    await expect(users.createApiKey({ id: unknownId, userId, name: "k" })).rejects.toMatchObject({
      code: Code.AlreadyExists,
      metadata: { entity: "api_key", id: unknownId },
    });
    await expect(users.getApiKey(userId)).rejects.toMatchObject({ code: Code.NotFound });
  });

  test("cannot come into being beside the deletion of its user and outlive it", async () => {
    const { users, user, sql } = await testUsers();
    for (let i = 0; i < 10; i++) {
      const { id: userId } = await user();
      await Promise.allSettled([
        users.createApiKey({ userId, name: "a" }),
        users.delete(userId),
        users.createApiKey({ userId, name: "b" }),
      ]);
      expect(
        await sql("select id from api_keys where user_id = $1 and revoked_at is null", [userId]),
      ).toEqual([]);
    }
  });
});

test("a user's keys are listed newest first, in pages", async () => {
  const { users, user } = await testUsers();
  const [{ id: userId }, other] = [await user(), await user()];
  const made: string[] = [];
  for (let i = 0; i < 5; i++) made.unshift((await users.createApiKey({ userId, name: `k${i}` })).apiKey.id);
  await users.createApiKey({ userId: other.id, name: "other" });
  await users.revokeApiKey(made[2] ?? "");
  const first = await users.listApiKeys(userId, { limit: 3 });
  const second = await users.listApiKeys(userId, { limit: 3, after: first.next });
  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(made);
  expect(first.items.map(({ active }) => active)).toEqual([true, true, false]);
  expect(second.next).toBeUndefined();
  await expect(users.listApiKeys(unknownId)).rejects.toMatchObject({ code: Code.NotFound });
});

describe("a key stands for its user", () => {
  test("with the scopes and the expiry of the key and the role of the user", async () => {
    const { users, user } = await testUsers();
    const { id: userId, username } = await user({ role: "worker" });
    const bare = await users.createApiKey({ userId, name: "k" });
    expect(await users.findPrincipal(tokenOf(bare))).toEqual({
      userId,
      username,
      role: "worker",
      keyId: bare.apiKey.id,
      scopes: [],
    });
    const expiresAt = "2099-01-31T12:00:00.123456Z";
    const limited = await users.createApiKey({ userId, name: "k", scopes: ["jobs:work"], expiresAt });
    expect(await users.findPrincipal(tokenOf(limited))).toMatchObject({
      scopes: ["jobs:work"],
      expiresAt: Date.parse("2099-01-31T12:00:00.123Z"),
    });
  });

  test("but not with another secret, however much of it is right", async () => {
    const { users, user } = await testUsers();
    const token = tokenOf(await users.createApiKey({ userId: (await user()).id, name: "k" }));
    const last = token.hash.endsWith("0") ? "1" : "0";
    expect(
      await users.findPrincipal({ ...token, hash: `${token.hash.slice(0, -1)}${last}` }),
    ).toBeUndefined();
    expect(await users.findPrincipal({ ...token, id: newApiKey().id })).toBeUndefined();
    expect(await users.findPrincipal({ ...token, kind: "session", id: unknownId })).toBeUndefined();
    expect(await users.findPrincipal(newApiKey())).toBeUndefined();
  });

  const ends = {
    "is revoked": async ({ users }, key) => void (await users.revokeApiKey(key.apiKey.id)),
    "has expired, by the database's clock": async ({ sql }, key) =>
      void (await sql("update api_keys set expires_at = clock_timestamp() where id = $1", [key.apiKey.id])),
    "was rotated without overlap": async ({ users }, key) => void (await users.rotateApiKey(key.apiKey.id)),
    "is of an inactive user": async ({ users }, key) =>
      void (await users.update(key.apiKey.userId, { active: false })),
    "is of a deleted user": ({ users }, key) => users.delete(key.apiKey.userId),
  } satisfies Record<
    string,
    (bench: Awaited<ReturnType<typeof testUsers>>, key: MadeApiKey) => Promise<void>
  >;

  test.each(Object.entries(ends))("and not when it %s", async (_, end) => {
    const bench = await testUsers();
    const { users, user } = bench;
    const key = await users.createApiKey({ userId: (await user()).id, name: "k" });
    const other = await users.createApiKey({ userId: (await user()).id, name: "k" });
    const ids = { keyIds: [key.apiKey.id, other.apiKey.id], sessionIds: [] };
    expect(await users.findPrincipal(tokenOf(key))).toBeDefined();
    expect(await users.recheckPrincipals(ids)).toHaveLength(2);
    await end(bench, key);
    expect(await users.findPrincipal(tokenOf(key))).toBeUndefined();
    expect(await users.recheckPrincipals(ids)).toMatchObject([{ keyId: other.apiKey.id }]);
  });

  test("again when an inactive user is made active", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const token = tokenOf(await users.createApiKey({ userId, name: "k" }));
    await users.update(userId, { active: false });
    await users.update(userId, { active: true });
    expect(await users.findPrincipal(token)).toBeDefined();
  });
});

describe("thousands of credentials are looked after by one statement", () => {
  test("which tells what changed and leaves out what ended", async () => {
    const { users, user, sql } = await testUsers();
    const { id: userId, email } = await user({ role: "user", password: "correct horse" });
    const { apiKey } = await users.createApiKey({ userId, name: "k" });
    const { sessionId } = await users.login({ email, password: "correct horse" });
    await sql(
      `insert into api_keys (id, user_id, key_id, key_hash, name)
      select md5(i::text)::uuid, $1, i::text, decode(md5(i::text) || md5(i::text), 'hex'), 'k' from generate_series(1, 5000) i`,
      [userId],
    );
    const keyIds = (await sql("select id from api_keys")).map(({ id }) => String(id));
    const ids = { keyIds, sessionIds: [sessionId, unknownId] };
    expect(await users.recheckPrincipals(ids)).toHaveLength(5_002);
    await users.update(userId, { role: "viewer", username: "renamed" });
    await users.revokeApiKey(apiKey.id);
    const now = await users.recheckPrincipals(ids);
    expect(now).toHaveLength(5_001);
    expect(now.every(({ role, username }) => role === "viewer" && username === "renamed")).toBe(true);
    expect(now.filter((principal) => principal.sessionId === sessionId)).toHaveLength(1);
    expect(await users.recheckPrincipals({ keyIds: [], sessionIds: [] })).toEqual([]);
  });

  test("and their last use is written at most once a minute", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey } = await users.createApiKey({ userId, name: "k" });
    const used = { keyIds: [apiKey.id] };
    const lastUsed = async () => (await users.getApiKey(apiKey.id)).lastUsed;
    const noon = Date.parse("2026-01-31T12:00:00Z");
    expect(await users.touch({ ...used, at: noon })).toEqual({ touched: 1 });
    expect(await lastUsed()).toBe("2026-01-31T12:00:00.000000Z");
    expect(await users.touch({ ...used, at: noon + 59_999 })).toEqual({ touched: 0 });
    expect(await lastUsed()).toBe("2026-01-31T12:00:00.000000Z");
    expect(await users.touch({ ...used, at: noon + 60_000 })).toEqual({ touched: 1 });
    expect(await lastUsed()).toBe("2026-01-31T12:01:00.000000Z");
    // A server whose clock is behind does not turn it back.
    expect(await users.touch({ ...used, at: noon })).toEqual({ touched: 0 });
    expect(await users.touch({ keyIds: [], at: noon })).toEqual({ touched: 0 });
  });

  test("which several servers may do at once", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const keys = await Promise.all(
      Array.from({ length: 30 }, () => users.createApiKey({ userId, name: "k" })),
    );
    const keyIds = keys.map(({ apiKey }) => apiKey.id);
    const touched = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        users.touch({ keyIds: i % 2 ? keyIds : keyIds.toReversed(), at: Date.now() }),
      ),
    );
    expect(touched.reduce((sum, one) => sum + one.touched, 0)).toBe(30);
  });
});

describe("rotation", () => {
  test("makes a new key of the same kind; the old one works on for the overlap", async () => {
    const { users, user, sql } = await testUsers();
    const { id: userId } = await user();
    const expiresAt = "2099-01-31T12:00:00.000000Z";
    const old = await users.createApiKey({ userId, name: "k", scopes: ["jobs:read"], expiresAt });
    const rotated = await users.rotateApiKey(old.apiKey.id, { overlapMs: hour, createdBy: unknownId });
    expect(rotated.apiKey).toMatchObject({
      userId,
      name: "k",
      scopes: ["jobs:read"],
      expiresAt,
      rotatedFrom: old.apiKey.id,
      createdBy: unknownId,
      active: true,
    });
    expect(rotated.oldApiKey).toMatchObject({ id: old.apiKey.id, active: true, revokedAt: null });
    const left = Date.parse(rotated.oldApiKey.expiresAt ?? "") - Date.now();
    expect(Math.abs(left - hour)).toBeLessThan(60_000);
    expect(await users.findPrincipal(tokenOf(old))).toBeDefined();
    expect(await users.findPrincipal(tokenOf(rotated))).toMatchObject({ keyId: rotated.apiKey.id });
    await sql("update api_keys set expires_at = clock_timestamp() where id = $1", [old.apiKey.id]);
    expect(await users.findPrincipal(tokenOf(old))).toBeUndefined();
    expect(await users.findPrincipal(tokenOf(rotated))).toBeDefined();
  });

  test("never lets the old key work longer than it would have", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey } = await users.createApiKey({ userId, name: "k", expiresAt: at(hour) });
    const { oldApiKey } = await users.rotateApiKey(apiKey.id, { overlapMs: 30 * 24 * hour });
    expect(oldApiKey.expiresAt).toBe(apiKey.expiresAt);
  });

  test("of a key that has ended, or of none, is refused", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey: revoked } = await users.createApiKey({ userId, name: "k" });
    await users.revokeApiKey(revoked.id);
    const { apiKey: rotated } = await users.createApiKey({ userId, name: "k" });
    await users.rotateApiKey(rotated.id);
    for (const { id } of [revoked, rotated]) {
      await expect(users.rotateApiKey(id)).rejects.toMatchObject({
        code: Code.FailedPrecondition,
        reason: "KEY_INACTIVE",
      });
    }
    await expect(users.rotateApiKey(unknownId)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.rotateApiKey(rotated.id, { overlapMs: 30 * 24 * hour + 1 })).rejects.toMatchObject({
      violations: [{ field: "overlap" }],
    });
  });

  test("at once by several makes one key", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey } = await users.createApiKey({ userId, name: "k" });
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => users.rotateApiKey(apiKey.id)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await users.listApiKeys(userId)).items).toHaveLength(2);
  });

  test("that is sent again answers the same keys without the secret", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey } = await users.createApiKey({ userId, name: "k" });
    const once = { requestId: "r-1", actor: userId };
    const first = await users.rotateApiKey(apiKey.id, { overlapMs: hour }, once);
    expect(first.secret).toBeDefined();
    expect(await users.rotateApiKey(apiKey.id, { overlapMs: hour }, once)).toEqual({
      ...first,
      secret: undefined,
    });
    await expect(users.rotateApiKey(apiKey.id, {}, once)).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
  });
});

test("a key that is revoked again stays as it is", async () => {
  const { users, user } = await testUsers();
  const { apiKey } = await users.createApiKey({ userId: (await user()).id, name: "k" });
  const revoked = await users.revokeApiKey(apiKey.id);
  expect(revoked).toMatchObject({ active: false, revokedAt: expect.any(String) });
  expect(await users.revokeApiKey(apiKey.id)).toEqual(revoked);
  await expect(users.revokeApiKey(unknownId)).rejects.toMatchObject({ code: Code.NotFound });
});

describe("a key that another key has made", () => {
  test("ends with its maker at the latest, made or rotated", async () => {
    const { users, user } = await testUsers();
    const { id: userId } = await user();
    const { apiKey: maker } = await users.createApiKey({ userId, name: "maker", expiresAt: at(hour) });
    const by = { createdByKey: maker.id };
    const make = async (expiresAt?: string) =>
      (await users.createApiKey({ userId, name: "made", expiresAt, ...by })).apiKey;
    expect(await make()).toMatchObject({ ...by, expiresAt: maker.expiresAt });
    expect(await make(at(2 * hour))).toMatchObject({ ...by, expiresAt: maker.expiresAt });
    const sooner = "2099-01-31T12:00:00.000001Z";
    const { apiKey: later } = await users.createApiKey({
      userId,
      name: "k",
      expiresAt: "2099-12-31T00:00:00Z",
    });
    const made = await users.createApiKey({ userId, name: "k", expiresAt: sooner, createdByKey: later.id });
    expect(made.apiKey.expiresAt).toBe(sooner);
    const { apiKey: endless } = await users.createApiKey({ userId, name: "endless" });
    const { apiKey: rotated } = await users.rotateApiKey(endless.id, by);
    expect(rotated).toMatchObject({ ...by, rotatedFrom: endless.id, expiresAt: maker.expiresAt });
  });

  test("is not made by one that has ended", async () => {
    const { users, user, sql } = await testUsers();
    const { id: userId } = await user();
    const [revoked, expired] = [
      await users.createApiKey({ userId, name: "revoked" }),
      await users.createApiKey({ userId, name: "expired", expiresAt: at(hour) }),
    ].map(({ apiKey }) => apiKey.id);
    await users.revokeApiKey(revoked ?? "");
    await sql("update api_keys set expires_at = now() where id = $1", [expired]);
    for (const createdByKey of [revoked, expired])
      await expect(users.createApiKey({ userId, name: "k", createdByKey })).rejects.toMatchObject({
        code: Code.FailedPrecondition,
        reason: "KEY_INACTIVE",
      });
  });

  test("is revoked with all that its maker has made, and no other", async () => {
    const { users, user, sql } = await testUsers();
    const [{ id: userId }, other] = [await user(), await user()];
    const make = async (name: string, createdByKey?: string, of = userId) =>
      (await users.createApiKey({ userId: of, name, createdByKey })).apiKey.id;
    const leaked = await make("leaked");
    const child = await make("child", leaked);
    await users.revokeApiKey(await make("dead end", leaked));
    const { apiKey: rotated } = await users.rotateApiKey(child, { createdByKey: child });
    await make("grandchild", rotated.id);
    await make("of another user", leaked, other.id);
    const kept = [await make("by nobody"), await make("by another", await make("another"))];
    await users.revokeApiKey(leaked);
    expect(await users.revokeDescendants(leaked)).toBe(4);
    expect(await users.revokeDescendants(leaked)).toBe(0);
    const good = await sql("select id, name from api_keys where revoked_at is null order by created_at");
    expect(good.map(({ name }) => name)).toEqual(["by nobody", "another", "by another"]);
    expect(good.map(({ id }) => id)).toEqual(expect.arrayContaining(kept));
    const entries = await sql("select entity_id from audit_logs where action = 'revoke'");
    expect(entries).toHaveLength(6);
  });

  test("does not slip through while its maker is being revoked", async () => {
    const { users, user, sql } = await testUsers();
    const { id: userId } = await user();
    for (let round = 0; round < 10; round++) {
      const { apiKey: leaked } = await users.createApiKey({ userId, name: "leaked" });
      const { apiKey: child } = await users.createApiKey({ userId, name: "child", createdByKey: leaked.id });
      const by = [leaked.id, child.id];
      await Promise.allSettled([
        ...by.map((createdByKey) => users.createApiKey({ userId, name: "made", createdByKey })),
        users.revokeApiKey(leaked.id).then(() => users.revokeDescendants(leaked.id)),
        ...by.map((createdByKey) => users.createApiKey({ userId, name: "made", createdByKey })),
      ]);
      expect(await sql("select name from api_keys where revoked_at is null")).toEqual([]);
    }
  });
});
