import { create, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { BenchmarkSchema, BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { type Evaluation, EvaluationSchema } from "../../gen/ltb/v1/evaluation_pb.ts";
import { parquetPieces } from "../../src/cli/transfer/parquet.ts";
import { jsonLines } from "../../src/cli/transfer/text-formats.ts";
import { readFaulty, readOne, temporary } from "./support.ts";

const benchmark = create(BenchmarkSchema, {
  id: "0198c0de-0000-7000-8000-000000000001",
  name: "run",
  provider: "openai",
  model: "gpt-4o",
  dataset: "mmlu",
  status: BenchmarkStatus.COMPLETED,
  totalIterations: 9,
  metadata: { nested: { list: [1, "two", null, { three: true }] } },
  labels: { team: "a" },
});

const id = (n: number) => `0198c0de-0000-7000-8000-${String(n).padStart(12, "0")}`;
const at = (seconds: bigint, nanos: number) => ({ seconds, nanos });
const texts = [
  "",
  " ",
  "\ufeffmark",
  "a\r\n\tb",
  "„Ünïcödé“ 🦔 \u2028",
  "x".repeat(100_000),
  '"],{',
  "\u0001\u007f",
];

/** Every field at its edges, and unset. */
const evaluations: MessageInitShape<typeof EvaluationSchema>[] = [
  ...texts.map((text, n) => ({
    id: id(n),
    sampleId: `t${n}`,
    input: text,
    output: text,
    expected: text,
    error: text,
    provider: "p",
    model: "m",
  })),
  ...[0, 1, -1, 0.1, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53 + 2, 1 / 3].map(
    (score, n) => ({
      id: id(20 + n),
      sampleId: `n${n}`,
      repetition: n === 0 ? 2 ** 31 - 1 : n,
      score,
      latencyMs: Math.abs(score),
      costUsd: Math.abs(score),
      inputTokens: n === 0 ? 0 : 2 ** 31 - 1,
      outputTokens: n,
      metrics: { score, "dotted.key": -score, __proto__x: true },
    }),
  ),
  { id: id(40), metrics: {}, metadata: {} },
  {
    id: id(41),
    metrics: { text: "x", flag: false, none: null, list: [1, [2, {}]] },
    metadata: { "": "empty", "🦔": [null] },
  },
  { id: id(42), createdAt: at(0n, 0), updatedAt: at(0n, 1000) },
  {
    id: id(43),
    createdAt: at(1_767_225_599n, 999_999_000),
    updatedAt: at(253_402_300_799n, 999_999_000),
    createdBy: id(99),
  },
  { id: id(44), createdAt: at(-1n, 999_999_000), updatedAt: at(-62_135_596_800n, 0) },
];

async function* chunksOf(
  rows: readonly MessageInitShape<typeof EvaluationSchema>[],
  size = 7,
): AsyncGenerator<Evaluation[]> {
  for (let start = 0; start < rows.length; start += size)
    yield rows.slice(start, start + size).map(({ metrics, metadata, ...row }) =>
      create(EvaluationSchema, {
        benchmarkId: benchmark.id,
        ...row,
        ...(metrics && { metricsJson: JSON.stringify(metrics) }),
        ...(metadata && { metadataJson: JSON.stringify(metadata) }),
      }),
    );
}

async function parquet(rows = evaluations): Promise<Buffer> {
  const pieces = [];
  for await (const piece of parquetPieces(benchmark, chunksOf(rows))) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function jsonl(rows = evaluations): Promise<string> {
  let text = "";
  for await (const piece of jsonLines(benchmark, chunksOf(rows))) text += piece;
  return text;
}

describe("our own Parquet", () => {
  test("is read as the same export in JSONL is, and both as what was written", async () => {
    const fromParquet = await readOne(await temporary("export.parquet", await parquet()));
    const fromJson = await readOne(await temporary("export.jsonl", await jsonl()));
    expect(fromParquet.evaluations).toEqual(fromJson.evaluations);
    const { evaluations: _, ...about } = fromParquet.benchmark;
    const { evaluations: __, ...same } = fromJson.benchmark;
    expect(about).toEqual(same);
    expect(fromParquet.evaluations.map(({ id }) => id)).toEqual(evaluations.map(({ id }) => id));
    for (const [n, read] of fromParquet.evaluations.entries()) {
      const { createdAt, score, input, output, expected, error, metrics, metadata, ...rest } =
        evaluations[n] ?? {};
      expect([read.score, read.input, read.output, read.expected, read.error]).toEqual([
        score,
        input ?? "",
        output,
        expected,
        error || undefined,
      ]);
      expect([read.latencyMs, read.costUsd, read.inputTokens, read.outputTokens, read.repetition]).toEqual([
        rest.latencyMs,
        rest.costUsd,
        rest.inputTokens,
        rest.outputTokens,
        rest.repetition ?? 0,
      ]);
      expect(JSON.stringify(read.metrics ?? {})).toBe(JSON.stringify(metrics ?? {}));
      expect(JSON.stringify(read.metadata ?? {})).toBe(JSON.stringify(metadata ?? {}));
      const message = create(EvaluationSchema, { ...(createdAt && { createdAt }) });
      const { createdAt: written } = toJson(EvaluationSchema, message) as { createdAt?: string };
      expect(read.createdAt && new Date(read.createdAt).getTime()).toBe(
        written && new Date(written).getTime(),
      );
    }
    expect(fromParquet.evaluations.at(-2)?.createdAt).toBe("2025-12-31T23:59:59.999999Z");
    expect(fromParquet.evaluations.at(-1)?.createdAt).toBe("1969-12-31T23:59:59.999999Z");
  });

  test("in several row groups, in order, and counted for a progress bar", async () => {
    const many = Array.from({ length: 21_000 }, (_, n) => ({
      id: id(n),
      sampleId: String(n),
      input: `in ${n}`,
      score: n / 7,
    }));
    const path = await temporary("export.parquet", await parquet(many));
    let bytes = 0;
    const { evaluations: read } = await readOne(path, { onBytes: (more) => (bytes += more) });
    expect(read.map(({ sampleId, score }) => [sampleId, score])).toEqual(
      many.map(({ sampleId, score }) => [sampleId, score]),
    );
    expect(bytes).toBeGreaterThan(50_000);
  });

  test("what is whole is read of a damaged one, and the row group that is not is named", async () => {
    const many = Array.from({ length: 45_000 }, (_, n) => ({
      id: id(n),
      sampleId: String(n),
      input: `in ${n}`,
    }));
    const bytes = await parquet(many);
    const [, [, start = 0, end = 0]] = JSON.parse(
      /\[\[20000,.*?\]\]/.exec(bytes.toString("latin1"))?.[0] ?? "",
    );
    const middle = Math.floor((start + end) / 2);
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    const { evaluations: read, faults } = await readFaulty(await temporary("export.parquet", bytes));
    expect(faults).toEqual([
      "export.parquet, record 20000: row group 1, with records 20000 to 39999: damaged: its CRC-32 is not what the file's metadata says",
    ]);
    expect(read).toHaveLength(25_000);
    expect([read[19_999]?.sampleId, read[20_000]?.sampleId]).toEqual(["19999", "40000"]);
  });

  test("without evaluations", async () => {
    const { benchmark: read, evaluations: none } = await readOne(
      await temporary("export.parquet", await parquet([])),
    );
    expect([read.name, none]).toEqual(["run", []]);
  });
});

describe("what is wrong is named", () => {
  test("another format than the one asked for", async () => {
    const path = await temporary("export.parquet", await parquet());
    expect((await readFaulty(path, { format: "helm" })).message).toBe(
      "export.parquet: expected helm, this looks like parquet",
    );
  });

  test.each([
    ["nothing but its beginning", (bytes: Buffer) => bytes.subarray(0, 4)],
    ["its first half", (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ["all but its last byte", (bytes: Buffer) => bytes.subarray(0, -1)],
    [
      "another end",
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, -8), Buffer.alloc(4, 0xff), Buffer.from("PAR1")]),
    ],
  ])("%s", async (_, change) => {
    const { message, evaluations: read } = await readFaulty(
      await temporary("export.parquet", change(await parquet())),
    );
    expect(message).toMatch(/^export\.parquet: not a whole Parquet file: /);
    expect(read).toEqual([]);
  });

  test("Parquet that is not ours", async () => {
    const bytes = await parquet();
    const key = bytes.indexOf("ltb_export");
    bytes.write("another_key".slice(0, 10), key);
    expect((await readFaulty(await temporary("export.parquet", bytes))).message).toMatch(
      /field ltb_export: missing in the file's metadata; expected an export of ours/,
    );
  });

  test("bytes that were changed anywhere are read or refused in order", async () => {
    const whole = await parquet(evaluations.slice(8));
    for (let n = 0; n < 60; n++) {
      const bytes = Buffer.from(whole);
      const place = Math.floor(((n + 0.5) / 60) * bytes.length);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (n % 8));
      const path = await temporary("export.parquet", bytes);
      const read = await readOne(path).catch((error: Error) => error);
      if (read instanceof Error)
        expect([n, read.name, read.message]).toEqual([
          n,
          "ImportError",
          expect.stringContaining("export.parquet"),
        ]);
    }
  });
});
