import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseFieldMap } from "../../src/import/field-map.ts";
import { requireRead } from "../../src/import/import-error.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { data, readFaulty, readOne, temporary } from "./support.ts";
import { zipOf } from "./zip-file.ts";

const MIB = 1024 * 1024;
const good = '{"input":"a","output":"b","score":1}';

describe("files that are no logs", () => {
  test.each([
    ["empty", "", /^log: empty; expected a log$/],
    ["blank", " \n\t\n", /empty; expected a log/],
    ["text", "hello", /not a log: expected one of Inspect, /],
    ["a PNG", "\x89PNG\r\n\x1a\n", /not a log/],
    ["UTF-16", Buffer.from("\ufeff[]", "utf16le"), /not a log/],
    ["an empty array", "[]", /no records; expected at least one JSON object/],
    ["an array of numbers", "[1,2]", /record 0, line 1: expected a JSON object, found a number/],
    ["an array of arrays", "[[]]", /record 0, line 1: expected a JSON object, found an array/],
    ["an object", "{}", /line 1: no field tells the input/],
    [
      "rows of others",
      '{"question":"?","answer":"!"}',
      /the record has question, answer. Map one with --map input=FIELD/,
    ],
    ["an empty ZIP", zipOf([]), /no header.json in this ZIP file/],
    ["another ZIP", zipOf([{ name: "word/document.xml", content: "<w/>" }]), /expected an Inspect .eval log/],
  ])("%s", async (_, content, message) => {
    const { evaluations, message: found } = await readFaulty(await temporary("log", content));
    expect(found).toMatch(message);
    expect(evaluations).toEqual([]);
  });

  test("no file, and a folder that is no run", async () => {
    await expect(readOne("/nonexistent/log.json")).rejects.toThrow("/nonexistent/log.json: no such file");
    const folder = temporaryFolder();
    expect((await readFaulty(folder)).message).toMatch(/a folder without run_spec.json; expected a file, or/);
  });

  test("another format than the one asked for, and a map for what needs none", async () => {
    const zip = `${data}inspect/2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval`;
    expect((await readFaulty(zip, { format: "lm-eval" })).message).toMatch(
      /expected lm-eval, this looks like inspect-zip/,
    );
    expect((await readFaulty(zip, { map: parseFieldMap("input=a") })).message).toMatch(
      /a field map is for JSON and JSONL/,
    );
  });
});

describe("what is whole is read", () => {
  test.each([
    [
      "cut JSONL",
      `${good}\n${good}\n{"input":"a","ou`,
      2,
      /line 3: not JSON \(.*\); expected one whole JSON value/,
    ],
    ["a line of text", `${good}\nhello\n${good}`, 2, /line 2: not JSON/],
    ["a first line of text", `{"input":"a\n${good}\n${good}`, 2, /line 1: not JSON/],
    ["a line without a record", `${good}\n[1]`, 1, /line 2: expected a JSON object, found an array/],
    [
      "wrong type",
      `${good}\n{"input":"a","output":"b","score":"high"}`,
      1,
      /line 2, field score: expected a number or a boolean, found a string/,
    ],
    ["no input", `${good}\n{"output":"b","score":0}`, 1, /line 2, field input: input is missing/],
    [
      "invalid UTF-8",
      Buffer.concat([Buffer.from(`${good}\n{"input":"`), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
      1,
      /line 2: not valid UTF-8/,
    ],
    ["raw NUL", `${good}\n{"input":"a\0"}`, 1, /line 2: not JSON/],
    [
      "deep nesting",
      `${good}\n{"input":"a","x":${"[".repeat(100)}${"]".repeat(100)}}`,
      1,
      /line 2: nested deeper than 34 levels/,
    ],
    ["cut array", `[${good},\n${good},\n{"input":"a`, 2, /record 2, line 3: the file ends here/],
    ["no comma", `[${good}\n${good}]`, 1, /line 2: not JSON: expected , or \], found \{/],
    ["comma too many", `[${good},]`, 1, /expected a value, found \]/],
    ["more behind the end", `[${good}] {}`, 1, /expected the end of the file, found \{/],
    ["broken record", `[${good},{"input" "a"}]`, 1, /record 1, line 1: not JSON/],
  ])("%s", async (_, content, count, message) => {
    const { evaluations, message: found } = await readFaulty(await temporary("rows", content));
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(count);
  });

  test.each([
    [
      "sample_id",
      "{}",
      /field sample_id: expected a text, a whole number, or another number of at most 2\^53, found an object/,
    ],
    ["sample_id", "1.5e300", /field sample_id: .*found 1.5e\+300/],
    ["input_tokens", "1.5", /field inputTokens: expected a whole number from 0 to 2147483647, found 1.5/],
    ["output_tokens", "3000000000", /field outputTokens/],
    ["repetition", "-1", /field repetition/],
    ["latency_ms", "-0.5", /field latencyMs: expected a number of 0 or more, found -0.5/],
    ["cost_usd", "[]", /field cost_usd: expected a number or a boolean, found an array/],
    ["created_at", '"yesterday"', /field created_at: expected a time such as/],
    ["created_at", '"2026-02-30T00:00:00Z"', /field created_at: there is no day 2026-02-30$/],
    ["created_at", '"2026-01-31T24:00:00Z"', /field created_at: there is no time 24:00:00 in a day$/],
    ["created_at", '"2026-01-31T12:00:00+2400"', /field created_at: expected a time such as/],
    ["created_at", '"9999-12-31T23:00:00-02:00"', /field created_at: expected a time such as/],
    [
      "created_at",
      "1767225",
      /expected a time such as .* or seconds or milliseconds since 1970, found "1767225"/,
    ],
    ["created_at", "1767225600000000", /expected a time .*, found "1767225600000000"/],
    ["model", JSON.stringify("x".repeat(256)), /field model: .*256 characters long/],
  ])("%s %s", async (field, value, message) => {
    const { evaluations, message: found } = await readFaulty(
      await temporary("rows", `${good}\n{"input":"a","output":"b","score":1,"${field}":${value}}`),
    );
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(1);
  });

  test("what is nested deeper than the service stores is left out, and named", async () => {
    const deep = (levels: number): object => (levels === 1 ? [1] : { a: deep(levels - 1) });
    const row = { input: "a", output: "b", score: 1, kept: deep(31), deep: deep(32) };
    const { evaluations } = await readOne(await temporary("rows", JSON.stringify(row)));
    expect(evaluations[0]?.metadata).toEqual({ kept: deep(31), ltb_omitted: ["deep"] });
  });

  test("a text over 2 MiB is refused, never cut", async () => {
    const long = JSON.stringify({ input: "a", output: "ü".repeat(MIB + 1), score: 1 });
    const { evaluations, message } = await readFaulty(await temporary("rows", `${good}\n${long}`));
    expect(message).toMatch(/line 2, field output: 2097154 bytes long; the limit is 2097152/);
    expect(evaluations).toHaveLength(1);
  });
});

describe("sizes", () => {
  async function sparse(start: string): Promise<string> {
    const path = await temporary("rows", start);
    // A hole of a gigabyte: NUL bytes without a line's end.
    await truncate(path, 1024 * MIB);
    return path;
  }

  test.each([
    ["a line", `${good}\n{"input":"`, /line 2: longer than 16777216 bytes, which is the limit/],
    [
      "an element",
      `[${good},\n{"input":"`,
      /record 1, line 2: longer than 16777216 bytes, which is the limit/,
    ],
  ])("%s of a gigabyte ends in bounded memory", async (_, start, message) => {
    const path = await sparse(start);
    const before = process.memoryUsage().rss;
    const { evaluations, message: found } = await readFaulty(path);
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(1);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB);
  });

  test("deep nesting without end costs no memory", async () => {
    const path = await temporary("rows", `[${good},${"[".repeat(15 * MIB)}`);
    expect((await readFaulty(path)).message).toMatch(/the file ends here/);
    const line = await temporary("rows", `${good}\n{"x":${"[".repeat(15 * MIB)}`);
    expect((await readFaulty(line)).message).toMatch(/line 2: nested deeper than 34 levels/);
  });

  test("many rows are read in constant memory", async () => {
    const row = JSON.stringify({ input: "x".repeat(5000), output: "y".repeat(5000), score: 1 });
    const path = await temporary("rows", `[${Array(10_000).fill(row).join(",\n")}]`);
    let peak = 0;
    let count = 0;
    const before = process.memoryUsage().rss;
    const { readLogs } = await import("../../src/import/read-logs.ts");
    for await (const benchmark of readLogs(path)) {
      for await (const _ of requireRead(benchmark).evaluations) {
        if (count++ % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss - before);
      }
    }
    expect(count).toBe(10_000);
    expect(peak).toBeLessThan(300 * MIB);
  });
});

describe("ZIP files", () => {
  const header = JSON.stringify({ version: 2, status: "success", eval: { task: "t", model: "m" } });
  const sample = JSON.stringify({ id: 1, epoch: 1, input: "q", target: "t", output: { completion: "o" } });
  const head = { name: "header.json", content: header };
  const first = { name: "samples/1_epoch_1.json", content: sample };
  const bytes = Buffer.alloc(70 * MIB, 0x20);

  test.each([
    [
      "a deflate bomb that says so",
      [{ name: "samples/2_epoch_1.json", content: bytes, method: 8, compress: deflateRawSync }],
      0,
      /would inflate from \d+ to \d+ bytes; the limit is 200 times its size/,
    ],
    [
      "a deflate bomb that lies",
      [{ name: "samples/2_epoch_1.json", content: bytes, method: 8, compress: deflateRawSync, size: 100 }],
      1,
      /entry samples\/2_epoch_1.json: inflates to more than 67108864 bytes/,
    ],
    [
      "a zstd bomb that lies",
      [{ name: "samples/2_epoch_1.json", content: bytes, method: 93, compress: zstdCompressSync, size: 100 }],
      1,
      /entry samples\/2_epoch_1.json: inflates to more than 67108864 bytes/,
    ],
    [
      "a wrong CRC",
      [{ ...first, name: "samples/2_epoch_1.json", crc: 1 }],
      1,
      /entry samples\/2_epoch_1.json: damaged: its size or its CRC/,
    ],
    [
      "a wrong size",
      [{ ...first, name: "samples/2.json", method: 8, compress: deflateRawSync, size: 5 }],
      1,
      /damaged/,
    ],
    [
      "broken deflate",
      [{ ...first, name: "samples/2.json", method: 8, compress: () => Buffer.from("xxxx") }],
      1,
      /entry samples\/2.json: damaged/,
    ],
    [
      "broken zstd",
      [{ ...first, name: "samples/2.json", method: 93, compress: () => Buffer.from("xxxx") }],
      1,
      /entry samples\/2.json: damaged/,
    ],
    [
      "cut zstd",
      [
        {
          ...first,
          name: "samples/2.json",
          method: 93,
          compress: (part: Uint8Array) => zstdCompressSync(part).subarray(0, 20),
        },
      ],
      1,
      /entry samples\/2.json: damaged/,
    ],
    [
      "an unknown method",
      [{ ...first, name: "samples/2.json", method: 14 }],
      1,
      /compression method 14; expected stored, deflate or zstd/,
    ],
    [
      "an encrypted entry",
      [{ ...first, name: "samples/2.json", method: 8, flags: 1 }],
      1,
      /encrypted; expected a log without a password/,
    ],
    [
      "no JSON",
      [{ ...first, name: "samples/2.json", content: "<html>" }],
      1,
      /entry samples\/2.json: not JSON/,
    ],
    [
      "a wrong type",
      [{ ...first, name: "samples/2.json", content: sample.replace('"q"', "7") }],
      1,
      /entry samples\/2.json, field input: /,
    ],
    [
      "a path out of the file",
      [{ ...first, name: "../../etc/passwd" }],
      1,
      /not a whole ZIP file: invalid relative path/,
    ],
  ])("%s", async (_, parts, count, message) => {
    const { evaluations, message: found } = await readFaulty(
      await temporary("log.eval", zipOf([head, first, ...parts])),
    );
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(count);
  });

  test("too many entries", async () => {
    const path = await temporary("log.eval", zipOf([head, first, { ...first, name: "samples/2.json" }]));
    const { message } = await readFaulty(path, { limits: { maxEntries: 2 } });
    expect(message).toBe("log.eval: more than 2 entries, which is the limit for a ZIP file");
  });

  test("a log that was cut off anywhere", async () => {
    const whole = await readFile(
      `${data}inspect/2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval`,
    );
    for (const length of [4, 1000, 15_000, whole.length - 1]) {
      const path = await temporary("log.eval", whole.subarray(0, length));
      expect((await readFaulty(path)).message).toMatch(/^log.eval: not a whole ZIP file: /);
    }
  });
});

describe("Inspect and HELM", () => {
  test.each([
    [
      "cut within the samples",
      (text: string) => text.slice(0, text.indexOf('"id": 3')),
      2,
      /record 2, line \d+: the file ends here/,
    ],
    ["cut within the header", (text: string) => text.slice(0, 500), 0, /the file ends here|not JSON/],
    [
      "a model that is a number",
      (text: string) => text.replace('"model": "openai/gpt-4o-mini"', '"model": 7'),
      0,
      /field eval.model: expected a text, found 7$/,
    ],
    [
      "a sample with a wrong id",
      (text: string) => text.replace('"id": 2,', '"id": null,'),
      2,
      /record 1, line \d+, field id: /,
    ],
    [
      "a time that is none",
      (text: string) => text.replace('"started_at": "2025', '"started_at": "x2025'),
      0,
      /field stats.started_at: expected a time/,
    ],
  ])("an Inspect log %s", async (_, change, count, message) => {
    const text = await readFile(`${data}inspect/2025-05-12T20-28-13-04-00_popularity.json`, "utf8");
    expect(change(text)).not.toBe(text);
    const { evaluations, message: found } = await readFaulty(await temporary("log.json", change(text)));
    expect(found).toMatch(message);
    expect(evaluations).toHaveLength(count);
  });

  test("a HELM run whose states are cut", async () => {
    const folder = temporaryFolder();
    const from = `${data}helm/narrative_qa-model=openai_gpt2`;
    await writeFile(join(folder, "run_spec.json"), await readFile(`${from}/run_spec.json`));
    const states = await readFile(`${from}/scenario_state.json`);
    await writeFile(join(folder, "scenario_state.json"), states.subarray(0, states.length / 2));
    const { evaluations, message } = await readFaulty(folder);
    expect(message).toMatch(/^scenario_state.json, record \d, line \d+: the file ends here/);
    expect(evaluations.length).toBeGreaterThan(0);
  });
});

test("names that are too long say how to give others", async () => {
  const { message } = await readFaulty(await temporary("rows", good), { name: "x".repeat(256) });
  expect(message).toMatch(
    /field name: 256 characters long; expected 1 to 255 characters. Give another with --name/,
  );
  const { benchmark } = await readOne(await temporary("rows", good), { name: "x".repeat(255) });
  expect(benchmark.name).toHaveLength(255);
});
