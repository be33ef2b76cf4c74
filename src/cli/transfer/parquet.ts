import { crc32, zstdCompressSync } from "node:zlib";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import type { Benchmark } from "../../../gen/ltb/v1/benchmark_pb.ts";
import type { Evaluation } from "../../../gen/ltb/v1/evaluation_pb.ts";
import { headerOf } from "./text-formats.ts";

/** A row group is in memory until it has this many rows or about this many bytes of text. */
const GROUP_ROWS = 20_000;
const GROUP_BYTES = 4 * 1024 * 1024;

interface Column {
  element: SchemaElement;
  /** Null where the evaluation has no value. */
  value: (evaluation: Evaluation) => string | number | bigint | Uint8Array | null;
  /** Least and greatest value of each row group, for queries that filter. Not for texts, which are long. */
  statistics: boolean;
}

const required = { repetition_type: "REQUIRED" } as const;
const optional = { repetition_type: "OPTIONAL" } as const;
const string = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } } as const;
const json = { type: "BYTE_ARRAY", logical_type: { type: "JSON" } } as const;
const int32 = { type: "INT32" } as const;
const double = { type: "DOUBLE" } as const;
const time = {
  type: "INT64",
  converted_type: "TIMESTAMP_MICROS",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
} as const;

type Kind = Omit<SchemaElement, "name">;

function column(name: string, kind: Kind, value: Column["value"], statistics = true): Column {
  return { element: { ...kind, name }, value, statistics };
}

/** The fields of `Evaluation` in its order, with its names. An empty text that stands for none is null. */
const columns: readonly Column[] = [
  column("id", { ...string, ...required }, ({ id }) => id),
  column("benchmark_id", { ...string, ...required }, ({ benchmarkId }) => benchmarkId),
  column("sample_id", { ...string, ...optional }, ({ sampleId }) => sampleId || null),
  column("repetition", { ...int32, ...required }, ({ repetition }) => repetition),
  column("provider", { ...string, ...required }, ({ provider }) => provider),
  column("model", { ...string, ...required }, ({ model }) => model),
  column("input", { ...string, ...required }, ({ input }) => input, false),
  column("output", { ...string, ...optional }, ({ output }) => output ?? null, false),
  column("expected", { ...string, ...optional }, ({ expected }) => expected ?? null, false),
  column("metrics", { ...json, ...optional }, ({ metricsJson }) => jsonBytes(metricsJson), false),
  column("score", { ...double, ...optional }, ({ score }) => score ?? null),
  column("error", { ...string, ...optional }, ({ error }) => error || null, false),
  column("latency_ms", { ...double, ...optional }, ({ latencyMs }) => latencyMs ?? null),
  column("input_tokens", { ...int32, ...optional }, ({ inputTokens }) => inputTokens ?? null),
  column("output_tokens", { ...int32, ...optional }, ({ outputTokens }) => outputTokens ?? null),
  column("cost_usd", { ...double, ...optional }, ({ costUsd }) => costUsd ?? null),
  column("metadata", { ...json, ...optional }, ({ metadataJson }) => jsonBytes(metadataJson), false),
  column("created_at", { ...time, ...optional }, ({ createdAt }) => micros(createdAt)),
  column("updated_at", { ...time, ...optional }, ({ updatedAt }) => micros(updatedAt)),
  column("created_by", { ...string, ...optional }, ({ createdBy }) => createdBy || null),
];

/**
 * Parquet (parquet-format 2, pages in zstd): a row an evaluation, and the benchmark as proto3 JSON under
 * `ltb_export` in the file's metadata. `ltb import` reads it. Holds one row group in memory. `ltb_crc32`
 * there is a JSON array with the rows of each row group, where it begins and ends in the file, and its
 * CRC-32, by which the import knows what is whole of a damaged file.
 */
export async function* parquetPieces(
  benchmark: Benchmark,
  chunks: AsyncIterable<Evaluation[]>,
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter(GROUP_BYTES);
  const about = [{ key: "ltb_export", value: headerOf(benchmark) }];
  const parquet = new ParquetWriter({
    writer: bytes,
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(({ element }) => element)],
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input) },
    kvMetadata: about,
    createdBy: "llm-test-bench-persistence",
  });
  // The writer counts its offset separately from its buffer, which starts again once it is handed out.
  let size = 0;
  const written = () => {
    const piece = bytes.getBytes().slice();
    bytes.index = 0;
    size += piece.length;
    return piece;
  };
  const groups: [rows: number, start: number, end: number, checksum: number][] = [];
  for await (const group of groupsOf(chunks)) {
    const columnData = columns.map(({ element, value, statistics }) => ({
      name: element.name,
      data: group.map(value),
      statistics,
      offsetIndex: false,
    }));
    await parquet.write({ columnData, rowGroupSize: group.length });
    const start = size;
    const piece = written();
    groups.push([group.length, start, size, crc32(piece)]);
    yield piece;
  }
  yield written();
  about.push({ key: "ltb_crc32", value: JSON.stringify(groups) });
  await parquet.finish();
  yield written();
}

async function* groupsOf(chunks: AsyncIterable<Evaluation[]>): AsyncGenerator<Evaluation[]> {
  let group: Evaluation[] = [];
  let size = 0;
  for await (const evaluations of chunks) {
    for (const evaluation of evaluations) {
      group.push(evaluation);
      size += sizeOf(evaluation);
      if (group.length < GROUP_ROWS && size < GROUP_BYTES) continue;
      yield group;
      group = [];
      size = 0;
    }
  }
  if (group.length > 0) yield group;
}

function sizeOf({ input, output = "", expected = "", error, metadataJson }: Evaluation): number {
  const texts = [input, output, expected, error, metadataJson];
  return texts.reduce((sum, text) => sum + text.length, 200);
}

function jsonBytes(text: string): Uint8Array | null {
  return text === "" ? null : Buffer.from(text);
}

function micros(timestamp: Timestamp | undefined): bigint | null {
  if (timestamp === undefined) return null;
  return timestamp.seconds * 1_000_000n + BigInt(Math.floor(timestamp.nanos / 1000));
}
