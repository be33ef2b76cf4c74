import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { newEvaluation } from "../src/evaluations/input.ts";
import { completion, newJobs } from "../src/jobs/input.ts";
import { attemptRow } from "../src/jobs/rows.ts";
import { parseQuickly } from "../src/validation.ts";

const id = "01890a5d-ac96-774b-bcce-b302099a8057";
const odd = fc.constantFrom(
  undefined,
  null,
  "",
  "x",
  "\0",
  "\ud800",
  -1,
  1.5,
  2 ** 31,
  Number.NaN,
  true,
  [],
  {},
);
const json = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }),
  fc.constantFrom({ a: Number.NaN }, { "\ud800": 1 }, { a: ["\0"] }, { ["__proto__"]: 1 }),
);
/** Fields as they should be and, now and then, as they should not. */
const fields = (good: { [name: string]: fc.Arbitrary<unknown> }) =>
  fc.record(
    Object.fromEntries(
      Object.entries(good).map(([name, right]) => [
        name,
        fc.oneof({ arbitrary: right, weight: 40 }, { arbitrary: odd, weight: 1 }),
      ]),
    ),
    {
      requiredKeys: ["benchmarkId", "input", "output", "jobType", "jobId", "epoch"].filter(
        (key) => key in good,
      ),
    },
  );
const uuid = fc.constantFrom(id, id.toUpperCase());
const evaluation = fields({
  id: uuid,
  benchmarkId: uuid,
  sampleId: fc.string(),
  repetition: fc.nat(),
  input: fc.string(),
  output: fc.string(),
  metrics: json,
  score: fc.double({ noNaN: true, noDefaultInfinity: true }),
  error: fc.string(),
  latencyMs: fc.nat(),
  metadata: json,
  createdAt: fc.constantFrom("2026-01-31T12:00:00Z", "2026-02-31T12:00:00Z"),
  createdBy: uuid,
});
const jobs = fc.array(
  fields({
    jobType: fc.string({ minLength: 1 }),
    payload: json,
    priority: fc.integer(),
    requiredTags: fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
    delayMs: fc.nat(1000),
    runAt: fc.constantFrom(undefined, "2026-01-31T12:00:00Z"),
    uniqueKey: fc.string({ minLength: 1 }),
  }),
  { maxLength: 3 },
);
const completions = fields({
  jobId: uuid,
  epoch: fc.integer({ min: 1, max: 9 }),
  result: fc.jsonValue(),
  rejection: fc.constantFrom(undefined, { field: "f", reason: "r" }),
  tokensUsed: fc.constantFrom(undefined, 5),
});
const row = fc.record({
  epoch: fc.oneof({ arbitrary: fc.nat(), weight: 40 }, { arbitrary: odd, weight: 1 }),
  attempt: fc.nat(),
  workerId: fc.string(),
  startedAt: fc.string(),
  endedAt: fc.option(fc.string()),
  outcome: fc.constantFrom("failed", null, "other"),
  error: fc.option(fc.string()),
  tokensUsed: fc.option(fc.nat()),
});

describe("parsing quickly says what the schema says", () => {
  test.each([
    ["of evaluations", newEvaluation, evaluation],
    ["of jobs", newJobs, jobs],
    ["of completions", completion, completions],
    ["of rows", attemptRow, row],
    ["of rows with a column that the schema has not", attemptRow.omit({ error: true }), row],
  ])("%s", (_, schema, input) => {
    const seen = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(input, (value) => {
        const [quick, thorough] = [parseQuickly(schema, value), schema.safeParse(value)];
        seen[thorough.success ? "valid" : "invalid"]++;
        expect(quick.success).toBe(thorough.success);
        expect(quick.data).toEqual(thorough.data);
        expect(quick.error?.issues).toEqual(thorough.error?.issues);
      }),
      { numRuns: 500 },
    );
    // Both were tried, or this would show nothing.
    expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(20);
  });

  test.each([
    ["another key", { other: 1 }],
    ["a key of objects", { toString: 1 }],
    ["an own __proto__", JSON.parse('{ "__proto__": { "score": 1 } }')],
    ["no key but many left out", {}],
  ])("of an evaluation with %s", (_, more) => {
    const value = Object.defineProperties(
      { benchmarkId: id, input: "i", output: "o" },
      Object.getOwnPropertyDescriptors(more),
    );
    const [quick, thorough] = [parseQuickly(newEvaluation, value), newEvaluation.safeParse(value)];
    expect(quick.success).toBe(thorough.success);
    expect(quick.data).toEqual(thorough.data);
  });

  test("of what is no object, or one of a class, whose fields may be those of its prototype", () => {
    class Sample {
      get benchmarkId() {
        return id;
      }
      readonly input = "i";
      readonly output = "o";
      get sampleId() {
        return "s";
      }
    }
    for (const value of [
      null,
      [],
      "text",
      new Sample(),
      Object.create({ benchmarkId: id, input: "i", output: "o" }),
    ])
      expect(parseQuickly(newEvaluation, value).data).toEqual(newEvaluation.safeParse(value).data);
    expect(parseQuickly(newEvaluation, new Sample()).data).toMatchObject({ sampleId: "s" });
  });

  test("and leaves what it was given as it is", () => {
    const value = Object.freeze({ benchmarkId: id.toUpperCase(), input: "i", output: "o" });
    expect(parseQuickly(newEvaluation, value).data).toMatchObject({
      benchmarkId: id,
      metrics: {},
      repetition: 0,
    });
    expect(value.benchmarkId).toBe(id.toUpperCase());
  });
});
