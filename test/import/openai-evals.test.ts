import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ImportError } from "../../src/import/import-error.ts";
import { evalsSample } from "../../src/import/openai-evals-sample.ts";
import { fuzzy, graded, jsonl, match } from "./openai-evals-fixture.ts";
import { mean, readAll, readFaulty, readOne, scoresOf, temporary } from "./support.ts";

const log = (lines: readonly object[]) => temporary("230501_gpt_match.jsonl", jsonl(lines));
const sum = (values: (number | undefined)[]) => values.reduce<number>((total, value = 0) => total + value, 0);

describe("a run", () => {
  test("is described by its specification and its report", async () => {
    const { benchmark } = await readOne(await log(match));
    const { evaluations: _, ...rest } = benchmark;
    const { spec } = match[0] as { spec: object };
    expect(rest).toEqual({
      key: "openai-evals:230501120000ABCDEFGH",
      name: "test-match.s1.simple-v0:gpt-3.5-turbo",
      provider: "openai",
      model: "gpt-3.5-turbo",
      dataset: "test-match.s1.simple-v0",
      totalIterations: 3,
      status: "completed",
      startedAt: "2023-05-01T12:00:00.123456Z",
      completedAt: "2023-05-01T12:00:01.005456Z",
      labels: { source: "openai-evals" },
      metadata: spec,
      metrics: {
        accuracy: 0.6666666666666666,
        boostrap_std: 0.2,
        usage_prompt_tokens: 46,
        usage_completion_tokens: 6,
        usage_total_tokens: 52,
      },
      results: (match.at(-1) as { final_report: object }).final_report,
    });
  });

  test("its report is what the evaluations come to", async () => {
    const matches = await readOne(await log(match));
    expect(mean(scoresOf(matches.evaluations))).toBe(matches.benchmark.metrics?.accuracy);
    expect(sum(matches.evaluations.map(({ inputTokens }) => inputTokens))).toBe(46);
    expect(sum(matches.evaluations.map(({ outputTokens }) => outputTokens))).toBe(6);
    const fuzzies = await readOne(await log(fuzzy));
    expect(mean(scoresOf(fuzzies.evaluations))).toBe(fuzzies.benchmark.metrics?.accuracy);
    expect(mean(fuzzies.evaluations.flatMap(({ metrics }) => Number(metrics?.f1_score ?? []) || []))).toBe(
      0.375,
    );
    const grades = await readOne(await log(graded));
    expect(mean(scoresOf(grades.evaluations))).toBe(grades.benchmark.metrics?.score);
  });

  test("without a report never ended", async () => {
    const { benchmark, evaluations } = await readOne(await log(match.slice(0, -1)));
    expect(benchmark.status).toBe("running");
    expect([benchmark.totalIterations, benchmark.completedAt, benchmark.results]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(evaluations).toHaveLength(3);
    // The sample that was being run: a later log of the run has its end.
    const cut = await readOne(await log(match.slice(0, -2)));
    expect(cut.evaluations.map(({ sampleId }) => sampleId)).toEqual(["test-match.s1.1", "test-match.s1.0"]);
  });

  test("of a solver has no known provider", async () => {
    const [, ...rest] = match;
    const spec = {
      spec: { ...(match[0] as { spec: object }).spec, completion_fns: ["generation/direct/gpt-4"] },
    };
    const { benchmark } = await readOne(await log([spec, ...rest]));
    expect(benchmark).toMatchObject({ provider: "unknown", model: "generation/direct/gpt-4" });
  });
});

describe("samples", () => {
  test("in the order in which they end, each from its mixed events", async () => {
    const { evaluations } = await readOne(await log(match));
    expect(evaluations.map(({ sampleId }) => sampleId)).toEqual([
      "test-match.s1.1",
      "test-match.s1.0",
      "test-match.s1.2",
    ]);
    expect(evaluations[1]).toEqual({
      sampleId: "test-match.s1.0",
      repetition: 0,
      input: '[{"role":"user","content":"Capital of France?"}]',
      output: "Paris.",
      expected: "Paris",
      score: 1,
      metrics: { correct: 1 },
      inputTokens: 20,
      outputTokens: 2,
      createdAt: "2023-05-01T12:00:01.004456Z",
      metadata: {
        sampling: [
          {
            sampled: ["Paris."],
            model: "gpt-3.5-turbo-0301",
            usage: { prompt_tokens: 20, completion_tokens: 2, total_tokens: 22 },
          },
        ],
        match: [{ picked: "Paris", options: ["Paris"] }],
      },
    });
    expect(evaluations[2]).toMatchObject({ input: "Once upon a ", output: "time" });
  });

  test("that failed have their error, and no score", async () => {
    const { evaluations } = await readOne(await log(fuzzy));
    expect(evaluations.map(({ sampleId, score, error }) => [sampleId, score, error])).toEqual([
      ["coqa.fuzzy.1", undefined, "APITimeoutError: Request timed out."],
      ["coqa.fuzzy.0", 1, undefined],
      ["coqa.fuzzy.2", 0, undefined],
    ]);
    expect(evaluations[1]).toMatchObject({ output: "It is white", expected: '["white","White"]' });
  });

  test("that a model graded: the answer is the model's, the tokens are everyone's", async () => {
    const { evaluations } = await readOne(await log(graded));
    expect(
      evaluations.map(({ output, score, inputTokens, error }) => [output, score, inputTokens, error]),
    ).toEqual([
      ["A pear joke", 4, 58, undefined],
      ["A fig joke", undefined, 58, "score: missing, not a number"],
      ["A kiwi joke", 1, 58, undefined],
    ]);
    expect(evaluations[2]?.metrics).toEqual({ score: 1, metascore: 1 });
    expect(evaluations[1]?.metadata?.metrics).toEqual([{ choice: "__invalid__", score: null }]);
  });

  test("another metric may be the score", async () => {
    const { evaluations } = await readOne(await log(fuzzy), { score: "f1_score" });
    expect(scoresOf(evaluations)).toEqual([0.5, 0.25]);
  });

  test("of many threads are held only until they end", async () => {
    const count = 3000;
    const open = 10;
    const [spec, sampling] = match;
    const [, , , , , ended] = match;
    async function* lines() {
      yield spec;
      for (let n = 0; n < count + open; n++) {
        if (n < count) yield { ...sampling, sample_id: `s.${n}` };
        if (n >= open) yield { ...ended, sample_id: `s.${n - open}` };
      }
    }
    const all: object[] = [];
    for await (const line of lines()) all.push(line as object);
    const { benchmark, evaluations } = await readOne(await log(all));
    expect(evaluations).toHaveLength(count);
    expect(evaluations.every(({ output, input }) => output !== undefined && input !== "")).toBe(true);
    expect(benchmark.status).toBe("running");
  });
});

describe("what is wrong is named", () => {
  const text = jsonl(match);
  test.each([
    ["a cut line", text.slice(0, -150), 3, /line 8: not JSON/],
    [
      "an event without a type",
      text.replace(
        '"event_id":2,"sample_id":"test-match.s1.1","type":"match"',
        '"event_id":2,"sample_id":"test-match.s1.1"',
      ),
      2,
      /line 4, field type: /,
    ],
    [
      "data that is no object",
      text.replace(/"data":\{"prompt":"Once/, '"data":"x","y":{"prompt":"Once'),
      2,
      /line 5, field data: /,
    ],
    [
      "a specification without a model",
      text.replace('"completion_fns":["gpt-3.5-turbo"],"eval_name"', '"completion_fns":[],"eval_name"'),
      0,
      /line 1, field spec.completion_fns: /,
    ],
    [
      "a time that is none",
      text.replace("2023-05-01 12:00:01.004456+00:00", "noon"),
      2,
      /line 6, field created_at: expected a time/,
    ],
  ])("%s", async (_, content, count, message) => {
    const { evaluations, message: found } = await readFaulty(await temporary("log.jsonl", content));
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(count);
  });

  test.each(["toString", "__proto__", "constructor"])(
    "an event of the type %s is one as any other",
    (type) => {
      const event = { sample_id: "s", type, data: { note: "kept" }, created_at: null };
      const read = evalsSample("s", [event], { score: undefined, marks: {}, place: { file: "f" } });
      expect(Object.entries(read.metadata ?? {})).toContainEqual([type, [{ note: "kept" }]]);
    },
  );

  test("anything in any event is read or refused in order", async () => {
    const fields = ["sample_id", "type", "data", "created_at"];
    const events = match.slice(1, -1);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(events.length - 1),
        fc.constantFrom(...fields),
        fc.json(),
        async (at, field, value) => {
          const changed = events.map((event, index) =>
            index === at ? { ...event, [field]: JSON.parse(value) } : event,
          );
          const path = await log([match[0] ?? {}, ...changed]);
          try {
            for (const { evaluations } of await readAll(path)) expect(evaluations.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(ImportError);
          }
        },
      ),
      { numRuns: 80 },
    );
  });
});
