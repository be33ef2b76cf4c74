import { once } from "node:events";
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, credentials, type ServiceError as GrpcError, Metadata, status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { callOf } from "../../src/rpc/call/call.ts";
import { eventually } from "../harness/waiting.ts";
import { serve, type TestServer } from "./support.ts";

const getBenchmark = "/ltb.v1.BenchmarkService/GetBenchmark";
const asIs = (bytes: Buffer) => bytes;

function clientOf({ grpcTarget }: TestServer): Client {
  const client = new Client(grpcTarget, credentials.createInsecure());
  onTestFinished(() => client.close());
  return client;
}

/** A call with any bytes as its request: its error, or undefined if it succeeds. */
async function call(client: Client, path: string, request: Buffer, metadata = new Metadata()) {
  return new Promise<GrpcError | undefined>((resolve) => {
    client.makeUnaryRequest(path, asIs, asIs, request, metadata, (error) => resolve(error ?? undefined));
  });
}

function reasonOf(error: GrpcError | undefined): string | undefined {
  const bytes = error?.metadata.get("grpc-status-details-bin")[0];
  return bytes instanceof Buffer ? reasonInStatus(bytes) : undefined;
}

function reasonIn(answer: Record<string, unknown>): string | undefined {
  return reasonInStatus(Buffer.from(String(answer["grpc-status-details-bin"] ?? ""), "base64"));
}

function reasonInStatus(bytes: Buffer): string | undefined {
  const detail = fromBinary(StatusSchema, bytes).details.find(({ typeUrl }) => typeUrl.endsWith("ErrorInfo"));
  return detail && anyUnpack(detail, ErrorInfoSchema)?.reason;
}

/** A request written frame by frame, for what no client would send. */
async function raw({ grpcTarget }: TestServer, path: string, headers: Record<string, string>, body: Buffer) {
  const session = connect(`http://${grpcTarget}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => undefined);
  const answer: Record<string, unknown> = {};
  stream.on("response", (received) => Object.assign(answer, received));
  stream.on("trailers", (received) => Object.assign(answer, received));
  stream.resume();
  stream.end(body);
  await once(stream, "close");
  return answer;
}

const frame = (message: Buffer, compressed = 0) =>
  Buffer.concat([Buffer.from([compressed, 0, 0, message.length >> 8, message.length & 255]), message]);

test.each([
  ["a cut field", Buffer.from([0x0a, 0x05, 0x61])],
  ["an unknown wire type", Buffer.from([0x0f])],
  ["text", Buffer.from("hello, world")],
])("bytes that are no message are INVALID_ARGUMENT: %s", async (_, bytes) => {
  const server = await serve({ get: () => ({}) });
  const error = await call(clientOf(server), getBenchmark, bytes);
  expect(error?.code).toBe(status.INVALID_ARGUMENT);
  expect(error?.details).toContain("ltb.v1.GetBenchmarkRequest");
  expect(reasonOf(error)).toBe("INVALID_ARGUMENT");
  expect(await server.callLine("GetBenchmark")).toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("malformed bytes within a request stream are INVALID_ARGUMENT", async () => {
  const server = await serve({
    collect: async (requests) => {
      let received = 0;
      for await (const _ of requests) received++;
      return { received };
    },
  });
  const client = clientOf(server);
  const error = await new Promise<GrpcError | undefined>((resolve) => {
    const stream = client.makeClientStreamRequest(
      "/ltb.v1.BenchmarkService/StreamEvaluations",
      asIs,
      asIs,
      (failure) => resolve(failure ?? undefined),
    );
    stream.write(Buffer.alloc(0));
    stream.end(Buffer.from([0x0a, 0x05, 0x61]));
  });
  expect(error?.code).toBe(status.INVALID_ARGUMENT);
  expect(reasonOf(error)).toBe("INVALID_ARGUMENT");
});

test.each(["/ltb.v1.BenchmarkService/Nope", "/ltb.v2.BenchmarkService/GetBenchmark", "/"])(
  "unknown method %s is UNIMPLEMENTED",
  async (path) => {
    const error = await call(clientOf(await serve()), path, Buffer.alloc(0));
    expect(error?.code).toBe(status.UNIMPLEMENTED);
    expect(reasonOf(error)).toBe("UNIMPLEMENTED");
  },
);

test("a failed call carries its details and request id in its trailer", async () => {
  const server = await serve();
  const metadata = new Metadata();
  metadata.set("x-request-id", "r-1");
  const error = await call(clientOf(server), getBenchmark, Buffer.alloc(0), metadata);
  expect(error?.code).toBe(status.UNIMPLEMENTED);
  expect(error?.metadata.get("x-request-id")).toEqual(["r-1"]);
  expect(reasonOf(error)).toBe("UNIMPLEMENTED");
});

test("binary metadata reaches the handler in base64 and goes back as bytes", async () => {
  const server = await serve({
    get: (_, context) => {
      context.responseHeader.set("x-echo-bin", context.requestHeader.get("x-data-bin") ?? "");
      return {};
    },
  });
  const metadata = new Metadata();
  metadata.set("x-data-bin", Buffer.from([0, 255, 7]));
  const received = await new Promise<Metadata>((resolve, reject) => {
    const pending = clientOf(server).makeUnaryRequest(
      getBenchmark,
      asIs,
      asIs,
      Buffer.alloc(0),
      metadata,
      (error) => {
        if (error) reject(error);
      },
    );
    pending.on("metadata", resolve);
  });
  expect(received.get("x-echo-bin")).toEqual([Buffer.from([0, 255, 7])]);
});

test.each([
  ["99999999H", "OK"],
  ["2160H", "OK"],
  ["2592000000m", "OK"],
  ["1n", "DEADLINE_EXCEEDED"],
])("the timeout %s ends in %s", async (timeout, expected) => {
  let left: number | undefined;
  const server = await serve({
    get: async (_, context) => {
      left = callOf(context).deadline;
      await new Promise((resolve) => setTimeout(resolve, 30));
      return {};
    },
  });
  const answer = await raw(server, getBenchmark, { "grpc-timeout": timeout }, frame(Buffer.alloc(0)));
  expect(answer["grpc-status"]).toBe(String(status[expected as keyof typeof status]));
  if (expected === "OK") expect((left ?? 0) - Date.now()).toBeGreaterThan(23 * 3_600_000);
});

test("a compression bomb is RESOURCE_EXHAUSTED", async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  expect(bomb.length).toBeLessThan(60_000);
  const answer = await raw(
    await serve({ get: () => ({}) }),
    getBenchmark,
    { "grpc-encoding": "gzip" },
    frame(bomb, 1),
  );
  expect(answer["grpc-status"]).toBe(String(status.RESOURCE_EXHAUSTED));
  expect(reasonIn(answer)).toBe("MESSAGE_TOO_LARGE");
});

test.each([
  ["another content type", { "content-type": "text/plain" }, frame(Buffer.alloc(0)), undefined],
  ["an unknown compression", { "grpc-encoding": "zip" }, frame(Buffer.alloc(3), 1), "UNIMPLEMENTED"],
  ["broken gzip", { "grpc-encoding": "gzip" }, frame(Buffer.from("abc"), 1), "INVALID_ARGUMENT"],
  ["a malformed timeout", { "grpc-timeout": "soon" }, frame(Buffer.alloc(0)), "INVALID_ARGUMENT"],
  ["no message", {}, Buffer.alloc(0), "UNIMPLEMENTED"],
  ["half a message", {}, Buffer.from([0, 0, 0, 0, 9, 1]), "INVALID_ARGUMENT"],
  ["two messages", {}, Buffer.concat([frame(Buffer.alloc(0)), frame(Buffer.alloc(0))]), "UNIMPLEMENTED"],
])("%s is refused, and the server serves on", async (_, headers, body, reason) => {
  const server = await serve({ get: () => ({}) });
  const answer = await raw(server, getBenchmark, headers, body);
  expect(answer["grpc-status"]).not.toBe("0");
  expect(reasonIn(answer)).toBe(reason);
  expect(server.log.filter(({ msg }) => msg === "call")).toHaveLength(reason ? 1 : 0);
  expect(await call(clientOf(server), getBenchmark, Buffer.alloc(0))).toBeUndefined();
});

describe("a request that ends inside a message is INVALID_ARGUMENT, whatever came before", () => {
  const whole = frame(Buffer.from([0x0a, 0x01, 0x61]));
  test.each([
    ["after its flag", whole.subarray(0, 1)],
    ["inside its length", whole.subarray(0, 3)],
    ["after its length", whole.subarray(0, 5)],
    ["inside its bytes", whole.subarray(0, 7)],
  ])("%s", async (_, part) => {
    let outcome = "";
    const server = await serve({
      get: () => ({}),
      collect: async (requests) => {
        try {
          const { length } = await Array.fromAsync(requests);
          outcome = `complete with ${length}`;
        } catch {
          outcome = "cut";
        }
        return { received: 0 };
      },
    });
    const unary = await raw(server, getBenchmark, {}, part);
    const stream = await raw(
      server,
      "/ltb.v1.BenchmarkService/StreamEvaluations",
      {},
      Buffer.concat([whole, part]),
    );
    for (const answer of [unary, stream]) {
      expect(answer).toMatchObject({ "grpc-status": String(status.INVALID_ARGUMENT) });
      expect(decodeURIComponent(String(answer["grpc-message"]))).toContain("ends inside a message");
      expect(reasonIn(answer)).toBe("INVALID_ARGUMENT");
    }
    await eventually(() => outcome);
    expect(outcome).toBe("cut");
    expect(server.log.filter(({ msg }) => msg === "call")).toMatchObject([
      { method: expect.stringContaining("GetBenchmark"), code: "INVALID_ARGUMENT" },
      { method: expect.stringContaining("StreamEvaluations"), code: "INVALID_ARGUMENT" },
    ]);
    expect(await call(clientOf(server), getBenchmark, Buffer.alloc(0))).toBeUndefined();
  });
});

test("calls whose request is too large do not use up their connection", async () => {
  const server = await serve({ get: () => ({}) });
  const session = connect(`http://${server.grpcTarget}`);
  onTestFinished(() => session.destroy());
  let open = 0;
  for (let index = 0; index < 3; index++) {
    const stream = session.request({
      ":method": "POST",
      ":path": getBenchmark,
      "content-type": "application/grpc",
    });
    open++;
    stream.on("error", () => undefined).on("close", () => open--);
    stream.resume();
    // Announces a message of 1 GB and never ends.
    stream.write(Buffer.from([0, 0x40, 0, 0, 0, 1]));
  }
  await eventually(() => open === 0);
});

test("a cancelled request stream does not look complete to the handler", async () => {
  let outcome = "";
  const server = await serve({
    collect: async (requests) => {
      try {
        for await (const _ of requests) outcome = "began";
        outcome = "complete";
      } catch {
        outcome = "cut";
      }
      return { received: 0 };
    },
  });
  const stream = clientOf(server).makeClientStreamRequest(
    "/ltb.v1.BenchmarkService/StreamEvaluations",
    asIs,
    asIs,
    () => undefined,
  );
  stream.on("error", () => undefined);
  stream.write(Buffer.alloc(0));
  await eventually(() => outcome === "began");
  stream.cancel();
  await eventually(() => outcome !== "began");
  expect(outcome).toBe("cut");
});
