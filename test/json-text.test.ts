import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentHash } from "../src/content-hash.ts";
import { placeOfRepeatedKey } from "../src/json-keys.ts";
import { mayHaveLongNumber, numberFault } from "../src/json-numbers.ts";
import { JsonText, jsonBytes } from "../src/validation.ts";

/** JSON text of a value, with spaces and keys as `draw` has it. */
function write(value: unknown, draw: () => number): string {
  const space = () => " \n\t\r ".slice(0, draw() % 3);
  const around = (text: string) => `${space()}${text}${space()}`;
  if (Array.isArray(value)) return around(`[${value.map((item) => write(item, draw)).join(",")}]`);
  if (typeof value !== "object" || value === null) return around(JSON.stringify(value));
  const members = Object.entries(value).map(
    ([key, inner]) => [draw(), `${around(JSON.stringify(key))}:${write(inner, draw)}`] as const,
  );
  const shuffled = members.sort(([a], [b]) => a - b).map(([, member]) => member);
  return around(`{${shuffled.join(",")}}`);
}

const key = fc.oneof(fc.string(), fc.constantFrom("__proto__", "0", "rawJSON", "toJSON", "é"));
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.integer(),
      fc.constantFrom(1e23, -1e-7, 2 ** 60),
    ),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
  ),
}));

test("a text has the hash and the value of what it was made of, in whatever order and with whatever spaces", () => {
  fc.assert(
    fc.property(tree, fc.array(fc.nat(), { minLength: 1 }), (value, drawn) => {
      let at = 0;
      const text = new JsonText(write(value, () => drawn[at++ % drawn.length] ?? 0));
      const plain = JSON.parse(JSON.stringify(value));
      expect(contentHash({ a: text })).toBe(contentHash({ a: plain }));
      expect(text.value).toEqual(plain);
    }),
    { numRuns: 2_000 },
  );
});

test("a key that an object has twice is found where it stands again, and none in other texts", () => {
  fc.assert(
    fc.property(
      tree,
      key,
      fc.boolean(),
      fc.array(fc.nat(), { minLength: 1 }),
      (value, twice, escaped, drawn) => {
        let at = 0;
        const draw = () => drawn[at++ % drawn.length] ?? 0;
        const placeIn = (text: string) => placeOfRepeatedKey(text, JSON.parse(text));
        const once = write([value, { [twice]: value }], draw);
        expect(placeIn(once)).toBeUndefined();
        const codes = twice.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
        const again = escaped ? `"${codes.join("")}"` : JSON.stringify(twice);
        const begun = `${once.trimEnd().replace(/\}\s*\]$/, "")}, `;
        expect(placeIn(`${begun}${again}:0}]`)).toBe(begun.length);
      },
    ),
  );
});

test("numbers have one hash if and only if their decimals are equal", () => {
  const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).filter((whole) => whole !== 0n);
  const exponent = fc.integer({ min: -30, max: 30 });
  const hashOf = (number: string) => contentHash([new JsonText(`{"n":[${number}]}`)]);
  fc.assert(
    fc.property(digits, exponent, fc.nat({ max: 5 }), (whole, power, zeros) => {
      const number = `${whole}e${power}`;
      expect(hashOf(`${whole}${"0".repeat(zeros)}E${power - zeros}`)).toBe(hashOf(number));
      expect(hashOf(`${whole}.${"0".repeat(zeros + 1)}e${power}`)).toBe(hashOf(number));
      expect(hashOf(`${whole + 1n}e${power}`)).not.toBe(hashOf(number));
    }),
  );
});

describe("a text without end takes no time", () => {
  const begun = () => performance.now();
  test.each([
    ["digits", `[1${"0".repeat(900_000)}1]`],
    ["points", `[${"1.".repeat(450_000)}]`],
    ["exponents", `[${"1e1,".repeat(200_000)}1]`],
    ["brackets", "[".repeat(1_000_000)],
    ["spaces", `[${" ".repeat(1_000_000)}x`],
  ])("%s", (_, text) => {
    const start = begun();
    const json = new JsonText(text);
    contentHash([json]);
    expect(mayHaveLongNumber(json.text)).toBeTypeOf("boolean");
    expect(begun() - start).toBeLessThan(10_000);
  });
});

test("zeros are no small numbers", () => {
  for (const zero of ["0", "-0", "0.000", "0e5", "-0.0E-9", "5e-324"])
    expect(numberFault(`[${zero}]`)).toBeUndefined();
  for (const small of ["1e-400", `0.${"0".repeat(400)}1`])
    expect(numberFault(`[${small}]`)).toContain("too small");
});

test("the size is never less than that of the text which PostgreSQL makes", () => {
  const escaped = '\u0001"\\\n'.repeat(100);
  expect(jsonBytes(escaped)).toBeGreaterThanOrEqual(JSON.stringify(escaped).length);
  expect(jsonBytes({ [escaped]: 1 })).toBeGreaterThanOrEqual(JSON.stringify({ [escaped]: 1 }).length + 1);
  for (const number of [1e308, -5e-324, -0.12345678901234566, 1e21, 123_456_789_012_345_680_000])
    expect(jsonBytes(number)).toBeGreaterThanOrEqual(Number(number).toString().length);
  expect(jsonBytes([1e308])).toBeGreaterThanOrEqual(309);
  expect(jsonBytes([-5e-324])).toBeGreaterThanOrEqual(327);
  const long = new JsonText(`[1.${"3".repeat(900)}]`);
  expect(jsonBytes(long)).toBeGreaterThanOrEqual(long.text.length);
});
