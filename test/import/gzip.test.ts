import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { jsonl, match } from "./openai-evals-fixture.ts";
import { output } from "./promptfoo-fixture.ts";
import { data, readAll, readFaulty, readOne, temporary } from "./support.ts";

const rows = '{"input":"a","output":"b","score":1}\n{"input":"c","output":"d","score":0}\n';

describe("a packed log is the log", () => {
  test.each([
    ["rows.jsonl", rows],
    ["rows.json", `[${rows.trim().replace("\n", ",")}]`],
    ["output.json", JSON.stringify(output)],
    ["log.jsonl", jsonl(match)],
  ])("%s", async (name, text) => {
    const plain = await readAll(await temporary(name, text));
    const packed = await readAll(await temporary(`${name}.gz`, gzipSync(text)));
    expect(packed.length).toBeGreaterThan(0);
    expect(
      packed.map(({ benchmark: { evaluations: _, ...rest }, evaluations }) => [rest, evaluations]),
    ).toEqual(plain.map(({ benchmark: { evaluations: _, ...rest }, evaluations }) => [rest, evaluations]));
  });

  test("Inspect, and lm-eval with packed results beside packed samples", async () => {
    const inspect = await readFile(`${data}inspect/2025-05-12T20-28-13-04-00_popularity.json`);
    const { evaluations } = await readOne(await temporary("log.json.gz", gzipSync(inspect)));
    expect(evaluations.length).toBeGreaterThan(0);
    const stamp = "2026-01-21T03-44-18.458309";
    const samples = `samples_math_perturbed_full_${stamp}.jsonl`;
    const path = await temporary(`${samples}.gz`, gzipSync(await readFile(`${data}lm_eval/${samples}`)));
    const results = `results_${stamp}.json`;
    await writeFile(
      join(dirname(path), `${results}.gz`),
      gzipSync(await readFile(`${data}lm_eval/${results}`)),
    );
    const { benchmark } = await readOne(path);
    const plain = await readOne(`${data}lm_eval/${samples}`);
    expect([benchmark.key, benchmark.metrics]).toEqual([plain.benchmark.key, plain.benchmark.metrics]);
  });

  test("in several members, and counted by its packed bytes", async () => {
    const [first = "", second = ""] = rows.split("\n");
    const bytes = Buffer.concat([gzipSync(`${first}\n`), gzipSync(second)]);
    let counted = 0;
    const { evaluations } = await readOne(await temporary("rows.jsonl.gz", bytes), {
      onBytes: (more) => (counted += more),
    });
    expect(evaluations).toHaveLength(2);
    expect(counted).toBe(bytes.length);
  });
});

describe("what is wrong is named", () => {
  test("a cut file, after what came before", async () => {
    const long = Array.from(
      { length: 20_000 },
      (_, n) => `{"input":"${Math.sin(n)}","output":"b","score":1}`,
    ).join("\n");
    const packed = gzipSync(long);
    const path = await temporary("rows.jsonl.gz", packed.subarray(0, packed.length - 1000));
    const { evaluations, message } = await readFaulty(path);
    expect(message).toBe("rows.jsonl.gz: not a whole gzip file: unexpected end of file");
    expect(evaluations.length).toBeGreaterThan(10_000);
  });

  test("a broken file", async () => {
    const packed = gzipSync(rows);
    packed[15] = (packed[15] ?? 0) ^ 0xff;
    expect((await readFaulty(await temporary("rows.jsonl.gz", packed))).message).toMatch(
      /^rows.jsonl.gz: not a whole gzip file/,
    );
  });

  test("a bomb, in bounded memory", async () => {
    const line = Buffer.from(`${" ".repeat(1_000_000)}\n`);
    const bomb = gzipSync(Buffer.concat([Buffer.from(rows), ...Array<Buffer>(70).fill(line)]));
    const { evaluations, message } = await readFaulty(await temporary("rows.jsonl.gz", bomb));
    expect(message).toBe("rows.jsonl.gz: inflates to more than 200 times its size");
    expect(evaluations).toHaveLength(2);
  });

  test("a packed ZIP file", async () => {
    const zip = await readFile(
      `${data}inspect/2025-02-11T15-17-00-05-00_popularity_dPiJifoWeEQBrfWsAopzWr.eval`,
    );
    expect((await readFaulty(await temporary("log.eval.gz", gzipSync(zip)))).message).toMatch(
      /not a whole ZIP file/,
    );
  });
});
