import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { expect, onTestFinished, test } from "vitest";
import { BenchmarkService, type WatchBenchmarksResponse } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { startTestService } from "../cli/support.ts";
import { sample } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";
import { reasonOf } from "../rpc/support.ts";

/** Reads a stream in the background. */
function reading(stream: AsyncIterable<WatchBenchmarksResponse>) {
  const watch: { messages: WatchBenchmarksResponse[]; failure?: ConnectError } = { messages: [] };
  void (async () => {
    for await (const message of stream) watch.messages.push(message);
  })().catch((error) => {
    watch.failure = error;
  });
  return watch;
}

test("watches on both ports end with UNAVAILABLE when the server drains, at once", async () => {
  const service = await startTestService();
  onTestFinished(() => service.stop());
  const grpc = createGrpcTransport({ baseUrl: `http://${service.address}` });
  const http = createConnectTransport({
    baseUrl: `http://127.0.0.1:${service.httpAddress.port}`,
    httpVersion: "1.1",
  });
  const clients = [grpc, http].map((transport) => createClient(BenchmarkService, transport));
  const watches = clients.map((client) => reading(client.watchBenchmarks({})));
  await eventually(() => watches.every(({ messages }) => messages.length > 0));
  const { benchmark } = (await clients[0]?.createBenchmark(sample)) ?? {};
  await eventually(() =>
    watches.every(({ messages }) => messages.some((message) => message.benchmark?.id === benchmark?.id)),
  );
  const started = performance.now();
  await service.stop();
  // Long before the calls that may still end by themselves are cut off.
  expect(performance.now() - started).toBeLessThan(8_000);
  await eventually(() => watches.every(({ failure }) => failure !== undefined));
  for (const { failure } of watches) {
    expect(failure?.code).toBe(Code.Unavailable);
    expect(failure && reasonOf(failure)).toBe("SHUTTING_DOWN");
  }
});
