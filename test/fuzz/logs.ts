import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateRawSync, gzipSync, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { create } from "@bufbuild/protobuf";
import { BenchmarkSchema } from "../../gen/ltb/v1/benchmark_pb.ts";
import { EvaluationSchema } from "../../gen/ltb/v1/evaluation_pb.ts";
import { parquetPieces } from "../../src/cli/transfer/parquet.ts";
import { jsonLines } from "../../src/cli/transfer/text-formats.ts";
import type { JsonValue } from "../../src/validation.ts";
import type { Random } from "../harness/random.ts";
import { fuzzy, graded, jsonl, match } from "../import/openai-evals-fixture.ts";
import { output, rows } from "../import/promptfoo-fixture.ts";
import { zipOf } from "../import/zip-file.ts";
import { mutateBytes, mutateJson } from "./mutate.ts";

/** Draws a damaged log. */
export type DamagedLog = (random: Random) => Buffer;

/** A log of each format by its name, which draws it damaged: as bytes, or within its own structure. */
export async function damagedLogs(): Promise<Map<string, DamagedLog>> {
  const logs = new Map<string, DamagedLog>();
  const data = join(import.meta.dirname, "..", "data");
  for (const folder of ["inspect", "inspect_epochs", "lm_eval", "lm_eval_runs"])
    for (const name of await readdir(join(data, folder))) {
      const bytes = await readFile(join(data, folder, name));
      if (/\.jsonl?$/.test(name)) logs.set(name, damagedText(bytes));
      if (name.endsWith(".eval")) logs.set(name, damagedZip(bytes));
    }
  const made = {
    "openai-match.jsonl": jsonl(match),
    "openai-fuzzy.jsonl": jsonl(fuzzy),
    "openai-graded.jsonl": jsonl(graded),
    "promptfoo.json": JSON.stringify(output),
    "promptfoo.jsonl": jsonl(rows),
    "rows.json": JSON.stringify([{ input: "a", output: "b", score: 1, metrics: { f1: 0.5 } }]),
    "rows.jsonl": jsonl([{ input: "a", output: "b", latency_ms: 3, created_at: "2026-01-01T00:00:00Z" }]),
    "export.jsonl": (await Array.fromAsync(jsonLines(benchmark, evaluations()))).join(""),
  };
  for (const [name, text] of Object.entries(made)) logs.set(name, damagedText(Buffer.from(text)));
  const parquet = Buffer.concat(await Array.fromAsync(parquetPieces(benchmark, evaluations())));
  logs.set("export.parquet", damagedParquet(parquet));
  return logs;
}

const benchmark = create(BenchmarkSchema, {
  id: "0198c0de-0000-7000-8000-000000000001",
  name: "run",
  provider: "openai",
  model: "gpt-4o",
});

async function* evaluations() {
  yield Array.from({ length: 5 }, (_, n) =>
    create(EvaluationSchema, {
      id: `0198c0de-0000-7000-8000-00000000001${n}`,
      benchmarkId: benchmark.id,
      sampleId: `s${n}`,
      input: `in ${n}`,
      output: "out",
      score: n / 4,
      latencyMs: n,
      metricsJson: '{"f1":0.5,"label":"good"}',
      createdAt: { seconds: 1_767_225_599n, nanos: n },
    }),
  );
}

/** JSON, or one JSON in each line. Some of it is packed by gzip, before it is damaged or after. */
function damagedText(bytes: Buffer): DamagedLog {
  const lines = tryParse(bytes.toString()) ?? bytes.toString().trimEnd().split("\n").map(tryParse);
  const isLines = tryParse(bytes.toString()) === undefined;
  return (random) => {
    if (random.below(8) === 0) return mutateBytes(gzipSync(bytes), random);
    const plain =
      random.below(3) === 0 ? mutateBytes(bytes, random) : Buffer.from(textOf(lines, isLines, random));
    return random.below(16) === 0 ? gzipSync(plain) : plain;
  };
}

function textOf(value: JsonValue | undefined | (JsonValue | undefined)[], isLines: boolean, random: Random) {
  const mutated = mutateJson(value as JsonValue, random);
  return isLines && Array.isArray(mutated)
    ? mutated.map((line) => `${JSON.stringify(line)}\n`).join("")
    : JSON.stringify(mutated);
}

function tryParse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of the file are others, or an entry is, whose CRC is that of what it has become. */
function damagedZip(bytes: Buffer): DamagedLog {
  const parts = entriesOf(bytes);
  const drawers = parts.map(({ content }) => damagedText(content));
  return (random) => {
    if (random.below(3) === 0) return mutateBytes(bytes, random);
    const at = random.below(parts.length);
    const isPacked = random.below(2) === 0;
    const changed = parts.map(({ name, content }, index) => ({
      name,
      content: index === at ? (drawers[at]?.(random) ?? content) : content,
      ...(isPacked && { method: 8, compress: (part: Uint8Array) => deflateRawSync(part) }),
    }));
    return zipOf(changed);
  };
}

/** The entries of a ZIP file, by its directory (APPNOTE 4.3.12). */
function entriesOf(zip: Buffer): { name: string; content: Buffer }[] {
  const end = zip.lastIndexOf("PK\x05\x06", undefined, "latin1");
  const entries: { name: string; content: Buffer }[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [nameBytes, extraBytes] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30)];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const packed = zip.subarray(start, start + zip.readUInt32LE(at + 20));
    const method = zip.readUInt16LE(at + 10);
    const content =
      method === 8 ? inflateRawSync(packed) : method === 93 ? zstdDecompressSync(packed) : packed;
    entries.push({ name: zip.toString("utf8", at + 46, at + 46 + nameBytes), content });
    at += 46 + nameBytes + extraBytes + zip.readUInt16LE(at + 32);
  }
  return entries;
}

/** Bytes are others, of which those in a row group are within what the file's checksum says. */
function damagedParquet(bytes: Buffer): DamagedLog {
  const found = /\[\[(\d+),(\d+),(\d+),(\d+)\]\]/.exec(bytes.toString("latin1"));
  if (found === null) throw new Error("expected the checksum of one row group");
  const [, rows, begin, end, sum = ""] = found;
  const [start, stop] = [Number(begin), Number(end)];
  return (random) => {
    if (random.below(3) === 0) return mutateBytes(bytes, random);
    const mutated = Buffer.from(bytes);
    for (let left = random.below(4); left >= 0; left--)
      mutated[start + random.below(stop - start)] = random.below(256);
    const repaired = String(crc32(mutated.subarray(start, stop)));
    // A checksum of another length would move the file's metadata, whose length stands at its end.
    if (repaired.length !== sum.length) return mutated;
    const [old, now] = [sum, repaired].map((value) => `[[${rows},${begin},${end},${value}]]`) as [
      string,
      string,
    ];
    mutated.write(now, mutated.indexOf(old, undefined, "latin1"), "latin1");
    return mutated;
  };
}
