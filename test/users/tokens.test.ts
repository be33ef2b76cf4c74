import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSameHash, newApiKey, newSessionToken, parseToken } from "../../src/users/tokens.ts";

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

describe("a new API key", () => {
  const { id, text, hash } = newApiKey();

  test("has the documented form and says its id", () => {
    expect(text).toMatch(/^ltb_[0-9A-Za-z]{12}_[0-9A-Za-z]{38}$/);
    expect(text.split("_")[1]).toBe(id);
  });

  test("is read back; what is kept of it is the SHA-256 of the whole text", () => {
    expect(hash).toBe(createHash("sha256").update(text).digest("hex"));
    expect(parseToken(text)).toEqual({ kind: "key", id, hash });
  });

  test("has a secret of 178 bits or more, drawn from all characters alike", () => {
    expect(32 * Math.log2(62)).toBeGreaterThan(178);
    const counts = new Map<string, number>();
    const keys = 2_000;
    for (let i = 0; i < keys; i++) {
      for (const character of newApiKey().text.slice(17, -6)) {
        counts.set(character, (counts.get(character) ?? 0) + 1);
      }
    }
    const expected = (keys * 32) / 62;
    const chiSquare = [...base62].reduce(
      (sum, character) => sum + ((counts.get(character) ?? 0) - expected) ** 2 / expected,
      0,
    );
    // 61 degrees of freedom: beyond 130 once in a million runs; bytes taken modulo 62 make about 250.
    expect(chiSquare).toBeLessThan(130);
  });

  test("is never made twice", () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newApiKey().text)).size).toBe(10_000);
  });
});

test("a session token carries the id of its session", () => {
  const { id, text, hash } = newSessionToken();
  expect(text).toMatch(/^lts_[0-9a-f]{32}_[0-9A-Za-z]{38}$/);
  expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(parseToken(text)).toEqual({ kind: "session", id, hash });
});

test("the checksum is the CRC-32 in base62, so that other programs can check it", () => {
  // By another implementation: zlib.crc32 of Python.
  const body = `ltb_${"0".repeat(12)}_${"0".repeat(32)}`;
  const crc = 0x3e_53_c8_41;
  let digits = "";
  for (let rest = crc; digits.length < 6; rest = Math.floor(rest / 62)) digits = base62[rest % 62] + digits;
  expect(parseToken(body + digits)).toMatchObject({ kind: "key", id: "0".repeat(12) });
});

describe("refused without a query", () => {
  const texts = fc.constantFrom(newApiKey, newSessionToken).map((make) => make().text);

  test("any mistyped character", () => {
    fc.assert(
      fc.property(texts, fc.nat(200), fc.constantFrom(...base62, "_", "-", " "), (text, at, character) => {
        const index = at % text.length;
        fc.pre(text[index] !== character);
        expect(parseToken(text.slice(0, index) + character + text.slice(index + 1))).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("two neighbours exchanged", () => {
    fc.assert(
      fc.property(texts, fc.nat(200), (text, at) => {
        const index = at % (text.length - 1);
        fc.pre(text[index] !== text[index + 1]);
        const swapped = `${text.slice(0, index)}${text[index + 1]}${text[index]}${text.slice(index + 2)}`;
        expect(parseToken(swapped)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("a part of it, and more than it", () => {
    fc.assert(
      fc.property(texts, fc.nat(200), fc.string({ minLength: 1 }), (text, length, more) => {
        expect(parseToken(text.slice(0, length % text.length))).toBeUndefined();
        expect(parseToken(text.slice(1 + (length % text.length)))).toBeUndefined();
        expect(parseToken(text + more)).toBeUndefined();
        expect(parseToken(more + text)).toBeUndefined();
      }),
    );
  });

  test("anything else", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(parseToken(text)).toBeUndefined();
        expect(parseToken(`ltb_${text}`)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
    expect(parseToken("l".repeat(1e6))).toBeUndefined();
  });
});

test("hashes are compared as wholes", () => {
  const { hash } = newApiKey();
  expect(isSameHash(hash, hash)).toBe(true);
  expect(isSameHash(hash, newApiKey().hash)).toBe(false);
  expect(isSameHash(hash, hash.slice(1))).toBe(false);
});
