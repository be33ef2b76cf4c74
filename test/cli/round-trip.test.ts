import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient as createConnectClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commands, startTestService } from "./support.ts";

let here: Awaited<ReturnType<typeof startTestService>>;
let there: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
const folder = temporaryFolder();
beforeAll(async () => {
  [here, there] = await Promise.all([startTestService(), startTestService()]);
  ltb = commands(here.address);
});
afterAll(() => Promise.all([here.stop(), there.stop()]));

const at = (seconds: number, nanos: number) => ({ seconds: BigInt(seconds), nanos });
const texts = ["", "a\r\n\t„Ü“ 🦔\u2028", "\ufeffmark", '"],{,;=1+1', "x".repeat(50_000)];
const numbers = [0, -1, 0.1, 1 / 3, 5e-324, -5e-324, Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** 53 + 2];

/** A benchmark whose evaluations have every field at its edges, and unset. */
async function fillIn(): Promise<string> {
  const client = createConnectClient(
    BenchmarkService,
    createGrpcTransport({ baseUrl: `http://${here.address}` }),
  );
  const { benchmark } = await client.createBenchmark({
    name: "edges",
    description: "of\nfields",
    provider: "openai",
    model: "gpt-4o",
    dataset: "edges",
    totalIterations: 40,
    plannedSamples: 41,
    labels: { team: "a" },
    metadata: { nested: { list: [1, "two", null, { three: [true, {}] }] } },
  });
  const benchmarkId = benchmark?.id ?? "";
  const evaluations = [
    ...texts.map((text, n) => ({
      sampleId: `text ${n}`,
      input: text,
      output: text,
      expected: text,
      error: text.slice(0, 1000),
      createdAt: at(1_767_225_599, 999_999_000),
    })),
    ...numbers.map((value, n) => ({
      sampleId: "number",
      repetition: n === 0 ? 2 ** 31 - 1 : n,
      input: "",
      output: "",
      score: value,
      latencyMs: Math.abs(value),
      costUsd: Math.abs(value),
      inputTokens: n === 0 ? 2 ** 31 - 1 : 0,
      outputTokens: 0,
      metrics: Math.abs(value) > 1e-300 ? { value, "a.b": -value } : {},
      provider: "azure",
      createdAt: at(n, 1000 * n),
    })),
    // Without a sample id: two that are alike are two.
    ...[1, 2].map(() => ({
      input: "same",
      output: "same",
      metrics: { flag: true, text: "x", none: null, list: [1, [2, {}]] },
    })),
    { sampleId: "failed", error: "boom", metadata: { "": "empty", "🦔": [null, 1e-7, 12345678901234] } },
  ];
  const { results } = await client.batchCreateEvaluations({ benchmarkId, evaluations });
  expect(results.map(({ outcome, reason }) => [outcome, reason])).toEqual(results.map(() => [1, ""]));
  await client.updateBenchmark({
    id: benchmarkId,
    status: BenchmarkStatus.FAILED,
    error: "stopped",
    metrics: { accuracy: 0.5, nested: { x: [1] } },
    startedAt: at(1_767_225_600, 1000),
    completedAt: at(1_767_225_601, 999_999_000),
  });
  return benchmarkId;
}

/**
 * An export as JSONL without what a service makes itself: when it stored what, for whom, and in which
 * revision.
 */
function content(text: string): unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      const { benchmark, updatedAt: _, createdBy: __, ...evaluation } = JSON.parse(line);
      const {
        createdAt: ___,
        updatedAt: ____,
        createdBy: _____,
        version: ______,
        ...about
      } = benchmark ?? {};
      return { ...evaluation, benchmark: about };
    });
}

describe("an export read by another service and exported again is the same", () => {
  test.each(["jsonl", "parquet"])("%s", async (format) => {
    const id = await fillIn();
    const path = join(folder, `edges.${format}`);
    expect(await ltb.run("export", id, "-o", path)).toMatchObject({ code: 0 });
    const { stdout: original } = await ltb.run("export", id);
    const elsewhere = commands(there.address);
    expect(await elsewhere.json("import", path)).toMatchObject({
      benchmarks: [{ id, created: true, inserted: 17, rejected: 0 }],
    });
    const { stdout: copy } = await elsewhere.run("export", id);
    expect(content(original)).toHaveLength(18);
    expect(content(copy)).toEqual(content(original));
    // Again stores nothing twice, samples without an id included, there and where it came from.
    for (const service of [elsewhere, ltb])
      expect(await service.json("import", path)).toMatchObject({
        benchmarks: [{ created: false, inserted: 0, duplicates: 17 }],
      });
    // In another benchmark they are others.
    const other = await fillIn();
    expect(await ltb.json("import", path, "--benchmark", other)).toMatchObject({
      benchmarks: [{ inserted: 2, duplicates: 15, conflicts: 0, rejected: 0 }],
    });
  });

  test.each(["jsonl", "parquet"])("%s with numbers that no double holds", async (format) => {
    const client = createConnectClient(
      BenchmarkService,
      createGrpcTransport({ baseUrl: `http://${here.address}` }),
    );
    const digits = '{"seed":9007199254740993,"exact":[0.12345678901234567890]}';
    const about = { name: "digits", provider: "p", model: "m", dataset: "d", metadataJson: digits };
    const { id = "" } = (await client.createBenchmark(about)).benchmark ?? {};
    await client.updateBenchmark({ id, metricsJson: digits, resultsJson: `[${digits}]` });
    const row = { benchmarkId: id, sampleId: "a", input: "in", output: "out", score: 0.1 };
    await client.createEvaluation({ ...row, metricsJson: digits, metadataJson: digits });

    const path = join(folder, `digits.${format}`);
    expect(await ltb.run("export", id, "-o", path)).toMatchObject({ code: 0 });
    const elsewhere = commands(there.address);
    const sums = { conflicts: 0, rejected: 0 };
    expect(await elsewhere.json("import", path)).toMatchObject({ benchmarks: [{ ...sums, inserted: 1 }] });
    expect(await ltb.json("import", path)).toMatchObject({ benchmarks: [{ ...sums, duplicates: 1 }] });
    for (const service of [ltb, elsewhere]) {
      const { stdout } = await service.run("export", id);
      for (const field of ["metrics", "metadata"])
        expect(
          stdout.split(`"${field}":{"seed":9007199254740993,"exact":[0.12345678901234567890]}`),
        ).toHaveLength(3);
      expect(stdout).toContain('"results":[{"seed":9007199254740993,');
      const csv = await service.run("export", id, "--format", "csv");
      expect(csv.stdout).toContain(",9007199254740993,");
    }
    for (const service of [ltb, elsewhere]) await service.run("benchmark", "delete", id, "--yes");
  });

  test("a benchmark that keeps no evaluations here keeps its status, total and counts", async () => {
    const client = createConnectClient(
      BenchmarkService,
      createGrpcTransport({ baseUrl: `http://${here.address}` }),
    );
    const { benchmark } = await client.createBenchmark({
      name: "counts",
      provider: "p",
      model: "m",
      dataset: "d",
    });
    const id = benchmark?.id ?? "";
    await client.updateBenchmark({ id, completedIterations: 7, failedIterations: 2 });
    const path = join(folder, "counts.jsonl");
    await ltb.run("export", id, "-o", path);
    const elsewhere = commands(there.address);
    await elsewhere.json("import", path);
    const { stdout } = await elsewhere.run("export", id);
    expect(content(stdout)).toEqual(content(await readFile(path, "utf8")));
  });
});

test("CSV holds every field of every evaluation to the last digit", async () => {
  const id = await fillIn();
  const { stdout: csv } = await ltb.run("export", id, "--format", "csv");
  const { stdout: jsonl } = await ltb.run("export", id);
  const [head = [], ...rows] = cellsOf(csv);
  const [, ...lines] = jsonl.trimEnd().split("\n");
  expect(rows).toHaveLength(lines.length);
  for (const [n, line] of lines.entries()) {
    const evaluation = JSON.parse(line);
    const { metrics = {}, ...fields } = evaluation;
    const row = Object.fromEntries(head.map((name, column) => [name, rows[n]?.[column]]));
    for (const [name, value] of Object.entries(fields))
      expect([name, row[name.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)]]).toEqual([
        name,
        cellOf(value),
      ]);
    for (const [name, value] of Object.entries(metrics))
      expect([name, row[`metrics.${name}`]]).toEqual([name, value === null ? "" : cellOf(value)]);
  }
});

function cellOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The cells of a CSV file, after RFC 4180. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}

test("a format is told by the file's extension; Parquet is not for a terminal", async () => {
  const { benchmark_id: id } = await ltb.json("demo");
  const path = join(folder, "demo.parquet");
  await ltb.run("export", id, "-o", path);
  expect((await readFile(path)).subarray(0, 4).toString()).toBe("PAR1");
  const csv = join(folder, "demo.csv");
  await ltb.run("export", id, "-o", csv);
  expect(await readFile(csv, "utf8")).toMatch(/^id,benchmark_id,/);
  const { isTTY } = process.stdout;
  process.stdout.isTTY = true;
  try {
    expect(await ltb.run("export", id, "--format", "parquet")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("add -o FILE"),
    });
  } finally {
    process.stdout.isTTY = isTTY;
  }
});
