import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll as afterTests, beforeAll, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { afterAll, type PromptfooRun } from "../../src/integrations/promptfoo.ts";
import { commands, startTestService } from "../cli/support.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { within } from "../harness/waiting.ts";
import { output } from "../import/promptfoo-fixture.ts";

let service: Awaited<ReturnType<typeof startTestService>>;
let ltb: ReturnType<typeof commands>;
let told: string[];
beforeAll(async () => {
  service = await startTestService();
  ltb = commands(service.address);
});
afterTests(() => service.stop());
beforeEach(() => {
  told = [];
  const spy = vi.spyOn(console, "warn").mockImplementation((line) => void told.push(line));
  onTestFinished(() => {
    spy.mockRestore();
    vi.unstubAllEnvs();
  });
});

/** Calls the hook as promptfoo does at the end of a run. */
function end(run: Partial<PromptfooRun> = {}, address = service.address): Promise<void> {
  vi.stubEnv("LTB_ADDRESS", address);
  const { evalId, config, results } = output;
  return afterAll({ evalId, config, prompts: results.prompts, results: results.results, ...run });
}

/** A port that takes connections and handles them so. */
async function listen(handle: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    handle(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  ["with a description", "eval-one-2026-03-02T09:30:00", {}],
  ["without one, by the name of its output", "eval-two-2026-03-02T09:30:00", { description: undefined }],
])("a run %s is what `ltb import` makes of its output", async (_, evalId, about) => {
  const config = { ...output.config, ...about, outputPath: ["runs/answers.json"] };
  await end({ evalId, config });
  expect(told.map((line) => / (\d+ stored.*)/.exec(line)?.[1])).toEqual(
    Array(4).fill("3 stored, 0 were there"),
  );
  const path = join(temporaryFolder(), "answers.json");
  await writeFile(path, JSON.stringify({ ...output, evalId, config }));
  const { benchmarks } = await ltb.json("import", path);
  expect(benchmarks).toMatchObject(
    Array(4).fill({ created: false, inserted: 0, duplicates: 3, conflicts: 0 }),
  );
  expect(await ltb.json("benchmark", "show", benchmarks[0].id)).toMatchObject({
    status: "BENCHMARK_STATUS_COMPLETED",
    dataset: "description" in about ? "answers" : "Geography",
    started_at: "2026-03-02T09:30:00Z",
  });
});

test("what cannot be stored is told, and the rest is stored", async () => {
  const [first, ...rest] = output.results.results;
  await end({ evalId: "eval-bad-2026-03-02T09:30:00", results: [{ ...first, latencyMs: -1 }, ...rest] });
  expect(told.join("\n")).toMatch(/field latencyMs: expected a number of 0 or more, found -1/);
  expect(told.filter((line) => / stored, 0 were there/.test(line))).toHaveLength(4);
});

test("a service that is down, and an address that is none, fail no run", async () => {
  await end({}, "127.0.0.1:1");
  await end({}, "nowhere");
  expect(told).toHaveLength(2);
  for (const line of told) expect(line).toMatch(/not stored in whole: .+ltb import promptfoo.json/);
  expect(told[1]).toContain("address: expected host:port");
});

test("a service that is silent, from the first call or within an upload, holds a run up for 5 s", async () => {
  const silent = await listen(() => undefined);
  const stalling = await listen((socket) => {
    const { port } = service.grpcAddress;
    const upstream = connect(port, "127.0.0.1").on("error", () => undefined);
    let taken = 0;
    upstream.pipe(socket);
    socket.on("data", (chunk) => {
      taken += chunk.length;
      if (taken < 300_000) upstream.write(chunk);
    });
    socket.on("close", () => upstream.destroy());
  });
  const [first] = output.results.results;
  const long = { ...first, prompt: { ...first?.prompt, raw: "x".repeat(1_000_000) } };
  const results = [0, 1, 2, 3].map((testIdx) => ({ ...long, testIdx }));
  await within(8_000, end({}, silent));
  await within(12_000, end({ evalId: "eval-big-2026-03-02T09:30:00", results }, stalling));
  expect(told).toHaveLength(2);
  for (const line of told) expect(line).toMatch(/not stored in whole/);
});
