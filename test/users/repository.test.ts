import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/limits.ts";
import { Database } from "../../src/storage.ts";
import { unknownId } from "../harness/examples.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { testUsers } from "./support.ts";

const ada = { email: "Ada@Example.com", username: "Ada", password: "correct horse" };

describe("a new user", () => {
  test("is active, not verified, and has what it was given but no hash", async () => {
    const { users } = await testUsers();
    const metadata = { team: "a", nested: [null, 1] };
    const user = await users.create({ ...ada, role: "viewer", metadata });
    expect(user).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      email: "Ada@Example.com",
      username: "Ada",
      role: "viewer",
      active: true,
      emailVerified: false,
      metadata,
      lastLogin: null,
      createdAt: expect.stringMatching(/\.\d{6}Z$/),
      updatedAt: user.createdAt,
      version: 1,
    });
    expect(await users.get(user.id)).toEqual(user);
  });

  test("has the role user unless given, and an id of the caller's if given", async () => {
    const { users } = await testUsers();
    expect(await users.create({ ...ada, id: unknownId.toUpperCase() })).toMatchObject({
      id: unknownId,
      role: "user",
    });
  });

  test("is found by email and username in any case, and with white space around them", async () => {
    const { users } = await testUsers();
    const user = await users.create({ ...ada, email: " Ada@Example.com\t", username: " Ada " });
    expect(user).toMatchObject({ email: "Ada@Example.com", username: "Ada" });
    expect(await users.getByEmail("ADA@EXAMPLE.COM ")).toEqual(user);
    expect(await users.getByUsername("aDA")).toEqual(user);
    await expect(users.getByEmail("b@example.com")).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.getByUsername("b")).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.get(unknownId)).rejects.toMatchObject({ code: Code.NotFound });
  });

  test.each([
    ["email", { email: "aDA@example.COM" }],
    ["username", { username: "aDa" }],
    ["id", { id: unknownId }],
  ])("may not have the %s of another, in any case", async (field, taken) => {
    const { users, user } = await testUsers();
    await users.create({ ...ada, id: unknownId });
    await expect(user(taken)).rejects.toMatchObject({
      code: Code.AlreadyExists,
      reason: "ALREADY_EXISTS",
      metadata: { entity: "user", field },
      message: expect.stringContaining(`${Object.values(taken)[0]}`),
    });
  });

  test("gets an email that many ask for at once only once", async () => {
    const { users, sql } = await testUsers();
    const cases = ["ada@example.com", "ADA@example.com", "Ada@Example.Com"];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => users.create({ email: cases[i % 3] ?? "", username: `u${i}` })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: Code.AlreadyExists });
    }
    expect(await sql("select count(*)::int as n from users")).toEqual([{ n: 1 }]);
  });
});

describe("a new user may not have", () => {
  let db: Database;
  beforeAll(async () => {
    db = await Database.connect(await createTestDatabase());
  });
  afterAll(() => db.close());

  test.each([
    ["an email without @", { email: "ada" }, "email"],
    ["an email with two @", { email: "a@b@c" }, "email"],
    ["an email with white space", { email: "a b@c" }, "email"],
    ["an email of two characters", { email: "ab" }, "email"],
    ["an email of 256 characters", { email: `${"a".repeat(250)}@b.com` }, "email"],
    ["no username", { username: "  " }, "username"],
    ["a username of 101 characters", { username: "a".repeat(101) }, "username"],
    ["a username with a line feed", { username: "a\nb" }, "username"],
    ["an unknown role", { role: "root" as "admin" }, "role"],
    ["a short password", { password: "x7Kq!" }, "password"],
    ["its email as password", { password: "ada@example.com" }, "password"],
    [
      "a hash that would take 4 GiB",
      {
        passwordHash:
          "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
      },
      "password_hash",
    ],
    [
      "a password and a hash",
      { password: "correct horse", passwordHash: `$2b$10$${"a".repeat(53)}` },
      "password_hash",
    ],
    ["metadata that is no object", { metadata: [] as never }, "metadata"],
  ])("%s", async (_, wrong, field) => {
    const { password: __, ...rest } = ada;
    await expect(db.users.create({ ...rest, ...wrong })).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: expect.arrayContaining([expect.objectContaining({ field })]),
    });
  });
});

describe("a create that is sent again", () => {
  const once = { requestId: "r-1", actor: "someone" };

  test("answers the first user", async () => {
    const { users, sql } = await testUsers();
    const first = await users.create(ada, once);
    expect(await users.create(ada, once)).toEqual(first);
    expect(await sql("select count(*)::int as n from users")).toEqual([{ n: 1 }]);
  });

  test.each([
    ["another password", { password: "correct hors3" }],
    ["no password", { password: undefined }],
    ["another email", { email: "b@example.com" }],
  ])("is refused with %s", async (_, other) => {
    const { users } = await testUsers();
    await users.create(ada, once);
    await expect(users.create({ ...ada, ...other }, once)).rejects.toMatchObject({
      reason: "REQUEST_ID_REUSED",
    });
  });

  test("leaves nothing from which the password could be guessed faster than from its hash", async () => {
    const { users, sql } = await testUsers();
    await users.create(ada, once);
    await users.create({ ...ada, email: "b@example.com", username: "b" }, { ...once, requestId: "r-2" });
    const [{ body_hash: one }] = await sql("select body_hash from requests order by request_id");
    await sql("truncate requests");
    const { users: elsewhere, sql: other } = await testUsers();
    await elsewhere.create({ ...ada, password: "another horse" }, once);
    const [{ body_hash: two }] = await other("select body_hash from requests");
    expect(one).toEqual(two);
  });
});

describe("a change", () => {
  test("writes what is given and no more, and moves the version", async () => {
    const { users, user } = await testUsers();
    const { id, createdAt, email } = await user({ metadata: { a: 1 } });
    expect(await users.update(id, { username: "b", role: "viewer" })).toMatchObject({
      username: "b",
      role: "viewer",
      email,
      metadata: { a: 1 },
      active: true,
      createdAt,
      version: 2,
    });
    expect(await users.update(id, { metadata: null })).toMatchObject({ metadata: null, version: 3 });
    expect((await users.get(id)).updatedAt > createdAt).toBe(true);
  });

  test("of the email makes it unverified, unless that is given or it stays the same", async () => {
    const { users, user } = await testUsers();
    const { id } = await user();
    const verified = async (changes: Parameters<typeof users.update>[1]) =>
      (await users.update(id, changes)).emailVerified;
    expect(await verified({ emailVerified: true })).toBe(true);
    expect(await verified({ username: "b" })).toBe(true);
    expect(await verified({ email: "new@example.com" })).toBe(false);
    expect(await verified({ email: "newer@example.com", emailVerified: true })).toBe(true);
    expect(await verified({ email: "newer@example.com" })).toBe(true);
  });

  test("is refused at another version, for what is taken, and for whom there is none", async () => {
    const { users, user } = await testUsers();
    const [one, two] = [await user(), await user()];
    await expect(users.update(one.id, { username: "b" }, { expectedVersion: 2 })).rejects.toMatchObject({
      code: Code.Aborted,
      reason: "VERSION_MISMATCH",
      metadata: { version: "1" },
    });
    await expect(users.update(one.id, { email: two.email.toUpperCase() })).rejects.toMatchObject({
      code: Code.AlreadyExists,
      metadata: { field: "email" },
    });
    await expect(users.update(one.id, { username: two.username.toUpperCase() })).rejects.toMatchObject({
      metadata: { field: "username" },
    });
    await expect(users.update(unknownId, {})).rejects.toMatchObject({ code: Code.NotFound });
    expect(await users.get(one.id)).toEqual(one);
    // One's own in another case is not taken.
    expect(await users.update(one.id, { email: one.email.toUpperCase() })).toMatchObject({ version: 2 });
  });

  test("of two at once at one version only one is made", async () => {
    const { users, user } = await testUsers();
    const { id } = await user();
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4].map((n) => users.update(id, { username: `n${n}` }, { expectedVersion: 1 })),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
});

describe("a deleted user", () => {
  test("is gone for all, and its email and username are free", async () => {
    const { users, user, sql } = await testUsers();
    await user({ role: "admin" });
    const { id } = await users.create(ada);
    await users.delete(id);
    await expect(users.get(id)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.getByEmail(ada.email)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.getByUsername(ada.username)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.update(id, { active: true })).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.delete(id)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.createApiKey({ userId: id, name: "k" })).rejects.toMatchObject({
      code: Code.NotFound,
    });
    await expect(users.listApiKeys(id)).rejects.toMatchObject({ code: Code.NotFound });
    await expect(users.changePassword(id, { newPassword: "another horse" })).rejects.toMatchObject({
      code: Code.NotFound,
    });
    expect((await users.list()).items.map((item) => item.id)).not.toContain(id);
    expect(await users.count()).toBe(1);
    // The row stays, for the audit trail, but the way in does not.
    expect(await sql("select active, password_hash from users where id = $1", [id])).toEqual([
      { active: false, password_hash: "" },
    ]);
    expect((await users.create(ada)).id).not.toBe(id);
  });
});

describe("the last active admin", () => {
  const waysOut = {
    "may not be deleted": (users, id) => users.delete(id),
    "may not be made inactive": (users, id) => users.update(id, { active: false }),
    "may not lose the role": (users, id) => users.update(id, { role: "user" }),
  } satisfies Record<
    string,
    (users: Awaited<ReturnType<typeof testUsers>>["users"], id: string) => Promise<unknown>
  >;

  test.each(Object.entries(waysOut))("%s", async (_, leave) => {
    const { users, user } = await testUsers();
    const { id } = await user({ role: "admin" });
    const idle = await user({ role: "admin" });
    await users.update(idle.id, { active: false });
    const gone = await user({ role: "admin" });
    await users.delete(gone.id);
    await expect(leave(users, id)).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      reason: "LAST_ADMIN",
    });
    expect(await users.get(id)).toMatchObject({ active: true, role: "admin", version: 1 });
    await users.update(id, { username: "still me", active: true, role: "admin" });
    await user({ role: "admin" });
    await leave(users, id);
  });

  test("stays when all admins leave at once, each in another way", async () => {
    const { users, user, sql } = await testUsers();
    for (let round = 0; round < 10; round++) {
      const admins = await Promise.all(Array.from({ length: 6 }, () => user({ role: "admin" })));
      const ways = Object.values(waysOut);
      const outcomes = await Promise.allSettled(
        admins.map(({ id }, i) => (ways[i % ways.length] ?? waysOut["may not be deleted"])(users, id)),
      );
      const refused = outcomes.filter(({ status }) => status === "rejected");
      // In later rounds there is one of the rounds before.
      expect(refused).toHaveLength(round === 0 ? 1 : 0);
      for (const outcome of refused) expect(outcome).toMatchObject({ reason: { reason: "LAST_ADMIN" } });
      const left = await sql("select id from users where role = 'admin' and active");
      expect(left).toHaveLength(1);
    }
  });

  test("is none where there is no admin: other users come and go", async () => {
    const { users, user } = await testUsers();
    const { id } = await user();
    await users.update(id, { active: false });
    await users.delete(id);
  });
});

describe("a list", () => {
  test("goes through all users, newest first, each once, while more come", async () => {
    const { users, user } = await testUsers();
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.unshift((await user()).id);
    const seen: string[] = [];
    let after: Awaited<ReturnType<typeof users.list>>["next"];
    do {
      const page = await users.list({}, { limit: 3, after });
      seen.push(...page.items.map(({ id }) => id));
      after = page.next;
      await user();
    } while (after);
    expect(seen).toEqual(made);
  });

  test("holds those of a role, and the active or inactive ones", async () => {
    const { users, user } = await testUsers();
    const [admin, viewer, idle] = [
      await user({ role: "admin" }),
      await user({ role: "viewer" }),
      await user(),
    ];
    await users.update(idle.id, { active: false });
    const ids = async (filter: Parameters<typeof users.list>[0]) =>
      (await users.list(filter)).items.map(({ id }) => id);
    expect(await ids({ role: "viewer" })).toEqual([viewer.id]);
    expect(await ids({ active: true })).toEqual([viewer.id, admin.id]);
    expect(await ids({ active: false })).toEqual([idle.id]);
    expect(await ids({ active: false, role: "admin" })).toEqual([]);
    await expect(users.list({}, { limit: limits.pageSizeMax + 1 })).rejects.toMatchObject({
      code: Code.InvalidArgument,
    });
  });

  test("ends a page before it grows too large for a message", async () => {
    const { users, user } = await testUsers();
    for (let i = 0; i < 5; i++) await user({ metadata: { a: "x".repeat(1_000_000) } });
    const page = await users.list();
    expect(page.items.length).toBeGreaterThan(0);
    expect(page.items.length).toBeLessThan(5);
    expect(page.next).toBeDefined();
  });
});

test("no answer of the repository holds a hash", async () => {
  const { users, user, sql } = await testUsers();
  const admin = await user({ role: "admin", password: "correct horse" });
  const { apiKey, secret } = await users.createApiKey({ userId: admin.id, name: "k" });
  const login = await users.login({ email: admin.email, password: "correct horse" });
  const rotated = await users.rotateApiKey(apiKey.id);
  const answers = JSON.stringify([
    admin,
    await users.get(admin.id),
    await users.getByEmail(admin.email),
    await users.list(),
    await users.update(admin.id, { metadata: {} }),
    apiKey,
    await users.getApiKey(apiKey.id),
    await users.listApiKeys(admin.id),
    { ...login, token: "" },
    { ...rotated, secret: "" },
    await users.revokeApiKey(apiKey.id),
  ]);
  expect(answers).not.toMatch(/argon2|hash/i);
  const stored = await sql(
    "select encode(key_hash, 'hex') as hash from api_keys union all select encode(token_hash, 'hex') from sessions",
  );
  for (const { hash } of stored) expect(answers).not.toContain(hash);
  // Nor does the database hold a secret.
  const everything = await sql(
    "select to_jsonb(u)::text as row from users u union all select to_jsonb(k)::text from api_keys k union all select to_jsonb(s)::text from sessions s",
  );
  for (const text of [secret, rotated.secret, login.token]) {
    const core = text?.slice(17, -6) ?? "";
    expect(core.length).toBeGreaterThan(30);
    expect(JSON.stringify(everything)).not.toContain(core);
  }
});
