import { Code } from "@connectrpc/connect";
import bcrypt from "bcrypt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/limits.ts";
import { checkPassword, hashPassword } from "../../src/users/passwords/hash.ts";
import { formatHash, readHash } from "../../src/users/passwords/hash-format.ts";
import { passwordFault } from "../../src/users/passwords/policy.ts";

const account = { email: "ada.lovelace@example.com", username: "ada.lovelace" };

describe("hashes", () => {
  test("are argon2id with at least 19 MiB, two passes, one lane, and a salt of their own", async () => {
    const [one, two] = await Promise.all([hashPassword("correct horse"), hashPassword("correct horse")]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await checkPassword("correct horse", one)).toEqual({ matches: true, outdated: false });
    expect(await checkPassword("correct horsf", one)).toEqual({ matches: false, outdated: false });
    expect(await checkPassword("", one)).toMatchObject({ matches: false });
  });

  test("agree with the argon2id of the reference implementation", async () => {
    // `echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1`: a test vector of
    // github.com/P-H-C/phc-winner-argon2 (test.c).
    const vector = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    expect(await checkPassword("password", vector)).toEqual({ matches: true, outdated: true });
    expect(await checkPassword("Password", vector)).toMatchObject({ matches: false });
  });

  test("agree with the argon2i of the reference implementation", async () => {
    const vector = "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
    expect(await checkPassword("password", vector)).toEqual({ matches: true, outdated: true });
  });

  test.each(["2a", "2b", "2y"])("of bcrypt with the prefix $%s$ are understood", async (prefix) => {
    // A test vector of crypt_blowfish (wrapper.c).
    const vector = `$${prefix}$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW`;
    expect(await checkPassword("U*U", vector)).toEqual({ matches: true, outdated: true });
    expect(await checkPassword("U*V", vector)).toMatchObject({ matches: false });
  });

  test("match the same letters in other characters, also where another system hashed what was typed", async () => {
    const composed = "Zürich-Ångström";
    const decomposed = composed.normalize("NFD");
    expect(decomposed).not.toBe(composed);
    expect(await checkPassword(decomposed, await hashPassword(composed))).toMatchObject({ matches: true });
    expect(await checkPassword(composed, await hashPassword(decomposed))).toMatchObject({ matches: true });
    expect(await checkPassword(decomposed, await bcrypt.hash(decomposed, 4))).toMatchObject({
      matches: true,
    });
  });

  test.each([
    ["no hash", undefined],
    ["the empty hash of a user without password", ""],
    ["what is no hash", "password"],
    [
      "a hash out of bounds",
      "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ],
  ])("%s matches nothing", async (_, stored) => {
    expect(await checkPassword("password", stored)).toEqual({ matches: false, outdated: false });
    expect(await checkPassword("", stored)).toEqual({ matches: false, outdated: false });
  });
});

describe("imported hashes", () => {
  const salt = "c29tZXNhbHQ";
  const tag = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  const argon2 = (parameters: string, kind = "argon2id") => `$${kind}$v=19$${parameters}$${salt}$${tag}`;
  const bcryptOf = (cost: string, prefix = "2b") => `$${prefix}$${cost}$${"a".repeat(53)}`;

  test.each([
    ["PHP's default", argon2("m=65536,t=4,p=1")],
    ["Django's default", argon2("m=102400,t=2,p=8")],
    ["node-argon2's default", argon2("m=65536,t=3,p=4")],
    ["libsodium's interactive", argon2("m=65536,t=2,p=1")],
    ["argon2i", argon2("m=4096,t=3,p=1", "argon2i")],
    ["bcrypt", bcryptOf("12")],
  ])("%s is accepted", (_, hash) => {
    expect(readHash(hash)).not.toHaveProperty("fault");
  });

  test.each([
    ["4 GiB", argon2("m=4194304,t=1,p=1"), /memory of 8 to 131072 KiB, has 4194304/],
    ["more than any integer", argon2(`m=${"9".repeat(30)},t=1,p=1`), /must be an argon2id hash/],
    ["a thousand passes", argon2("m=8,t=1000,p=1"), /at most 10 passes/],
    ["much memory many times", argon2("m=131072,t=5,p=1"), /memory times passes/],
    ["a million lanes", argon2("m=131072,t=1,p=1000000"), /parallelism of at most 16/],
    ["less memory than its lanes need", argon2("m=31,t=1,p=4"), /memory of 32 to/],
    ["no memory", argon2("m=0,t=1,p=1"), /must be an argon2id hash/],
    ["argon2d", argon2("m=4096,t=3,p=1", "argon2d"), /must be an argon2id hash/],
    ["the old version", argon2("m=4096,t=3,p=1").replace("v=19", "v=16"), /must be an argon2id hash/],
    ["no version", argon2("m=4096,t=3,p=1").replace("$v=19", ""), /must be an argon2id hash/],
    ["other order", argon2("t=3,m=4096,p=1"), /must be an argon2id hash/],
    [
      "a salt of 7 bytes",
      argon2("m=4096,t=3,p=1").replace(salt, "c29tZXNhbA"),
      /salt of 8 to 64 bytes, has 7/,
    ],
    [
      "a hash of 8 bytes",
      argon2("m=4096,t=3,p=1").replace(tag, "CTFhFdXPJO0"),
      /hash of 12 to 64 bytes, has 8/,
    ],
    ["padding", `${argon2("m=4096,t=3,p=1")}=`, /must be an argon2id hash/],
    [
      "base64 with spare bits",
      argon2("m=4096,t=3,p=1").replace(salt, "c29tZXNhbHR"),
      /base64 without padding/,
    ],
    ["too long", `$argon2id$v=19$m=4096,t=3,p=1$${"A".repeat(300)}$${tag}`, /at most 255 characters/],
    ["bcrypt of cost 31", bcryptOf("31"), /bcrypt cost of 4 to 14, has 31/],
    ["bcrypt of cost 3", bcryptOf("03"), /bcrypt cost of 4 to 14, has 3/],
    ["bcrypt's broken variant", bcryptOf("10", "2x"), /must be an argon2id hash/],
    [
      "scrypt",
      "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4",
      /must be an argon2id hash/,
    ],
    ["a plain password", "correct horse", /must be an argon2id hash/],
    ["nothing", "", /must be an argon2id hash/],
  ])("%s is refused with a message", (_, hash, message) => {
    expect(readHash(hash)).toEqual({ fault: expect.stringMatching(message) });
  });

  test("whatever is read is within the bounds, and is written as it was read", () => {
    const huge = fc.bigInt(0n, 10n ** 12n);
    const number = (usual: number) =>
      fc.oneof({ weight: 9, arbitrary: fc.nat(usual) }, { weight: 1, arbitrary: huge }).map(String);
    const base64 = fc
      .uint8Array({ maxLength: 70, size: "max" })
      .map((bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, ""));
    const phc = fc
      .tuple(
        fc.constantFrom("argon2id", "argon2i", "argon2d", "bcrypt", ""),
        number(150_000),
        number(12),
        number(20),
        base64,
        base64,
      )
      .map(([kind, m, t, p, salt, tag]) => `$${kind}$v=19$m=${m},t=${t},p=${p}$${salt}$${tag}`);
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(phc, fc.string({ unit: "binary", maxLength: 300 })), (text) => {
        const read = readHash(text);
        if ("fault" in read) return;
        if (read.kind === "bcrypt") throw new Error("no bcrypt was made");
        accepted++;
        expect(formatHash(read)).toBe(text);
        expect(read.memory * read.passes).toBeLessThanOrEqual(524_288);
        expect(read.memory).toBeGreaterThanOrEqual(8 * read.parallelism);
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

describe("the policy", () => {
  test.each([
    ["a sentence", "correct horse battery staple"],
    ["eight characters", "x7Kq!pz2"],
    ["1,024 characters", "xyz1".repeat(256)],
    ["spaces around it", "  two spaces  "],
    ["eight emoji", "🐴🔋📎🦄🌋🎻🧲🪁"],
    ["no letter", "9183746501928"],
  ])("takes %s", (_, password) => {
    expect(passwordFault(password, account)).toBeUndefined();
  });

  test.each([
    ["seven characters", "x7Kq!pz", /8 to 1024 characters, has 7/],
    ["seven emoji, which are 14 units of UTF-16", "🐴🔋📎🦄🌋🎻🧲", /has 7/],
    ["nothing", "", /has 0/],
    ["1,025 characters", `${"xyz1".repeat(256)}x`, /has 1025/],
    ["a megabyte", "x".repeat(1_000_000), /has 1000000/],
    ["a line feed, as a file with a password often has", "correct horse\n", /control characters/],
    ["a NUL", "correct\0horse", /control characters/],
    ["half of a surrogate pair", "correct horse \ud83d", /surrogate/],
    ["the email, in any case", "Ada.Lovelace@Example.com", /must not be the email address/],
    ["the user name", "ADA.LOVELACE", /or the user name/],
    ["a common one", "password123", /most common/],
    ["a common one in other case", "PassWord1", /most common/],
    ["a common one in full-width letters", "ｐａｓｓｗｏｒｄ", /most common/],
  ])("refuses %s", (_, password, message) => {
    expect(passwordFault(password, account)).toMatch(message);
  });
});

test("no more than a few are checked at once, and no more than a queue of them waits", async () => {
  const hash = await bcrypt.hash("correct horse", 4);
  const most = limits.passwordChecks + limits.passwordQueue;
  const outcomes = await Promise.allSettled(
    Array.from({ length: most + 5 }, () => checkPassword("correct horse", hash)),
  );
  const refused = outcomes.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(5);
  expect(refused[0]).toMatchObject({
    reason: { code: Code.ResourceExhausted, reason: "OVERLOADED", retryAfterMs: 1_000 },
  });
  expect(await checkPassword("correct horse", hash)).toMatchObject({ matches: true });
});

test("a password takes as much work to check where there is none to compare with", async () => {
  const hash = await hashPassword("correct horse");
  const least = { known: Infinity, unknown: Infinity };
  // The processor's time does not wait for others, but a core that is shared counts more of it: the least of
  // many is the work itself.
  for (let i = 0; i < 25; i++) {
    for (const [kind, stored] of [
      ["known", hash],
      ["unknown", undefined],
    ] as const) {
      const before = process.cpuUsage();
      await checkPassword("incorrect horse", stored);
      const { user, system } = process.cpuUsage(before);
      least[kind] = Math.min(least[kind], user + system);
    }
  }
  // One step of bcrypt's cost is twice the work.
  const ratio = least.unknown / least.known;
  expect(ratio).toBeGreaterThan(Math.SQRT1_2);
  expect(ratio).toBeLessThan(Math.SQRT2);
});
