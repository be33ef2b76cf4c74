import { fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { describe, expect, test } from "vitest";
import {
  ServerReflection,
  type ServerReflectionRequestSchema,
} from "../../gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { eventually, within } from "../harness/waiting.ts";
import { serve, type TestServer } from "./support.ts";

type Question = NonNullable<MessageInitShape<typeof ServerReflectionRequestSchema>["messageRequest"]>;

async function ask({ grpcTarget }: TestServer, version: string, ...questions: Question[]) {
  const transport = createGrpcTransport({ baseUrl: `http://${grpcTarget}` });
  async function* requests() {
    for (const messageRequest of questions) yield { host: "h", messageRequest };
  }
  const stream =
    version === "v1"
      ? createClient(ServerReflection, transport).serverReflectionInfo(requests())
      : createClient(ServerReflectionAlpha, transport).serverReflectionInfo(
          requests() as AsyncIterable<object>,
        );
  const answers = [];
  for await (const { messageResponse, originalRequest, validHost } of stream) {
    expect(originalRequest?.messageRequest).toMatchObject({ case: questions[answers.length]?.case });
    expect(validHost).toBe("h");
    answers.push(messageResponse);
  }
  return answers;
}

function filesOf(answer: Awaited<ReturnType<typeof ask>>[number] | undefined): FileDescriptorProto[] {
  if (answer?.case !== "fileDescriptorResponse") throw new Error(`got ${answer?.case}`);
  return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  test("lists every service, itself too", async () => {
    const [answer] = await ask(await serve(), version, { case: "listServices", value: "" });
    expect(answer).toMatchObject({
      case: "listServicesResponse",
      value: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "ltb.v1.BenchmarkService" },
          { name: "ltb.v1.SystemService" },
        ],
      },
    });
  });

  test.each([
    ["ltb.v1.BenchmarkService", "ltb/v1/benchmark_service.proto"],
    ["ltb.v1.BenchmarkService.GetBenchmark", "ltb/v1/benchmark_service.proto"],
    ["ltb.v1.Benchmark", "ltb/v1/benchmark.proto"],
    ["ltb.v1.Benchmark.total_iterations", "ltb/v1/benchmark.proto"],
    ["ltb.v1.BENCHMARK_STATUS_RUNNING", "ltb/v1/benchmark.proto"],
    ["google.rpc.ErrorInfo", "google/rpc/error_details.proto"],
  ])("gives the file of %s with all it imports", async (symbol, expected) => {
    const [answer] = await ask(await serve(), version, { case: "fileContainingSymbol", value: symbol });
    const files = filesOf(answer);
    expect(files[0]?.name).toBe(expected);
    const names = files.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(files.flatMap(({ dependency }) => dependency)));
    expect(new Set(names).size).toBe(names.length);
  });

  test("answers several questions on one stream, the unknown with an error", async () => {
    const answers = await ask(
      await serve(),
      version,
      { case: "fileByFilename", value: "google/protobuf/timestamp.proto" },
      { case: "fileByFilename", value: "nope.proto" },
      { case: "fileContainingSymbol", value: "ltb.v1.Nope" },
      {
        case: "fileContainingExtension",
        value: { containingType: "ltb.v1.Benchmark", extensionNumber: 100 },
      },
      { case: "allExtensionNumbersOfType", value: "ltb.v1.Benchmark" },
      { case: "allExtensionNumbersOfType", value: "ltb.v1.Nope" },
    );
    expect(filesOf(answers[0])[0]?.name).toBe("google/protobuf/timestamp.proto");
    for (const index of [1, 2, 3, 5]) {
      expect(answers[index]).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    }
    expect(answers[4]).toMatchObject({ case: "allExtensionNumbersResponse", value: { extensionNumber: [] } });
  });
});

test("an idle reflection stream does not hold up the server's stop", async () => {
  const server = await serve();
  const transport = createGrpcTransport({ baseUrl: `http://${server.grpcTarget}` });
  async function* idle() {
    yield { messageRequest: { case: "listServices" as const, value: "" } };
    await new Promise(() => undefined);
  }
  let answered = false;
  const reading = (async () => {
    for await (const _ of createClient(ServerReflection, transport).serverReflectionInfo(idle()))
      answered = true;
  })();
  reading.catch(() => undefined);
  await eventually(() => answered);
  await within(1_900, server.stop());
});
