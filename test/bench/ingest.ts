/**
 * `npm run bench:ingest [-- --quick --json]`: StreamEvaluations and BatchCreateEvaluations beside COPY, rows
 * per second, the latter also as JSON over HTTP. `stream_client_cpu_s` and its like are seconds of processor
 * for a thousand rows.
 */
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import grpc from "@grpc/grpc-js";
import { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import {
  BatchCreateEvaluationsRequestSchema,
  BatchCreateEvaluationsResponseSchema,
  StreamEvaluationsRequestSchema,
  StreamEvaluationsResponseSchema,
} from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { Database } from "../../src/storage.ts";
import { startBenchPostgres } from "./postgres.ts";
import { processorSeconds } from "./processors.ts";
import { perSecond, Rounds } from "./queue/statistics.ts";
import { copyColumns, copyLine, evaluation, streamMessage } from "./rows.ts";
import { authorization, type BenchServer, startBenchServer } from "./server.ts";

const { values: options } = parseArgs({
  options: { quick: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
});
const rows = options.quick ? 24_000 : 96_000;
const rounds = options.quick ? 3 : 5;
const rowsPerMessage = 100;
const batchMethod = "/ltb.v1.BenchmarkService/BatchCreateEvaluations";

await using started = new AsyncDisposableStack();
const { connection, dataDir, url } = await startBenchPostgres(started);
const server = await startBenchServer(url, dataDir);
started.defer(() => server.stop());
const db = await Database.connect(connection);
started.defer(() => db.close());
const copier = new Client(connection);
await copier.connect();
started.defer(() => copier.end());

let prepared: Uint8Array[] = [];
const measured = new Rounds();
const backend = (await copier.query("select pg_backend_pid() as pid")).rows[0];
for (let round = 0; round < rounds; round++) {
  await measure("copy", copy);
  await measure("stream", () => stream(0, prepared.length));
  await measure("stream8", async () => {
    const share = prepared.length / 8;
    await Promise.all(Array.from({ length: 8 }, (_, part) => stream(part * share, share)));
  });
  await measure("batch", () => batches(grpcCaller()));
  await measure("batch_json", () => batches(httpCaller()));
}

const figures: Record<string, number> = { ...measured.figures(), rss_mb: server.peakRssMb() };
const vsCopy = (way: string) => measured.ratio(`${way}_rows_per_s`, "copy_rows_per_s") ?? Number.NaN;
const ratios = {
  ingest_vs_copy: vsCopy("stream"),
  ingest_8_streams_vs_copy: vsCopy("stream8"),
  batch_vs_copy: vsCopy("batch"),
  batch_json_vs_batch: measured.ratio("batch_json_rows_per_s", "batch_rows_per_s") ?? Number.NaN,
};
print({ rows, rounds, figures, ratios });

async function measure(way: string, run: () => Promise<void>): Promise<void> {
  const { id } = await newBenchmark();
  prepared = prepare(way, id);
  const before = processorSeconds(server.pid, backend.pid);
  const startedAt = performance.now();
  await run();
  measured.add(`${way}_rows_per_s`, perSecond(rows, startedAt));
  measured.addProcessors(way, rows, before, processorSeconds(server.pid, backend.pid));
  const stored = await copier.query(
    "select count(*)::int as count from evaluations where benchmark_id = $1",
    [id],
  );
  if (stored.rows[0].count !== rows) throw new Error(`${way} stored ${stored.rows[0].count} of ${rows} rows`);
  await copier.query("truncate evaluations, benchmark_count_deltas, metric_deltas, metric_rollups");
  await copier.query("checkpoint");
}

function newBenchmark() {
  return db.benchmarks.create({ name: "bench", provider: "openai", model: "gpt-4", dataset: "synthetic" });
}

async function copy(): Promise<void> {
  const target = copier.query(copyFrom(`copy evaluations (${copyColumns}) from stdin`));
  await pipeline(Readable.from(prepared as Buffer[]), target);
}

/** What a way sends, made before its time is taken: producing rows is the business of the caller. */
function prepare(way: string, id: string): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const size = way.startsWith("batch") ? 500 : rowsPerMessage;
  for (let first = 0; first < rows; first += size) {
    if (way === "copy") {
      chunks.push(
        Buffer.from(Array.from({ length: size }, (_, index) => copyLine(id, first + index)).join("")),
      );
    } else if (way === "batch_json") {
      // Documents are texts, as the package for Python sends them.
      const evaluations = Array.from({ length: size }, (_, index) => {
        const { metrics, metadata, ...row } = evaluation(first + index);
        return { ...row, metricsJson: JSON.stringify(metrics), metadataJson: JSON.stringify(metadata) };
      });
      chunks.push(Buffer.from(JSON.stringify({ benchmarkId: id, evaluations })));
    } else if (way === "batch") {
      const { evaluations } = fromBinary(StreamEvaluationsRequestSchema, streamMessage(id, first, size));
      const request = create(BatchCreateEvaluationsRequestSchema, { benchmarkId: id, evaluations });
      chunks.push(toBinary(BatchCreateEvaluationsRequestSchema, request));
    } else {
      chunks.push(streamMessage(id, first, size));
    }
  }
  return chunks;
}

/** One stream with the prepared messages from `first` on, `share` of them. */
function stream(first: number, share: number): Promise<void> {
  const messages = prepared.slice(first, first + share);
  const count = messages.length * rowsPerMessage;
  return new Promise((resolve, reject) => {
    const client = newClient(server);
    const call = client.makeClientStreamRequest(
      "/ltb.v1.BenchmarkService/StreamEvaluations",
      (message: Uint8Array) => Buffer.from(message),
      (bytes: Buffer) => fromBinary(StreamEvaluationsResponseSchema, bytes),
      authorization(server.key),
      (error, response) => {
        client.close();
        if (error) reject(error);
        else if (response?.inserted !== count)
          reject(new Error(`stored ${response?.inserted} of ${count} rows`));
        else resolve();
      },
    );
    pipeline(Readable.from(messages), call as unknown as Writable).catch(reject);
  });
}

interface Caller {
  call(request: Uint8Array): Promise<unknown>;
  close(): void;
}

/** Four callers that share one connection of gRPC, or have one of HTTP each. */
async function batches({ call, close }: Caller): Promise<void> {
  const queue = prepared.values();
  const worker = async () => {
    for (const request of queue) await call(request);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  close();
}

function grpcCaller(): Caller {
  const client = newClient(server);
  const call = (request: Uint8Array) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        batchMethod,
        (message: Uint8Array) => Buffer.from(message),
        (bytes: Buffer) => fromBinary(BatchCreateEvaluationsResponseSchema, bytes),
        request,
        authorization(server.key),
        (error, response) => (error ? reject(error) : resolve(response)),
      );
    });
  return { call, close: () => client.close() };
}

function httpCaller(): Caller {
  const headers = { authorization: `Bearer ${server.key}`, "content-type": "application/json" };
  const call = async (body: Uint8Array) => {
    const answer = await fetch(`http://${server.httpAddress}${batchMethod}`, {
      method: "POST",
      headers,
      body: Buffer.from(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
  };
  return { call, close: () => undefined };
}

function newClient({ address }: BenchServer): grpc.Client {
  return new grpc.Client(address, grpc.credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
}

function print(result: {
  figures: Record<string, number>;
  ratios: Record<string, number>;
  [key: string]: unknown;
}): void {
  if (options.json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(`${rows} rows of about 1 kB, medians of ${rounds} rounds`);
  for (const [name, value] of Object.entries(result.figures))
    console.log(name.padEnd(28), value < 100 ? value.toPrecision(3) : Math.round(value));
  for (const [name, value] of Object.entries(result.ratios)) console.log(name.padEnd(28), value.toFixed(2));
}
