import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { deflateRawSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseFieldMap } from "../../src/import/field-map.ts";
import type { ReadOptions } from "../../src/import/types.ts";
import type { JsonObject } from "../../src/validation.ts";
import { jsonl as evalsLog, match } from "./openai-evals-fixture.ts";
import { output, rows as promptfooRows } from "./promptfoo-fixture.ts";
import { data, readAll, readFaulty, temporary } from "./support.ts";
import { zipOf } from "./zip-file.ts";

const lines = (...records: unknown[]) => records.map((record) => JSON.stringify(record)).join("\n");

const header = {
  version: 2,
  status: "success",
  eval: { eval_id: "e", task: "t", model: "p/m", created: "2026-01-01T00:00:00Z" },
  results: { total_samples: 3 },
  stats: { started_at: "2026-01-01T00:00:00Z", completed_at: "2026-01-01T00:01:00Z" },
};
const sample = (id: unknown, changes: JsonObject = {}) => ({
  ...{ id, epoch: 1, input: "q", target: "t", output: { completion: "o" }, scores: { a: { value: 1 } } },
  ...changes,
});
const entry = (id: unknown, changes: JsonObject = {}) => ({
  name: `samples/${id}_epoch_1.json`,
  content: JSON.stringify(sample(id, changes)),
  method: 8,
  compress: (bytes: Uint8Array) => deflateRawSync(bytes),
});
const head = { name: "header.json", content: JSON.stringify(header) };
const lmSample = (doc_id: unknown, filter = "none") => ({
  ...{ doc_id, filter, target: "t", arguments: [["q", {}]], filtered_resps: ["a"], metrics: ["acc"], acc: 1 },
});
const row = (sample_id: unknown, score: unknown = 1) => ({ sample_id, input: "q", output: "a", score });
const exported = {
  ltb_export: 1,
  benchmark: { id: "x", name: "n", provider: "p", model: "m", dataset: "d" },
};
const promptfoo = (...results: object[]) =>
  JSON.stringify({ ...output, results: { ...output.results, results } });
const [firstRow = {}, , , , secondRow = {}] = promptfooRows;

describe("one bad record is named, and all others are read", () => {
  test.each<[format: string, file: string, content: string | Buffer, ids: string[], fault: RegExp]>([
    [
      "Inspect JSON, an id that is no whole number",
      "log.json",
      JSON.stringify({ ...header, samples: [sample("s0"), sample(1.5), sample("s2")] }),
      ["s0", "s2"],
      /^log.json, record 1, line 1, field id: expected a text or a whole number, found 1.5$/,
    ],
    [
      "Inspect JSON, a time without a zone",
      "log.json",
      JSON.stringify({
        ...header,
        samples: [sample("s0"), sample("s1", { completed_at: "2026-03-29T02:30:00" }), sample("s2")],
      }),
      ["s0", "s2"],
      /^log.json, record 1, line 1, field completed_at: expected a time/,
    ],
    [
      "Inspect .eval, a field",
      "log.eval",
      zipOf([head, entry("s0"), entry("s1", { input: 7 }), entry("s2")]),
      ["s0", "s2"],
      /^log.eval, entry samples\/s1_epoch_1.json, field input: expected a text or an array, found 7$/,
    ],
    [
      "Inspect .eval, a field of an element",
      "log.eval",
      zipOf([head, entry("s0"), entry("s1", { input: [{ role: 7 }] }), entry("s2")]),
      ["s0", "s2"],
      /^log.eval, entry samples\/s1_epoch_1.json, field input.0.role: expected a text, found 7$/,
    ],
    [
      "Inspect .eval, a damaged member",
      "log.eval",
      zipOf([head, entry("s0"), { ...entry("s1"), crc: 1 }, entry("s2")]),
      ["s0", "s2"],
      /^log.eval, entry samples\/s1_epoch_1.json: damaged: /,
    ],
    [
      "lm-eval",
      "samples.jsonl",
      lines(lmSample(0), lmSample(null), lmSample(2)),
      ["0", "2"],
      /^samples.jsonl, line 2, field doc_id: /,
    ],
    [
      "lm-eval, a list",
      "samples.jsonl",
      `[${lines(lmSample(0))},\n${lines(lmSample(null))},${lines(lmSample(2))}]`,
      ["0", "2"],
      /^samples.jsonl, record 1, line 2, field doc_id: /,
    ],
    [
      "promptfoo",
      "output.json",
      promptfoo(firstRow, { ...secondRow, score: "high" }, { ...firstRow, testIdx: 2 }),
      ["0", "2"],
      /^output.json, record 1, line 1, field score: /,
    ],
    [
      "OpenAI evals, an event",
      "log.jsonl",
      evalsLog(match).replace(
        '"sample_id":"test-match.s1.1","type":"match"',
        '"sample_id":"test-match.s1.1"',
      ),
      ["test-match.s1.0", "test-match.s1.2"],
      /^log.jsonl, line 4, field type: /,
    ],
    [
      "JSONL",
      "rows.jsonl",
      lines(row("a0"), row("a1", "n/a"), row("a2", 0)),
      ["a0", "a2"],
      /^rows.jsonl, line 2, field score: expected a number or a boolean, found a string/,
    ],
    [
      "JSON",
      "rows.json",
      JSON.stringify([row("a0"), "text", row("a2")]),
      ["a0", "a2"],
      /^rows.json, record 1, line 1: expected a JSON object, found a string/,
    ],
    [
      "an export of ours",
      "export.jsonl",
      lines(exported, { sample_id: "a", input: "q" }, { sample_id: "b", repetition: -1 }, { sample_id: "c" }),
      ["a", "c"],
      /^export.jsonl, line 3, field repetition: /,
    ],
  ])("%s", async (_, file, content, ids, fault) => {
    const { benchmarks, evaluations, faults } = await readFaulty(await temporary(file, content));
    expect(evaluations.map(({ sampleId }) => sampleId)).toEqual(ids);
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(benchmarks).toHaveLength(1);
  });

  test("HELM, a request and the statistics of another instance", async () => {
    const from = `${data}helm/narrative_qa-model=openai_gpt2`;
    const all = await readAll(from);
    const path = await temporary("run_spec.json", await readFile(`${from}/run_spec.json`));
    const broken = async (name: string, change: (text: string) => string) => {
      const text = await readFile(`${from}/${name}`, "utf8");
      expect(change(text)).not.toBe(text);
      await writeFile(join(dirname(path), name), change(text));
    };
    await broken("scenario_state.json", (text) => {
      const state = JSON.parse(text);
      state.request_states[2].result.success = "yes";
      return JSON.stringify(state);
    });
    await broken("per_instance_stats.json", (text) => {
      const stats = JSON.parse(text);
      stats[4].stats[0].count = null;
      return JSON.stringify(stats);
    });
    const { evaluations, faults } = await readFaulty(dirname(path));
    const ids = all[0]?.evaluations.map(({ sampleId }) => sampleId) ?? [];
    expect(evaluations.map(({ sampleId }) => sampleId)).toEqual(ids.filter((_, n) => n !== 2 && n !== 4));
    expect(evaluations.map(({ score }) => score)).toEqual(
      all[0]?.evaluations.map(({ score }) => score).filter((_, n) => n !== 2 && n !== 4),
    );
    expect(faults.toSorted()).toEqual([
      expect.stringMatching(/^per_instance_stats.json, record 4, line 1, field stats.0.count: /),
      expect.stringMatching(/^scenario_state.json, record 2, line 1, field result.success: /),
      expect.stringMatching(/^scenario_state.json, record 4, line 1: its statistics are not among those/),
    ]);
  });

  test("a bad first record leaves the others their numbers", async () => {
    const text = '{"input": 1e}\n{"input":"b"}\n{"input":"c"}';
    const { evaluations, faults } = await readFaulty(await temporary("rows.jsonl", text));
    expect(evaluations.map(({ sampleId, input }) => [sampleId, input])).toEqual([
      ["1", "b"],
      ["2", "c"],
    ]);
    expect(faults).toHaveLength(1);
  });

  test("a record that is too long is passed over", async () => {
    const limits = { maxRecordBytes: 1000 };
    const long = row("long", "x".repeat(5000));
    const jsonLines = await temporary("rows.jsonl", lines(row("a"), long, row("b")));
    const array = await temporary("rows.json", JSON.stringify([row("a"), long, row("b")]));
    for (const path of [jsonLines, array]) {
      const { evaluations, faults } = await readFaulty(path, { limits });
      expect(evaluations.map(({ sampleId }) => sampleId)).toEqual(["a", "b"]);
      expect(faults).toEqual([expect.stringMatching(/longer than 1000 bytes, which is the limit/)]);
    }
  });

  test("a record of a log that makes several benchmarks is named once", async () => {
    const samples = lines(lmSample(0, "x"), lmSample(0, "y"), "text", lmSample(1, "x"), lmSample(1, "y"));
    const lmEval = await readFaulty(await temporary("samples.jsonl", samples));
    expect([lmEval.benchmarks.length, lmEval.evaluations.length]).toEqual([2, 4]);
    expect(lmEval.faults).toEqual([expect.stringMatching(/^samples.jsonl, line 3: expected a JSON object/)]);
    const columns = lines(firstRow, [], secondRow, { ...secondRow, promptIdx: 3 });
    const promptfoo = await readFaulty(await temporary("output.jsonl", columns));
    expect(promptfoo.evaluations).toHaveLength(3);
    expect(promptfoo.faults).toEqual([
      expect.stringMatching(/^output.jsonl, line 2: expected a JSON object/),
    ]);
  });

  test("the samples of one task do not keep those of another from being read", async () => {
    const stamp = "2026-01-01T00-00-00";
    const results = { results: { a: { "acc,none": 1 }, b: { "acc,none": 1 } }, configs: { a: {}, b: {} } };
    const path = await temporary(`results_${stamp}.json`, JSON.stringify(results));
    await writeFile(join(dirname(path), `samples_a_${stamp}.jsonl`), "text");
    await writeFile(join(dirname(path), `samples_b_${stamp}.jsonl`), lines(lmSample(0), lmSample(1)));
    const { benchmarks, evaluations, faults } = await readFaulty(path);
    expect(benchmarks.map(({ dataset }) => dataset)).toEqual(["b"]);
    expect(evaluations).toHaveLength(2);
    expect(faults).toEqual([expect.stringMatching(/^samples_a_.*, line 1: not JSON/)]);
  });

  test("an OpenAI evals sample that may lack a line is not read as one that failed", async () => {
    const text = evalsLog(match);
    const cut = text.replace(/^.*"sample_id":"test-match.s1.1","type":"match".*$/m, "{broken");
    expect(cut).not.toBe(text);
    const { evaluations, faults } = await readFaulty(await temporary("log.jsonl", cut));
    expect(evaluations.map(({ sampleId }) => sampleId)).toEqual(["test-match.s1.0", "test-match.s1.2"]);
    expect(faults).toEqual([expect.stringMatching(/line 4: not JSON/)]);
  });
});

describe("a damaged archive gives what is whole", () => {
  const ids = Array.from({ length: 10 }, (_, n) => `s${n}`);
  const idsOf = ({ evaluations }: { evaluations: { sampleId: string }[] }) =>
    evaluations.map(({ sampleId }) => sampleId);
  const read = async (bytes: Uint8Array, options?: ReadOptions) =>
    readFaulty(await temporary("log.eval", bytes), options);
  const journal = { name: "_journal/start.json", content: JSON.stringify({ eval: header.eval }) };
  const whole = zipOf([journal, ...ids.map((id) => entry(id)), head]);

  test("without its directory", async () => {
    const cut = await read(whole.subarray(0, whole.lastIndexOf("PK\x01\x02") - 10));
    expect(idsOf(cut)).toEqual(ids);
    expect(cut.faults).toEqual([
      expect.stringMatching(/^log.eval: not a whole ZIP file: .*; its entries were/),
    ]);
    expect(cut.benchmarks).toMatchObject([{ status: "completed", totalIterations: 3, key: "inspect:e" }]);
  });

  test("cut off within a sample, without its header", async () => {
    const middle = whole.indexOf("samples/s6") + 60;
    const cut = await read(whole.subarray(0, middle));
    expect(idsOf(cut)).toEqual(ids.slice(0, 6));
    expect(cut.faults).toEqual([
      expect.stringMatching(/not a whole ZIP file/),
      expect.stringMatching(/^log.eval, entry samples\/s6_epoch_1.json: damaged: /),
    ]);
    expect(cut.benchmarks).toMatchObject([{ status: "running", key: "inspect:e" }]);
  });

  test("cut off anywhere", async () => {
    const path = `${data}inspect/2025-02-11T15-18-04-05-00_popularity_mj7khqpMM4GBCfVQozKgzB.eval`;
    const published = await readFile(path);
    const [all] = await readAll(path);
    let last = 0;
    for (let length = 4; length < published.length; length += 997) {
      const cut = await read(published.subarray(0, length));
      expect(cut.evaluations).toEqual(all?.evaluations.slice(0, cut.evaluations.length));
      expect(cut.evaluations.length).toBeGreaterThanOrEqual(last);
      expect(cut.message).toMatch(/^log.eval: not a whole ZIP file: /);
      last = cut.evaluations.length;
    }
    const cut = await read(published.subarray(0, -1000));
    expect(cut.evaluations).toEqual(all?.evaluations);
  });

  test("damaged anywhere, nothing is read that was not written", async () => {
    for (let n = 0; n < 80; n++) {
      const bytes = Buffer.from(whole);
      const place = Math.floor(((n + 0.5) / 80) * bytes.length);
      bytes.fill(0x5a, place, place + 3);
      const { evaluations } = await readFaulty(await temporary("log.eval", bytes)).catch(async () => ({
        evaluations: (await readAll(await temporary("log.eval", bytes)))[0]?.evaluations ?? [],
      }));
      expect(evaluations.every(({ input, output }) => input === "q" && output === "o")).toBe(true);
      // Damage of 3 bytes costs two members at most, or the start of the file and all of it.
      if (place > 100) expect(evaluations.length).toBeGreaterThanOrEqual(8);
    }
  });

  test("a header that is damaged is made up for by the journal", async () => {
    const bytes = zipOf([journal, entry("s0"), { ...head, crc: 1 }]);
    const { benchmarks, evaluations, faults } = await read(bytes);
    expect(benchmarks).toMatchObject([{ key: "inspect:e", status: "running" }]);
    expect(evaluations).toHaveLength(1);
    expect(faults).toEqual([expect.stringMatching(/entry header.json: damaged/)]);
  });

  test.each([4, 8])("entries whose sizes come after them, of %i bytes", async (width) => {
    const bytes = streamed([journal, ...ids.map((id) => entry(id)), head], width);
    const cut = await read(bytes);
    expect(idsOf(cut)).toEqual(ids);
    expect(cut.faults).toHaveLength(1);
    const middle = bytes.indexOf("samples/s6") + 40;
    expect(idsOf(await read(bytes.subarray(0, middle)))).toEqual(ids.slice(0, 6));
  });

  test("limits hold for it too", async () => {
    const bytes = whole.subarray(0, -10);
    expect((await read(bytes, { limits: { maxEntries: 3 } })).message).toMatch(/more than 3 entries/);
    const bomb = zipOf([
      journal,
      entry("s0"),
      {
        name: "samples/b.json",
        content: Buffer.alloc(70 << 20, 0x20),
        method: 93,
        compress: zstdCompressSync,
      },
    ]);
    expect((await read(bomb.subarray(0, -10))).message).toMatch(/would inflate from \d+ to \d+ bytes/);
  });

  test("a packed file that was cut off gives its lines as far as they go", async () => {
    const text = lines(...ids.map((id) => row(id)));
    const packed = gzipSync(text);
    const { evaluations, faults } = await readFaulty(
      await temporary("rows.jsonl.gz", packed.subarray(0, packed.length - 4)),
    );
    // The last line may go on, so it is not read.
    expect(idsOf({ evaluations })).toEqual(ids.slice(0, -1));
    expect(faults).toEqual(["rows.jsonl.gz: not a whole gzip file: unexpected end of file"]);
  });

  test("the padding behind a packed file is not read", async () => {
    const packed = Buffer.concat([gzipSync(lines(row("a"), row("b"))), Buffer.alloc(100_000)]);
    const [log] = await readAll(await temporary("rows.jsonl.gz", packed));
    expect(log?.evaluations).toHaveLength(2);
  });
});

/** A ZIP file without a directory whose entries have their sizes behind them (APPNOTE 4.3.9). */
function streamed(
  parts: { name: string; content: string; compress?: (bytes: Uint8Array) => Uint8Array; method?: number }[],
  width: number,
): Buffer {
  const pieces = parts.flatMap((part) => {
    const file = zipOf([part]);
    const [nameBytes, packedBytes] = [file.readUInt16LE(26), file.readUInt32LE(18)];
    const local = Buffer.from(file.subarray(0, 30 + nameBytes + packedBytes));
    const [crc, size] = [local.readUInt32LE(14), local.readUInt32LE(22)];
    local.writeUInt16LE(8, 6);
    local.fill(0, 14, 26);
    const descriptor = Buffer.alloc(8 + 2 * width);
    descriptor.write("PK\x07\x08", "latin1");
    descriptor.writeUInt32LE(crc, 4);
    descriptor.writeUInt32LE(packedBytes, 8);
    descriptor.writeUInt32LE(size, 8 + width);
    return [local, descriptor];
  });
  return Buffer.concat(pieces);
}

describe("scores that are not there, or are no numbers", () => {
  const scored = (scores: JsonObject) => sample("s", { scores });
  const log = (scores: JsonObject, changes: JsonObject = {}) =>
    JSON.stringify({ ...header, ...changes, samples: [scored(scores), { ...scored(scores), id: "s2" }] });
  const scores = {
    a: { value: [null, 1] },
    b: { value: { x: null, y: 1 } },
    c: { value: null },
    d: { value: "A" },
    e: { value: "1e400" },
    g: { value: true },
  };

  test.each(["nosuch", "a", "b", "d"])("--score %s is refused with those that are there", async (score) => {
    const path = await temporary("log.json", log(scores));
    const { benchmarks, faults } = await readFaulty(path, { score });
    expect(benchmarks).toEqual([]);
    expect(faults).toEqual([
      `log.json: no sample of t:p/m has the score ${score}; it has a.1, b.y, g; of categories d`,
    ]);
    const [read] = await readAll(path, { score: "b.y" });
    expect(read?.evaluations.map(({ score }) => score)).toEqual([1, 1]);
  });

  test.each([
    ["lm-eval", "samples.jsonl", lines(lmSample(0)), "acc"],
    ["promptfoo", "output.jsonl", lines(firstRow), "pass"],
    ["OpenAI evals", "log.jsonl", evalsLog(match), "correct"],
  ])("%s", async (_, file, content, there) => {
    const { faults } = await readFaulty(await temporary(file, content), { score: "nosuch" });
    expect(faults).toEqual([
      expect.stringMatching(`^${file}: no sample of .* has the score nosuch; it has .*${there}`),
    ]);
  });

  test("HELM takes the names that it lists", async () => {
    const run = `${data}helm/narrative_qa-model=openai_gpt2`;
    const { message } = await readFaulty(run, { score: "nosuch" });
    expect(message).toMatch(/it has .*f1_score\/valid/);
    const [byName] = await readAll(run, { score: "f1_score" });
    const [listed] = await readAll(run, { score: "f1_score/valid" });
    const scores = byName?.evaluations.map(({ score, metrics }) =>
      metrics?.["f1_score/valid"] === undefined ? undefined : score,
    );
    expect(scores).toContain(0);
    expect(listed?.evaluations.map(({ score }) => score)).toEqual(scores);
  });

  test("a run whose samples all failed has no score to miss", async () => {
    const failed = sample("s", { scores: {}, error: { message: "boom" } });
    const path = await temporary("log.json", JSON.stringify({ ...header, samples: [failed] }));
    expect((await readAll(path, { score: "a" }))[0]?.evaluations).toMatchObject([{ error: "boom" }]);
  });

  test("a category is a metric, and no failure; the header's figures of classes are kept", async () => {
    const results = {
      scores: [{ name: "d", scorer: "d", metrics: { A: { value: 0.5 }, C: { value: 0.5 } } }],
    };
    const scorers = [{ name: "d", metrics: [{ name: "inspect_ai/frequency", options: {} }] }];
    const changes = { results, eval: { ...header.eval, scorers } };
    const samples = [scored({ d: { value: "A" } }), { ...scored({ d: { value: "C" } }), id: "s2" }];
    const notes: string[] = [];
    const path = await temporary("log.json", JSON.stringify({ ...header, ...changes, samples }));
    const [read] = await readAll(path, { onNote: (note) => notes.push(note) });
    expect(read?.benchmark.metrics).toEqual({ "d.A": 0.5, "d.C": 0.5 });
    // "C" alone would stand for 1.
    expect(read?.evaluations.map(({ metrics, score, error }) => [metrics, score, error])).toEqual([
      [{ d: "A" }, undefined, undefined],
      [{ d: "C" }, undefined, undefined],
    ]);
    expect(notes).toEqual(["no sample has a score; it has none that is a number; of categories d"]);
  });

  test("what is neither a number nor a category is told by sample, of the first 20", async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const told = 'a.0 is null, b.x is null, c is null, e is "1e400"';
    await readAll(await temporary("log.json", log({ z: { value: 1 }, ...scores })), { onNote, score: "z" });
    expect(notes).toEqual([
      "2 of 2 samples have scores that are neither a number nor a category, and are no metrics",
      `sample s: ${told}`,
      `sample s2: ${told}`,
    ]);
    notes.length = 0;
    const samples = Array.from({ length: 23 }, (_, n) =>
      sample(`s${n}`, { scores: { a: { value: 1 }, h: { value: "@" } } }),
    );
    const text = JSON.stringify({ ...header, samples }).replaceAll('"@"', "NaN");
    const [read] = await readAll(await temporary("log.json", text), { onNote, score: "a" });
    expect(read?.evaluations[0]).not.toHaveProperty("unusable");
    expect(notes).toHaveLength(22);
    expect(notes.at(1)).toBe('sample s0: h is "NaN"');
    expect(notes.at(-1)).toBe("… 3 more samples with such scores");
  });

  test.each<[format: string, file: string, content: string, told: string, options?: ReadOptions]>([
    [
      "lm-eval",
      "samples.jsonl",
      lines({ ...lmSample(0), metrics: ["acc", "p"], p: [1, 2] }),
      "p is an array",
    ],
    ["promptfoo", "output.jsonl", lines({ ...firstRow, namedScores: { n: null } }), "n is null"],
    [
      "rows",
      "rows.jsonl",
      lines({ ...row("0"), n: null }),
      "n is null",
      { map: parseFieldMap("sample_id=sample_id,input=input,output=output,metrics.n=n") },
    ],
  ])("%s, a metric that is no number", async (_, file, content, told, options = {}) => {
    const notes: string[] = [];
    await readAll(await temporary(file, content), { ...options, onNote: (note) => notes.push(note) });
    expect(notes.slice(0, 2)).toEqual([
      expect.stringMatching(/^1 of 1 samples have scores/),
      `sample 0: ${told}`,
    ]);
  });

  test("without a score, the metrics are told", async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    await readAll(await temporary("log.json", log({ a: { value: [1, 2] }, b: { value: 1 } })), { onNote });
    expect(notes).toEqual(["no sample has a score; it has a.0, a.1, b"]);
    notes.length = 0;
    const mixed = { ...header, samples: [scored({ a: { value: "A" } }), sample("s2")] };
    await readAll(await temporary("log.json", JSON.stringify(mixed)), { onNote });
    expect(notes).toEqual(["1 of 2 samples have neither a score nor an error"]);
  });
});

describe("rows", () => {
  const results = {
    resolved_ids: ["a"],
    results: [
      { task_id: "a", instruction: "i", is_resolved: true },
      { task_id: "b", instruction: "i", is_resolved: null },
    ],
    accuracy: 0.5,
  };
  const map = parseFieldMap("input=instruction,sample_id=task_id,score=is_resolved");

  test("of an object are found, or named", async () => {
    const indented = await temporary("results.json", JSON.stringify(results, null, 2));
    const line = await temporary("results.json", JSON.stringify({ inner: results }));
    const [found] = await readAll(indented, { map });
    expect(found?.evaluations).toMatchObject([
      { sampleId: "a", score: 1 },
      { sampleId: "b", error: "score: is_resolved is null" },
    ]);
    const [named] = await readAll(indented, { map, rows: "results" });
    expect(named?.evaluations).toEqual(found?.evaluations);
    expect(named?.benchmark.key).toBe(found?.benchmark.key);
    const [deep] = await readAll(line, { map, rows: "inner.results" });
    expect(deep?.evaluations).toEqual(found?.evaluations);
  });

  test.each([
    ["commas first", '{"name": "x"\n, "version": 1\n}\n'],
    ["indented", '{\n  "name": "x",\n  "version": 1\n}\n'],
    ["ended late", '{"name": "x", "version": 1\r\n}'],
  ])("JSON without any is not called invalid: %s", async (_, content) => {
    const { message } = await readFaulty(await temporary("package.json", content));
    expect(message).toMatch(
      /^package.json: a JSON object, but no log .* without rows: none of name, version/,
    );
  });

  test("null counts as what follows ??", async () => {
    const path = await temporary("results.json", JSON.stringify(results, null, 4));
    const zero = parseFieldMap("input=instruction,sample_id=task_id,score=is_resolved ?? missing ?? 0");
    const [read] = await readAll(path, { map: zero });
    expect(read?.evaluations.map(({ score, error }) => [score, error])).toEqual([
      [1, undefined],
      [0, undefined],
    ]);
  });

  test.each([
    [{ a: [{}], b: [{}] }, /^results.json: rows may be under a, b; say which with --rows/],
    [
      { a: ["x"], b: 1 },
      /^results.json: a JSON object, but no log of Inspect, .*, and without rows: none of a, b is an array of objects/,
    ],
  ])("that are not clear: %j", async (object, message) => {
    const path = await temporary("results.json", JSON.stringify(object, null, 2));
    expect((await readFaulty(path, { map })).message).toMatch(message);
    expect((await readFaulty(path, { map, rows: "nosuch" })).message).toMatch(/no records under nosuch/);
  });

  test("a list of lm-eval samples is read as such", async () => {
    const stamp = "2026-01-21T03-44-18.458309";
    const list = JSON.stringify([lmSample(0), lmSample(1)]);
    const [read] = await readAll(await temporary(`samples_t_${stamp}.jsonl`, list));
    expect(read?.benchmark).toMatchObject({ dataset: "t", labels: { source: "lm-eval" } });
    expect(read?.evaluations).toMatchObject([
      { sampleId: "0", input: "q", output: "a", score: 1 },
      { sampleId: "1", input: "q", output: "a", score: 1 },
    ]);
  });
});
