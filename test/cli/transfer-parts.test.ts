import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BenchmarkService, type ExportEvaluationsRequest } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { EvaluationSchema, EvaluationView } from "../../gen/ltb/v1/evaluation_pb.ts";
import { importedId } from "../../src/cli/transfer/import-benchmark.ts";
import { readEvaluations } from "../../src/cli/transfer/read-evaluations.ts";
import { csvLines, metricNames } from "../../src/cli/transfer/text-formats.ts";

test("the id of an imported benchmark is a UUIDv8 made of user and key; an exported one keeps its own", () => {
  expect(importedId("u", "inspect:abc")).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  expect(importedId("u", "inspect:abc")).toBe(importedId("u", "inspect:abc"));
  expect(importedId("u", "inspect:abc")).not.toBe(importedId("u", "inspect:abd"));
  expect(importedId("u", "inspect:abc")).not.toBe(importedId("v", "inspect:abc"));
  const exported = "ltb:01890A5D-AC96-774B-BCCE-B302099A8057";
  expect(importedId("u", exported)).toBe("01890a5d-ac96-774b-bcce-b302099a8057");
  expect(importedId("u", "ltb:no-uuid")).toMatch(/^[0-9a-f-]{36}$/);
});

/** Three chunks, "0" to "2"; `fail` says what breaks after which of them. */
function exporter(fail: (request: ExportEvaluationsRequest, chunk: number) => Error | undefined) {
  const tokens: string[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(BenchmarkService, {
      async *exportEvaluations(request) {
        tokens.push(request.pageToken);
        for (let chunk = Number(request.pageToken || 0); chunk < 3; chunk++) {
          yield { evaluations: [{ id: String(chunk) }], nextPageToken: chunk === 2 ? "" : String(chunk + 1) };
          const failure = fail(request, chunk);
          if (failure !== undefined) throw failure;
        }
      },
    });
  });
  return { client: createClient(BenchmarkService, transport), tokens };
}

async function idsOf(chunks: AsyncIterable<{ id: string }[]>): Promise<string[]> {
  const ids: string[] = [];
  for await (const chunk of chunks) ids.push(...chunk.map(({ id }) => id));
  return ids;
}

test("an export that breaks is resumed after the last chunk", async () => {
  const { client, tokens } = exporter(({ pageToken }, chunk) =>
    pageToken === "" && chunk === 1 ? new ConnectError("gone", Code.Unavailable) : undefined,
  );
  expect(await idsOf(readEvaluations(client, "b", EvaluationView.FULL))).toEqual(["0", "1", "2"]);
  expect(tokens).toEqual(["", "2"]);
});

test("an export that fails for another reason is not tried again", async () => {
  const { client, tokens } = exporter(() => new ConnectError("no", Code.PermissionDenied));
  await expect(idsOf(readEvaluations(client, "b", EvaluationView.FULL))).rejects.toThrow("no");
  expect(tokens).toEqual([""]);
});

async function csv(...evaluations: MessageInitShape<typeof EvaluationSchema>[]): Promise<string[]> {
  async function* chunks() {
    yield evaluations.map((evaluation) => create(EvaluationSchema, evaluation));
  }
  const lines = [];
  for await (const piece of csvLines(await metricNames(chunks()), chunks())) lines.push(piece);
  return lines.join("").split("\n");
}

test("CSV holds metrics of every kind, objects as JSON, and tells unset from empty", async () => {
  const [head, first, second] = await csv(
    { id: "1", output: "", metricsJson: '{"b": true, "a": 0.1}', metadataJson: '{"k": ["v"]}' },
    { id: "2", score: -0.5, metricsJson: '{"c": {"d": 1}}' },
  );
  expect(head).toBe(
    "id,benchmark_id,sample_id,repetition,provider,model,input,output,expected,metrics.a,metrics.b,metrics.c,score,error," +
      "latency_ms,input_tokens,output_tokens,cost_usd,metadata,created_at,updated_at,created_by",
  );
  expect(first).toBe('1,"","",0,"","","","",,0.1,true,,,"",,,,,"{""k"":[""v""]}",,,""');
  expect(second).toBe('2,"","",0,"","","",,,,,"{""d"":1}",-0.5,"",,,,,,,,""');
});

test("CSV takes the bite out of texts that a spreadsheet would run, where that is asked for", async () => {
  const texts = ['=HYPERLINK("http://x","y")', "@SUM(1)", "-2+3", "+1", "\t=1", " =1", "a=1", "'=1"];
  const evaluations = texts.map((output) => create(EvaluationSchema, { output, score: -1 }));
  async function* chunks() {
    yield evaluations;
  }
  const outputs = async (options?: { safeFormulas: boolean }) => {
    const lines = (await Array.fromAsync(csvLines(["=m"], chunks(), options))).join("").trim().split("\n");
    return {
      head: lines[0],
      outputs: lines.slice(1).map((line) => /"",0,"","","",(.*),,,-1,/.exec(line)?.[1]),
    };
  };
  expect(await outputs({ safeFormulas: true })).toEqual({
    head: expect.stringContaining(",metrics.=m,"),
    outputs: [
      '"\'=HYPERLINK(""http://x"",""y"")"',
      ...["'@SUM(1)", "'-2+3", "'+1", "'\t=1", "' =1", "a=1", "'=1"],
    ],
  });
  expect((await outputs()).outputs).toEqual(['"=HYPERLINK(""http://x"",""y"")"', ...texts.slice(1)]);
});
