import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseFieldMap } from "../../src/import/field-map.ts";
import { collect, data, mean, readOne, samples, scoresOf, standardError, temporary } from "./support.ts";

const alpacaMap = parseFieldMap(
  "input=instruction,output=output_2,expected=output_1,score=preference-1,model=generator_2,latency_ms=time_per_example*1000,cost_usd=price_per_example",
);
const jsonl = (...rows: unknown[]) => rows.map((row) => JSON.stringify(row)).join("\n");

describe("alpaca_eval", async () => {
  const packed = await readFile(`${data}alpaca_eval/phi-2.annotations.json.gz`);
  const json = gunzipSync(packed);
  const leaderboard = await readFile(`${data}alpaca_eval/weighted_leaderboard.csv`, "utf8");
  const [header = "", ...lines] = leaderboard.split("\n");
  const published = Object.fromEntries(
    header.split(",").map((name, index) => {
      const row = lines.find((line) => line.startsWith("phi-2,")) ?? "";
      return [name, Number(row.split(",")[index])];
    }),
  );

  test("the published win rate and standard error come out to 1e-9", async () => {
    const path = await temporary("phi-2.annotations.json", json);
    const { benchmark, evaluations } = await readOne(path, { map: alpacaMap });
    const scores = scoresOf(evaluations);
    expect(scores).toHaveLength(Number(published.n_total));
    expect(Math.abs(100 * mean(scores) - Number(published.win_rate))).toBeLessThan(1e-9);
    expect(Math.abs(100 * standardError(scores) - Number(published.standard_error))).toBeLessThan(1e-9);
    expect(benchmark).toMatchObject({ model: "phi-2", provider: "unknown", name: "phi-2.annotations" });
  });

  test("a record keeps what the evaluation does not tell, and nothing twice", async () => {
    const path = await temporary("phi-2.annotations.json", json);
    const { evaluations } = await readOne(path, { map: alpacaMap });
    const records = JSON.parse(json.toString());
    const [first] = evaluations;
    const { instruction, output_1, output_2, price_per_example, ...rest } = records[0];
    expect(first).toEqual({
      sampleId: "0",
      repetition: 0,
      input: instruction,
      output: output_2,
      expected: output_1,
      score: rest.preference - 1,
      latencyMs: rest.time_per_example * 1000,
      costUsd: price_per_example,
      metadata: rest,
    });
    // Without a time there is no latency.
    const timeless = records.findIndex(
      (record: { time_per_example: unknown }) => record.time_per_example === null,
    );
    expect(evaluations[timeless]).toBeDefined();
    expect(evaluations[timeless]).not.toHaveProperty("latencyMs");
  });

  test("importing again gives the same key, another map another", async () => {
    const read = async (map: string) => {
      const path = await temporary("a.json", json);
      return (await readOne(path, { map: parseFieldMap(map) })).benchmark.key;
    };
    expect(await read("input=instruction")).toBe(await read("input=instruction"));
    expect(await read("input=instruction")).not.toBe(await read("input=output_2"));
  });
});

describe("grade_school_math", () => {
  test.each([
    ["6b_finetuning", 19],
    ["6b_verification", 19],
    ["175b_finetuning", 20],
    ["175b_verification", 31],
  ])("%s solves %i of 55", async (model, solved) => {
    const { benchmark, evaluations } = await readOne(`${samples}grade-school-math.jsonl`, {
      map: parseFieldMap(
        `input=question,output=${model}.solution,expected=ground_truth,score=${model}.is_correct,model='${model}'`,
      ),
      provider: "openai",
      dataset: "grade-school-math",
    });
    const scores = scoresOf(evaluations);
    expect([scores.length, scores.filter((score) => score === 1).length]).toEqual([55, solved]);
    expect(benchmark).toMatchObject({ provider: "openai", model, dataset: "grade-school-math" });
    expect(Object.keys(evaluations[0]?.metadata ?? {})).toHaveLength(3);
    expect(evaluations[0]).not.toHaveProperty("model");
  });
});

describe("JSON and JSONL", () => {
  test("without a map, fields of our own names are taken", async () => {
    const path = await temporary(
      "run.jsonl",
      jsonl(
        { sample_id: "a", input: "1+1", output: "2", score: 1, input_tokens: 3, model: "x/y", topic: "sums" },
        { sample_id: "b", input: "1+2", output: "4", score: 0, repetition: 2, model: "x/z", error: "" },
      ),
    );
    const { benchmark, evaluations } = await readOne(path);
    expect(benchmark).toMatchObject({ provider: "x", model: "y", dataset: "run", status: "completed" });
    expect(evaluations).toEqual([
      {
        sampleId: "a",
        repetition: 0,
        input: "1+1",
        output: "2",
        score: 1,
        inputTokens: 3,
        metadata: { model: "x/y", topic: "sums" },
      },
      {
        sampleId: "b",
        repetition: 2,
        input: "1+2",
        output: "4",
        score: 0,
        model: "z",
        metadata: { model: "x/z" },
      },
    ]);
  });

  test("null, missing and non-finite scores make failed samples", async () => {
    const rows =
      '{"q":"a","s":null}\n{"q":"b"}\n{"q":"c","s":NaN}\n{"q":"d","s":-Infinity}\n{"q":"e","s":1e999}\n{"q":"f","s":2}';
    const { evaluations } = await readOne(await temporary("a.jsonl", rows), {
      map: parseFieldMap("input=q,score=s"),
    });
    expect(evaluations.map(({ score, error }) => score ?? error)).toEqual([
      "score: s is null",
      "score: s is missing",
      "score: s is NaN",
      "score: s is -Infinity",
      "score: s is Infinity",
      2,
    ]);
    expect(evaluations[2]?.metadata).toEqual({ s: "NaN" });
  });

  test("NaN within a text stays as it is", async () => {
    const path = await temporary("a.jsonl", '{"input":"NaN \\" Infinity","x":[NaN,"-Infinity"]}');
    const { evaluations } = await readOne(path);
    expect(evaluations[0]).toMatchObject({
      input: 'NaN " Infinity',
      metadata: { x: ["NaN", "-Infinity"] },
    });
  });

  test("a missing output is an error of the sample; none mapped is an empty one", async () => {
    const path = await temporary("a.jsonl", jsonl({ q: "a", o: null }, { q: "b", o: { text: "x" } }));
    const mapped = await readOne(path, { map: parseFieldMap("input=q,output=o") });
    expect(mapped.evaluations[0]).toMatchObject({ error: "output: o is null" });
    expect(mapped.evaluations[1]?.output).toBe('{"text":"x"}');
    const unmapped = await readOne(path, { map: parseFieldMap("input=q") });
    expect(unmapped.evaluations.map(({ output, error }) => [output, error])).toEqual([
      ["", undefined],
      ["", undefined],
    ]);
  });

  test("metrics, sample ids and times", async () => {
    const path = await temporary(
      "a.jsonl",
      jsonl({ q: "a", id: 7, n: 3, ok: true, bad: null, at: "2026-01-31T13:30:00.1234567+01:30" }),
    );
    const { evaluations } = await readOne(path, {
      map: parseFieldMap("input=q,sample_id=id,metrics.n=n/2,metrics.ok=ok,metrics.bad=bad,created_at=at"),
    });
    expect(evaluations[0]).toEqual({
      sampleId: "7",
      repetition: 0,
      input: "a",
      output: "",
      metrics: { n: 1.5, ok: 1 },
      createdAt: "2026-01-31T12:00:00.123456Z",
      metadata: { n: 3, bad: null, at: "2026-01-31T13:30:00.1234567+01:30" },
    });
  });

  test("a text of a metric is a category, or the number that it is", async () => {
    const rows = [
      { q: "a", verdict: "säfe", grade: "0.5", reason: "x".repeat(256), odd: "nan" },
      { q: "b", verdict: "", grade: 1, reason: null, odd: "inf" },
    ];
    const { evaluations } = await readOne(await temporary("a.jsonl", jsonl(...rows)), {
      map: parseFieldMap(
        "input=q,metrics.verdict=verdict,metrics.grade=grade,metrics.reason=reason,metrics.odd=odd,metrics.split='train'",
      ),
    });
    expect(evaluations).toMatchObject([
      { metrics: { verdict: "säfe", grade: 0.5, split: "train" } },
      { metrics: { grade: 1, split: "train" } },
    ]);
    // What became no metric stays in the metadata.
    expect(evaluations[0]?.metadata).toEqual({ grade: "0.5", reason: "x".repeat(256), odd: "nan" });
    const list = temporary("b.jsonl", jsonl({ q: "a", m: ["x"] }));
    await expect(readOne(await list, { map: parseFieldMap("input=q,metrics.m=m") })).rejects.toThrow(
      /metrics\.m.*expected a number, a boolean or a text/s,
    );
  });

  test.each([
    [1_767_225_600, "2026-01-01T00:00:00Z"],
    [1_767_225_600.25, "2026-01-01T00:00:00.25Z"],
    ["1767225600", "2026-01-01T00:00:00Z"],
    [1_767_225_600_123, "2026-01-01T00:00:00.123Z"],
  ])("a time in seconds or milliseconds: %j", async (at, createdAt) => {
    const map = parseFieldMap("input=q,created_at=at");
    const { evaluations } = await readOne(await temporary("a.jsonl", jsonl({ q: "a", at })), { map });
    expect(evaluations[0]?.createdAt).toBe(createdAt);
  });

  test("a sample id that is too long is replaced by its hash and kept", async () => {
    const long = "x".repeat(300);
    const { evaluations } = await readOne(await temporary("a.jsonl", jsonl({ input: "a", sample_id: long })));
    expect(evaluations[0]?.sampleId).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(evaluations[0]?.metadata).toEqual({ ltb_sample_id: long });
  });

  test("U+0000 and halves of surrogate pairs are replaced, and the metadata tells", async () => {
    const path = await temporary(
      "a.jsonl",
      '{"input":"a\\u0000b","output":"\\ud83d","k\\u0000":1}\n{"input":"\\\\u0000"}',
    );
    const { evaluations } = await readOne(path, { map: parseFieldMap("input=input,output=output") });
    expect(evaluations[0]).toMatchObject({
      input: "a\u2400b",
      output: "\ufffd",
      metadata: { "k\u2400": 1, ltb_replaced_nul: true, ltb_replaced_surrogates: true },
    });
    expect(evaluations[1]).toMatchObject({ input: "\\u0000", error: "output: output is missing" });
    expect(evaluations[1]).not.toHaveProperty("metadata");
  });

  test("metadata over 1 MiB loses its largest fields, by name", async () => {
    const row = { input: "a", big: "x".repeat(700_000), bigger: "x".repeat(900_000), small: 1 };
    const { evaluations } = await readOne(await temporary("a.jsonl", jsonl(row)));
    expect(evaluations[0]?.metadata).toEqual({ big: row.big, small: 1, ltb_omitted: ["bigger"] });
  });

  test("an array in any layout, with a byte order mark, CRLF and blank lines", async () => {
    const rows = [{ input: '],[ "\\' }, { input: "{" }, { input: "ü", x: [[], {}, [{ y: "]" }]] }];
    const pretty = JSON.stringify(rows, null, 2).replaceAll("\n", "\r\n");
    const array = await readOne(await temporary("a.json", `\ufeff  ${pretty}\n\n`));
    expect(array.evaluations.map(({ input }) => input)).toEqual(rows.map(({ input }) => input));
    expect(array.evaluations[2]?.metadata).toEqual({ x: rows[2]?.x });
    const lines = await readOne(
      await temporary("a.jsonl", `\ufeff${rows.map((row) => JSON.stringify(row)).join("\r\n\r\n")}\r\n`),
    );
    expect(lines.evaluations).toEqual(array.evaluations);
  });

  test("keys that JavaScript treats specially are kept as data", async () => {
    const path = await temporary("a.jsonl", '{"input":"a","__proto__":{"x":1},"constructor":2}');
    const { evaluations } = await readOne(path);
    expect(JSON.stringify(evaluations[0]?.metadata)).toBe('{"__proto__":{"x":1},"constructor":2}');
    expect({}).not.toHaveProperty("x");
  });

  test("reads the evaluations again, and reports every byte once a reading", async () => {
    const text = jsonl(...Array.from({ length: 1000 }, (_, index) => ({ input: `${index}` })));
    let bytes = 0;
    const path = await temporary("a.jsonl", text);
    const { benchmark } = await readOne(path, { onBytes: (count) => (bytes += count) });
    expect(bytes).toBe(text.length);
    expect(await collect(benchmark.evaluations)).toHaveLength(1000);
    expect(bytes).toBe(2 * text.length);
  });
});
