import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { contract, expectFailure, maxMessageBytes, sample, wires } from "./support.ts";

const service = contract();
const mib = 1024 * 1024;

describe.each(wires)("over %s", (wire) => {
  async function benchmark(): Promise<string> {
    return (await service.benchmarks(wire).createBenchmark(sample)).benchmark?.id ?? "";
  }

  test("a request that is too large is refused with its reason", async () => {
    const call = service
      .benchmarks(wire)
      .createBenchmark({ ...sample, description: "x".repeat(maxMessageBytes) });
    await expectFailure(call, { code: Code.ResourceExhausted, reason: "MESSAGE_TOO_LARGE" });
  });

  test("lists and exports of large rows come in messages that can be sent", async () => {
    const api = service.benchmarks(wire);
    const benchmarkId = await benchmark();
    for (let i = 0; i < 6; i++) {
      await api.createEvaluation({
        benchmarkId,
        input: "x".repeat(mib),
        output: "o",
        metadata: { a: "y".repeat(900_000) },
      });
    }
    let rows = 0;
    for await (const { evaluations } of api.exportEvaluations({ benchmarkId })) rows += evaluations.length;
    expect(rows).toBe(6);
  });

  test("whatever can be stored can be read and exported", async () => {
    const api = service.benchmarks(wire);
    const benchmarkId = await benchmark();
    const { evaluation } = await api.createEvaluation({
      benchmarkId,
      input: "i".repeat(2 * mib),
      output: "o".repeat(1.9 * mib),
    });
    const id = evaluation?.id ?? "";
    // Refusing this is as good as being able to send it back.
    await api.updateEvaluation({ id, expected: "e".repeat(2 * mib) }).catch(() => undefined);
    expect((await api.getEvaluation({ id })).evaluation?.id).toBe(id);
    expect(await Array.fromAsync(api.exportEvaluations({ benchmarkId }))).toHaveLength(1);
  });

  test("results of many small numbers can be read again", async () => {
    const api = service.benchmarks(wire);
    const id = await benchmark();
    const numbers = Array.from({ length: 300_000 }, () => 0);
    await api.updateBenchmark({ id, metrics: { numbers } });
    await api.updateBenchmark({ id, name: "n" });
    await api.updateBenchmark({ id, metadata: { numbers } }).catch(() => undefined);
    expect((await api.getBenchmark({ id })).benchmark?.id).toBe(id);
  });
});
