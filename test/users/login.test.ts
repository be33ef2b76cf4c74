import { Code } from "@connectrpc/connect";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { ServiceError } from "../../src/errors.ts";
import { limits } from "../../src/limits.ts";
import { addressOf } from "../../src/rpc/call/call.ts";
import { addressBlock, delayMs } from "../../src/users/throttle.ts";
import { parseToken, type Token } from "../../src/users/tokens.ts";
import { elapsed, median } from "../harness/waiting.ts";
import { testUsers } from "./support.ts";

// A failed login takes a while, which only the test about that has to wait for.
const pace = vi.hoisted(() => ({ failureMs: 10 }));
vi.mock("../../src/limits.ts", async (original) => {
  const { limits, ...others } = await original<typeof import("../../src/limits.ts")>();
  const loginFailureMs = { get: () => pace.failureMs, enumerable: true };
  return { ...others, limits: Object.defineProperties({ ...limits }, { loginFailureMs }) };
});

const password = "correct horse";
const wrong = { code: Code.Unauthenticated, reason: "INVALID_CREDENTIALS" };
const tooMany = { code: Code.ResourceExhausted, reason: "TOO_MANY_ATTEMPTS" };
const argon2Of = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
const bcryptOfStars = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

type Bench = Awaited<ReturnType<typeof testUsers>>;

function tokenOf(text: string): Token {
  const token = parseToken(text);
  if (!token) throw new Error("this is no token");
  return token;
}

/** As if the last failures were longer ago than any wait. */
const waitOut = ({ sql }: Bench) => sql("update login_attempts set next_attempt = clock_timestamp()");

/** As if the waits that began were a minute each: a slow machine would otherwise sit them out. */
const stretchWaits = ({ sql }: Pick<Bench, "sql">) =>
  sql(
    "update login_attempts set next_attempt = clock_timestamp() + interval '1 min' where next_attempt > last_attempt + interval '0.5 s'",
  );

describe("a login", () => {
  test("begins a session that stands for the user until it ends", async () => {
    const { users, user } = await testUsers();
    const { id, email, username, version } = await user({ password, role: "viewer" });
    const login = await users.login({
      email: ` ${email.toUpperCase()}`,
      password,
      address: "192.0.2.7",
    });
    const left = Date.parse(login.expiresAt) - Date.now();
    expect(Math.abs(left - limits.sessionHours * 3_600_000)).toBeLessThan(60_000);
    expect(login.user).toMatchObject({ id, version, lastLogin: expect.any(String) });
    expect(await users.findPrincipal(tokenOf(login.token))).toEqual({
      userId: id,
      username,
      role: "viewer",
      sessionId: login.sessionId,
      scopes: [],
      expiresAt: Date.parse(`${login.expiresAt.slice(0, 23)}Z`),
    });
    await users.logout(login.sessionId);
    expect(await users.findPrincipal(tokenOf(login.token))).toBeUndefined();
    await users.logout(login.sessionId);
  });

  test("is refused in the same words, whatever is wrong", async () => {
    const { users, user } = await testUsers();
    const { email } = await user({ password });
    const keysOnly = await user();
    const idle = await user({ password });
    await users.update(idle.id, { active: false });
    const gone = await user({ password });
    await users.delete(gone.id);
    const attempts = [
      { email, password: "wrong horse" },
      { email, password: `${password} ` },
      { email: "nobody@example.com", password },
      { email: "no email at all", password },
      { email: keysOnly.email, password },
      { email: idle.email, password },
      { email: gone.email, password },
    ];
    const messages = new Set<string>();
    for (const attempt of attempts) {
      const error = await users.login(attempt).catch((thrown: Error) => thrown);
      expect(error).toMatchObject(wrong);
      messages.add(JSON.stringify([error, (error as Error).message]));
    }
    expect(messages.size).toBe(1);
  });

  test("takes as long for an unknown user, an inactive one and one with an imported hash as for a wrong password", async () => {
    const bench = await testUsers();
    const { users, user } = bench;
    const idle = await user({ password });
    await users.update(idle.id, { active: false });
    const emails = {
      known: (await user({ password })).email,
      unknown: "nobody@example.com",
      idle: idle.email,
      imported: (await user({ passwordHash: bcryptOfStars })).email,
    };
    // Longer than any of the four takes to check, also where other processes want the processors.
    pace.failureMs = 1_000;
    onTestFinished(() => {
      pace.failureMs = 10;
    });
    const times = new Map<string, number[]>();
    for (let i = 0; i < 5; i++) {
      // All at once, so that they meet the same noise.
      await Promise.all(
        Object.entries(emails).map(async ([kind, email]) => {
          const failing = expect(users.login({ email, password: "wrong horse" })).rejects.toMatchObject(
            wrong,
          );
          times.set(kind, [...(times.get(kind) ?? []), await elapsed(() => failing)]);
        }),
      );
      await waitOut(bench);
    }
    const known = median(times.get("known") ?? []);
    expect(known).toBeGreaterThan(0.9 * pace.failureMs);
    for (const values of times.values()) {
      expect(median(values) / known).toBeGreaterThan(0.8);
      expect(median(values) / known).toBeLessThan(1.25);
    }
  });

  test("refuses what cannot be a password before anything is looked up", async () => {
    const { users } = await testUsers();
    await expect(users.login({ email: "a@b", password: "" })).rejects.toMatchObject({
      violations: [{ field: "password" }],
    });
    await expect(users.login({ email: "a@b", password: "x".repeat(5_000) })).rejects.toMatchObject({
      violations: [{ field: "password" }],
    });
    await expect(users.login({ email: " ", password })).rejects.toMatchObject({
      violations: [{ field: "email" }],
    });
  });

  test.each([
    ["argon2id of other parameters", argon2Of, "password"],
    ["bcrypt", bcryptOfStars, "U*U"],
  ])(
    "takes over an imported hash (%s), and a hash of today's parameters replaces it if that is stronger",
    async (_, passwordHash, typed) => {
      const { users, user, sql } = await testUsers();
      const { email, id, version } = await user({ passwordHash });
      const stored = async () =>
        (await sql("select password_hash from users where id = $1", [id]))[0]?.password_hash;
      await expect(users.login({ email, password: "wrong horse" })).rejects.toMatchObject(wrong);
      expect(await stored()).toBe(passwordHash);
      await users.login({ email, password: typed });
      const replaced = await stored();
      expect(replaced).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
      await users.login({ email, password: typed });
      expect(await stored()).toBe(replaced);
      // That is no change of the user.
      expect((await users.get(id)).version).toBe(version);
    },
  );

  test("leaves no session beside the deactivation of its user or a change of the password", async () => {
    const { users, user, sql } = await testUsers();
    for (let i = 0; i < 6; i++) {
      const { id, email } = await user({ password });
      await Promise.allSettled([
        users.login({ email, password }),
        i % 2
          ? users.update(id, { active: false })
          : users.changePassword(id, { newPassword: "another horse" }),
        users.login({ email, password }),
      ]);
      const sessions = await sql(
        "select s.id from sessions s join users u on u.id = s.user_id where u.id = $1 and (not u.active or s.created_at < u.updated_at)",
        [id],
      );
      expect(sessions).toEqual([]);
    }
  });
});

describe("sessions end", () => {
  async function withSessions() {
    const bench = await testUsers();
    const { id, email } = await bench.user({ password });
    const [one, two] = [
      await bench.users.login({ email, password }),
      await bench.users.login({ email, password }),
    ];
    const alive = async () => {
      const found = await Promise.all(
        [one, two].map(({ token }) => bench.users.findPrincipal(tokenOf(token))),
      );
      return found.map((principal) => principal !== undefined);
    };
    return { ...bench, id, email, one, two, alive };
  }

  test("when the user is made inactive, and do not come back", async () => {
    const { users, id, alive } = await withSessions();
    expect(await alive()).toEqual([true, true]);
    await users.update(id, { active: false });
    await users.update(id, { active: true });
    expect(await alive()).toEqual([false, false]);
  });

  test("when the password changes, but for the one that changes it", async () => {
    const { users, id, email, one, alive } = await withSessions();
    const { apiKey } = await users.createApiKey({ userId: id, name: "k" });
    await users.changePassword(id, {
      currentPassword: password,
      newPassword: "another horse",
      keepSessionId: one.sessionId,
    });
    expect(await alive()).toEqual([true, false]);
    expect(await users.getApiKey(apiKey.id)).toMatchObject({ active: true });
    await expect(users.login({ email, password })).rejects.toMatchObject(wrong);
    await users.login({ email, password: "another horse" });
  });

  test("by the database's clock, and are then removed with what is kept of failures", async () => {
    const { db, sql, alive, one } = await withSessions();
    await sql(
      "update sessions set created_at = now() - interval '2 h', expires_at = clock_timestamp() where id = $1",
      [one.sessionId],
    );
    expect(await alive()).toEqual([false, true]);
    await sql(
      "insert into login_attempts (key, last_attempt) values (decode(md5('a'), 'hex'), now() - interval '2 d')",
    );
    await sql(
      "update login_attempts set last_attempt = now() - interval '80 d' where succeeded_at is not null",
    );
    const before = await sql("select 1 from login_attempts where succeeded_at is not null");
    await db.maintain();
    expect(await sql("select id from sessions")).toHaveLength(1);
    expect(
      await sql("select 1 from login_attempts where last_attempt < now() - interval '1 d'"),
    ).toHaveLength(before.length);
    expect(before.length).toBeGreaterThan(0);
    await sql(
      "update login_attempts set succeeded_at = now() - interval '91 d' where succeeded_at is not null",
    );
    await db.maintain();
    expect(await sql("select 1 from login_attempts where succeeded_at is not null")).toEqual([]);
  });
});

describe("a change of the password", () => {
  test("takes the present one where it is asked for", async () => {
    const { users, user } = await testUsers();
    const { id, email } = await user({ password });
    await expect(
      users.changePassword(id, { currentPassword: "wrong horse", newPassword: "another horse" }),
    ).rejects.toMatchObject({ code: Code.PermissionDenied, reason: "WRONG_PASSWORD" });
    await users.login({ email, password });
    const keysOnly = await user();
    await expect(
      users.changePassword(keysOnly.id, { currentPassword: "anything", newPassword: "another horse" }),
    ).rejects.toMatchObject({ reason: "WRONG_PASSWORD" });
    await users.changePassword(keysOnly.id, { newPassword: "another horse" });
    await users.login({ email: keysOnly.email, password: "another horse" });
  });

  test("keeps to the policy", async () => {
    const { users, user } = await testUsers();
    const { id, email } = await user({ password });
    for (const newPassword of ["short", "password123", email]) {
      await expect(
        users.changePassword(id, { currentPassword: password, newPassword }),
      ).rejects.toMatchObject({
        code: Code.InvalidArgument,
        violations: [{ field: "new_password" }],
      });
    }
  });

  test("is slowed down like logins: an open session is no way to find the password", async () => {
    const bench = await testUsers();
    const { users, user } = bench;
    const { id, email } = await user({ password });
    const change = () =>
      users.changePassword(id, { currentPassword: "wrong horse", newPassword: "another horse" });
    for (let i = 0; i < 10; i++) await expect(change()).rejects.toMatchObject({ reason: "WRONG_PASSWORD" });
    await stretchWaits(bench);
    await expect(change()).rejects.toMatchObject(tooMany);
    await expect(users.login({ email, password })).rejects.toMatchObject(tooMany);
  });
});

describe("guessing is slowed down", () => {
  const owner = "192.0.2.7";
  const stranger = "198.51.100.9";
  const guess = ({ users }: Bench, email: string, address: string) =>
    users
      .login({ email, password: "wrong horse", address })
      .catch((error: { reason: string }) => error.reason);

  test("of one account from one address: ten are free, then each waits longer, with the time to wait", async () => {
    const bench = await testUsers();
    const { users, user, sql } = bench;
    const { email } = await user({ password });
    for (let i = 0; i < 10; i++) expect(await guess(bench, email, stranger)).toBe("INVALID_CREDENTIALS");
    const wait = async () => {
      const [row] = await sql(
        "select max(extract(epoch from next_attempt - last_attempt))::float8 as wait from login_attempts",
      );
      return Math.round(Number(row?.wait));
    };
    const waits = [await wait()];
    await stretchWaits(bench);
    const refused = await users
      .login({ email, password, address: stranger })
      .catch((error: ServiceError) => error);
    expect(refused).toMatchObject(tooMany);
    const { retryAfterMs } = refused as ServiceError;
    expect(retryAfterMs).toBeGreaterThan(30_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    for (let i = 0; i < 3; i++) {
      await waitOut(bench);
      expect(await guess(bench, email, stranger)).toBe("INVALID_CREDENTIALS");
      waits.push(await wait());
    }
    expect(waits).toEqual([1, 2, 4, 8]);
    await waitOut(bench);
    await users.login({ email, password, address: stranger });
    expect(await guess(bench, email, stranger)).toBe("INVALID_CREDENTIALS");
    expect(await guess(bench, email, stranger)).toBe("INVALID_CREDENTIALS");
  });

  test("of one account however its email is written, and whatever it is by now", async () => {
    const bench = await testUsers();
    const { users, user, sql } = bench;
    const { id, email } = await user({ password });
    const spellings = [email, email.toUpperCase(), ` ${email}`];
    for (let i = 0; i < 10; i++) await guess(bench, spellings[i % 3] ?? "", stranger);
    await stretchWaits(bench);
    for (const one of spellings) expect(await guess(bench, one, stranger)).toBe("TOO_MANY_ATTEMPTS");
    // What PostgreSQL takes for the same letter: here the dotted capital I, in some locales.
    const [{ same }] = await sql("select lower('\u0130') = 'i' as same");
    const { email: dotted } = await users.update(id, { email: "iii@example.com" });
    expect(await guess(bench, dotted, stranger)).toBe("TOO_MANY_ATTEMPTS");
    if (same) expect(await guess(bench, "\u0130i\u0130@example.com", stranger)).toBe("TOO_MANY_ATTEMPTS");
  });

  test("also where all guesses come at once, and on an account that there is not", async () => {
    const bench = await testUsers();
    const reasons = await Promise.all(
      Array.from({ length: 30 }, () => guess(bench, "nobody@example.com", stranger)),
    );
    const compared = reasons.filter((reason) => reason === "INVALID_CREDENTIALS");
    expect(compared.length).toBeGreaterThanOrEqual(10);
    expect(compared.length).toBeLessThanOrEqual(12);
    expect(new Set(reasons)).toEqual(new Set(["INVALID_CREDENTIALS", "TOO_MANY_ATTEMPTS"]));
  });

  test("of one account from many addresses, while its owner logs in from a known one", async () => {
    const bench = await testUsers();
    const { users, user, sql } = bench;
    const { email } = await user({ password });
    await users.login({ email, password, address: owner });
    await sql(
      "update login_attempts set failures = 30, next_attempt = now() + interval '1 min' where succeeded_at is null",
    );
    const [{ n }] = await sql("select count(*)::int as n from login_attempts where failures = 30");
    expect(n).toBe(2);
    expect(await guess(bench, email, stranger)).toBe("TOO_MANY_ATTEMPTS");
    await users.login({ email, password, address: owner });
  });

  test("of many accounts from one address", async () => {
    const bench = await testUsers();
    const { users, user } = bench;
    const { email } = await user({ password });
    for (let i = 0; i < 3; i++) {
      const guesses = Array.from({ length: 10 }, (_, j) => guess(bench, `u${i}-${j}@example.com`, stranger));
      expect(new Set(await Promise.all(guesses))).toEqual(new Set(["INVALID_CREDENTIALS"]));
    }
    await stretchWaits(bench);
    expect(await guess(bench, "one-more@example.com", stranger)).toBe("TOO_MANY_ATTEMPTS");
    // Everyone else is not concerned.
    await users.login({ email, password, address: owner });
    await users.login({ email, password });
  });

  test("of many accounts from one /48 of IPv6, of which one party may have all addresses", async () => {
    expect(addressBlock("2001:db8:1:2:3:4:5:6", 48)).toBe("2001:db8:1::/48");
    expect(addressBlock("192.0.2.7", 48)).toBe("192.0.2.7");
    const bench = await testUsers();
    const from = (n: number) => `2001:db8:1:${n.toString(16)}::1`;
    const ends = [];
    for (let n = 0; n < 40; n += 10)
      ends.push(
        ...(await Promise.all(
          Array.from({ length: 10 }, (_, each) => guess(bench, `v${n + each}@example.com`, from(n + each))),
        )),
      );
    expect(ends.filter((end) => end === "TOO_MANY_ATTEMPTS").length).toBeGreaterThanOrEqual(5);
    expect(await guess(bench, "other@example.com", "2001:db8:2::1")).toBe("INVALID_CREDENTIALS");
  });

  test("but logins that were right do not count", async () => {
    const { users, user, sql } = await testUsers();
    const { email } = await user({ password });
    for (let i = 0; i < 15; i++) await users.login({ email, password, address: owner });
    expect(await sql("select sum(failures)::int as n from login_attempts")).toEqual([{ n: 0 }]);
  });

  test("without anyone's email or address being kept", async () => {
    const bench = await testUsers();
    await guess(bench, "correct horse as email", stranger);
    expect(JSON.stringify(await bench.sql("select * from login_attempts"))).not.toMatch(/horse|198\.51/);
  });

  test("never for longer than a few minutes", () => {
    for (const kind of ["pair", "account", "address"] as const) {
      const delays = Array.from({ length: 2_000 }, (_, failures) => delayMs(kind, failures));
      expect(delays[1]).toBe(0);
      expect(Math.max(...delays)).toBeLessThanOrEqual(300_000);
      expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    }
  });
});

describe("addresses", () => {
  test.each([
    ["192.0.2.7:41234", "192.0.2.7"],
    ["[2001:db8::7]:41234", "2001:db8::7"],
    ["2001:db8::7:41234", "2001:db8::7"],
    ["[::ffff:192.0.2.7]:1", "192.0.2.7"],
    ["::ffff:192.0.2.7:1", "192.0.2.7"],
    ["[fe80::1%eth0]:1", "fe80::1"],
    ["unknown", undefined],
    ["undefined:undefined", undefined],
    ["unix:/tmp/socket", undefined],
  ])("of the peer %s is %s", (peer, address) => {
    expect(addressOf(peer)).toBe(address);
  });

  test.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001::6", "2001:db8:1:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["2001:db8::", "2001:db8:0:0::/64"],
    ["1:2:3:4:5:6:7::", "1:2:3:4::/64"],
  ])("like %s are held against %s", (address, block) => {
    expect(addressBlock(address)).toBe(block);
  });
});
