import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { type DescMethod, fromJson, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exampleOf, ltbMethods } from "../../src/cli/grpcurl/methods.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningService, serve } from "../../src/serve.ts";
import { createTestDatabase } from "../harness/postgres.ts";
import { type Random, seededRandom } from "../harness/random.ts";
import type { LogLine } from "./support.ts";

const log: LogLine[] = [];
let service: RunningService;
beforeAll(async () => {
  const connection = await createTestDatabase();
  const env = { LTB_GRPC_ADDRESS: "127.0.0.1:0", LTB_HTTP_ADDRESS: "127.0.0.1:0", LTB_AUTH: "off" };
  const config = {
    ...loadConfig({ env, cwd: import.meta.dirname }),
    database: { kind: "external", connection, migration: undefined, replica: undefined, listen: true },
  } as const;
  service = await serve(config, {
    log: createLogger("info", { write: (line) => log.push(JSON.parse(line)) }),
  });
});
afterAll(() => service.stop());

/** Calls on each port, and how many of them at once. */
const calls = 3_000;
const atOnce = 16;

// Hashing a password takes longer than everything else, and claims and watches wait for something to happen.
const methods = ltbMethods.filter(
  ({ name }) => !/^(Login|CreateUser|ChangePassword|ClaimJobs|Watch.*)$/.test(name),
);
const pathOf = ({ parent, name }: DescMethod) => `/${parent.typeName}/${name}`;

/** A few bytes of the message are others, missing, or too many; or it is nothing but noise. */
function spoil(message: Buffer, random: Random): Buffer {
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));
  const at = random.below(message.length + 1);
  switch (random.below(5)) {
    case 0:
      return noise(random.below(60));
    case 1:
      return message.subarray(0, at);
    case 2:
      return Buffer.concat([message.subarray(0, at), noise(1 + random.below(8)), message.subarray(at)]);
    default: {
      const spoilt = Buffer.from(message);
      for (let left = random.below(6); left >= 0 && spoilt.length > 0; left--)
        spoilt[random.below(spoilt.length)] = random.below(256);
      return spoilt;
    }
  }
}

/** The envelope of a message, which may promise more or less than there is, or compression. */
function envelope(message: Buffer, random: Random): Buffer {
  const head = Buffer.from([random.below(4) === 0 ? random.below(256) : 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Math.max(0, message.length + (random.below(4) === 0 ? random.below(9) - 4 : 0)), 1);
  return Buffer.concat([head, message]);
}

interface Request {
  method: DescMethod;
  body: Buffer;
  /** How the parts of the body are compressed, for the header that the protocol has for that. */
  encoding: string | undefined;
}

function draw(random: Random, encode: (method: DescMethod) => Buffer, isEnveloped: boolean): Request {
  const method = random.pick(methods);
  const encoding = random.pick([undefined, undefined, undefined, "gzip", "deflate", "zip"]);
  const spoilt = spoil(encode(method), random);
  const packed = encoding === "gzip" && random.below(2) === 0 ? spoil(gzipSync(spoilt), random) : spoilt;
  return { method, encoding, body: isEnveloped ? envelope(packed, random) : packed };
}

const asBinary = (method: DescMethod) =>
  Buffer.from(toBinary(method.input, fromJson(method.input, exampleOf(method))));
const asText = (method: DescMethod) => Buffer.from(JSON.stringify(exampleOf(method)));

/** Makes the calls, and answers how often each outcome came. */
async function tally(outcome: () => Promise<string>): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  let left = calls;
  const callOn = async () => {
    while (left-- > 0) {
      const name = await outcome();
      outcomes[name] = (outcomes[name] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, callOn));
  return outcomes;
}

const errors = () => log.filter(({ level }) => level === "error");

/** The `grpc-status` of a call. */
function callGrpc(session: ClientHttp2Session, { method, body, encoding }: Request): Promise<string> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": pathOf(method),
      "content-type": "application/grpc",
      te: "trailers",
      ...(encoding && { "grpc-encoding": encoding }),
    });
    let status: string | undefined;
    const note = (headers: { "grpc-status"?: unknown }) => {
      if (headers["grpc-status"] !== undefined) status = String(headers["grpc-status"]);
    };
    stream.on("response", note).on("trailers", note).on("error", reject).resume();
    stream.once("close", () => resolve(status ?? "none"));
    stream.end(body);
  });
}

test("no bytes on the gRPC port make an error of the server", async () => {
  const random = seededRandom();
  const session = connectHttp2(`http://127.0.0.1:${service.grpcAddress.port}`);
  const outcomes = await tally(() => callGrpc(session, draw(random, asBinary, true)));
  session.destroy();
  // UNKNOWN and INTERNAL.
  expect(outcomes).toEqual(expect.not.objectContaining({ 2: expect.anything() }));
  expect(outcomes).toEqual(expect.not.objectContaining({ 13: expect.anything() }));
  expect(outcomes.none).toBeUndefined();
  expect(outcomes[3]).toBeGreaterThan(calls / 10);
  expect(errors()).toEqual([]);
});

/** The protocols of the HTTP port: the content type, and the header that names the compression. */
const protocols = [
  { type: "application/proto", compression: "content-encoding", encode: asBinary },
  { type: "application/json", compression: "content-encoding", encode: asText },
  { type: "application/connect+proto", compression: "connect-content-encoding", encode: asBinary },
  { type: "application/connect+json", compression: "connect-content-encoding", encode: asText },
  { type: "application/grpc-web+proto", compression: "grpc-encoding", encode: asBinary },
  { type: "application/grpc-web+json", compression: "grpc-encoding", encode: asText },
];

/** The code of a call in lower case; the HTTP status where there is none. */
async function callHttp(random: Random): Promise<string> {
  const { type, compression, encode } = random.pick(protocols);
  const { method, body, encoding } = draw(random, encode, type.includes("+"));
  const response = await fetch(`http://127.0.0.1:${service.httpAddress.port}${pathOf(method)}`, {
    method: "POST",
    headers: {
      "content-type": type,
      ...(encoding && { [compression]: encoding }),
    },
    body,
  });
  const answer = await response.text();
  const [, status] = /grpc-status: (\d+)/.exec(answer) ?? [];
  const [, code] = /"code":"(\w+)"/.exec(answer) ?? [];
  return status ?? code ?? `${response.status}`;
}

test("no bytes on the HTTP port make an error of the server", async () => {
  const random = seededRandom();
  const outcomes = await tally(() => callHttp(random));
  for (const error of ["2", "13", "unknown", "internal", "500"])
    expect(outcomes[error], error).toBeUndefined();
  expect(outcomes.invalid_argument).toBeGreaterThan(calls / 10);
  expect(errors()).toEqual([]);
});

test.each(["grpcAddress", "httpAddress"] as const)("noise on a connection ends it: %s", async (address) => {
  const random = seededRandom();
  for (let connection = 0; connection < 50; connection++) {
    const socket = connect(service[address].port, "127.0.0.1");
    socket.on("error", () => undefined).resume();
    const preface =
      connection % 2 === 0 ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" : "POST / HTTP/1.1\r\nhost: x\r\n";
    socket.write(Buffer.from(preface));
    socket.end(Buffer.from(Array.from({ length: 200 }, () => random.below(256))));
    await once(socket, "close");
  }
  const ready = await fetch(`http://127.0.0.1:${service.httpAddress.port}/readyz`);
  expect(ready.status).toBe(200);
  expect(errors()).toEqual([]);
});
