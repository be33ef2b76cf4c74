import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { contract, expectFailure, maxMessageBytes, sample, type Wire, wires } from "./support.ts";

const service = contract();
const mib = 1024 * 1024;

async function newBenchmark(wire: Wire): Promise<string> {
  return (await service.benchmarks(wire).createBenchmark(sample)).benchmark?.id ?? "";
}

describe.each(wires)("over %s", (wire) => {
  test("a request that is too large is refused with its reason", async () => {
    const call = service
      .benchmarks(wire)
      .createBenchmark({ ...sample, description: "x".repeat(maxMessageBytes) });
    await expectFailure(call, { code: Code.ResourceExhausted, reason: "MESSAGE_TOO_LARGE" });
  });

  test("after requests that were too large the connection serves on", async () => {
    const api = service.benchmarks(wire);
    for (let i = 0; i < 5; i++) {
      const large = api.createBenchmark({ ...sample, description: "x".repeat(maxMessageBytes + i * 50_000) });
      await expect(large).rejects.toMatchObject({ code: Code.ResourceExhausted });
      const { benchmark } = await api.createBenchmark(sample, { timeoutMs: 3_000 });
      expect(benchmark).toMatchObject(sample);
    }
  });
});

// What is in a message is the same over every wire.
describe("what was stored", () => {
  const api = () => service.benchmarks("gRPC");

  test("comes in lists and exports of messages that can be sent", async () => {
    const benchmarkId = await newBenchmark("gRPC");
    const row = { benchmarkId, input: "x".repeat(mib), output: "o", metadata: { a: "y".repeat(900_000) } };
    for (let i = 0; i < 5; i++) await api().createEvaluation(row);
    let rows = 0;
    for await (const { evaluations } of api().exportEvaluations({ benchmarkId })) rows += evaluations.length;
    expect(rows).toBe(5);
  });

  test("can be read and exported again, because a row too large for a message is refused however it comes", async () => {
    const benchmarkId = await newBenchmark("gRPC");
    const texts = { input: "i".repeat(2 * mib), output: "o".repeat(1.5 * mib) };
    const { evaluation } = await api().createEvaluation({ benchmarkId, ...texts });
    const id = evaluation?.id ?? "";
    const growing = api().updateEvaluation({ id, expected: "e".repeat(mib) });
    await expect(growing).rejects.toThrow(/together must have at most 3800000 bytes/);
    expect((await api().getEvaluation({ id })).evaluation?.id).toBe(id);
    expect(await Array.fromAsync(api().exportEvaluations({ benchmarkId }))).toHaveLength(1);
    const atOnce = api().createEvaluation({ benchmarkId, ...texts, expected: "e".repeat(0.4 * mib) });
    await expect(atOnce).rejects.toThrow(/together must have at most 3800000 bytes/);
  });

  test("can be read again, because JSON is measured as the Struct that it becomes", async () => {
    const id = await newBenchmark("gRPC");
    const numbers = (count: number) => ({ numbers: Array.from({ length: count }, () => 0) });
    const refused = api().updateBenchmark({ id, metrics: numbers(250_000) });
    await expect(refused).rejects.toThrow(/metrics: must take at most 1048576 bytes/);
    await api().updateBenchmark({ id, metrics: numbers(80_000), metadata: numbers(80_000) });
    expect((await api().getBenchmark({ id })).benchmark?.id).toBe(id);
  });
});
