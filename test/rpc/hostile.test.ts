import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { type DescMethod, fromJson, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exampleOf, ltbMethods } from "../../src/cli/grpcurl/methods.ts";
import { freeAddress, launchServer } from "../faults/server.ts";
import { createTestDatabase, urlOf } from "../harness/postgres.ts";
import { type Random, seededRandom } from "../harness/random.ts";
import { closing } from "../harness/waiting.ts";

// LTB_CALLS=30000 goes on for longer, and prints what it found.
const isLong = process.env.LTB_CALLS !== undefined;
/** Calls on each port, and how many of them at once. */
const calls = Number(process.env.LTB_CALLS ?? 3_000);
const atOnce = 16;

/** A server of its own, so that its memory is none of the test's, and the lines that it logged. */
const log: string[] = [];
let server: ChildProcess;
const ports = { gRPC: "", HTTP: "" };
beforeAll(async () => {
  ports.gRPC = await freeAddress();
  ports.HTTP = await freeAddress();
  const settings = { LTB_HTTP_ADDRESS: ports.HTTP };
  server = await launchServer(urlOf(await createTestDatabase()), ports.gRPC, settings);
  server.stderr?.on("data", (chunk) => log.push(String(chunk)));
});
afterAll(async () => {
  server.kill("SIGKILL");
  await once(server, "exit");
});

/** Megabytes in memory of the server, once that has settled; undefined where the system does not tell. */
async function settledMb(): Promise<number | undefined> {
  const status = () => readFile(`/proc/${server.pid}/status`, "utf8").catch(() => "");
  if (isLong) await sleep(10_000);
  const [, kb] = /VmRSS:\s+(\d+)/.exec(await status()) ?? [];
  return kb === undefined ? undefined : Number(kb) / 1024;
}

/** Nothing was logged, nothing ended, and memory is what it is for any load. */
async function expectHealth(outcomes: Record<string, number> = {}): Promise<void> {
  const mb = await settledMb();
  if (isLong) console.log(JSON.stringify({ mb, outcomes }));
  expect(log.join("")).toBe("");
  expect(server.exitCode ?? server.signalCode).toBeNull();
  expect(mb ?? 0).toBeLessThan(400);
  const ready = await fetch(`http://${ports.HTTP}/readyz`);
  expect(ready.status).toBe(200);
}

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

const timeoutMs = 60_000 + calls * 20;

test("no bytes on the gRPC port make an error of the server", { timeout: timeoutMs }, async () => {
  const random = seededRandom();
  const session = connectHttp2(`http://${ports.gRPC}`);
  const outcomes = await tally(() => callGrpc(session, draw(random, asBinary, true)));
  session.destroy();
  // UNKNOWN and INTERNAL.
  expect(outcomes).toEqual(expect.not.objectContaining({ 2: expect.anything() }));
  expect(outcomes).toEqual(expect.not.objectContaining({ 13: expect.anything() }));
  expect(outcomes.none).toBeUndefined();
  expect(outcomes[3]).toBeGreaterThan(calls / 10);
  await expectHealth(outcomes);
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
  const response = await fetch(`http://${ports.HTTP}${pathOf(method)}`, {
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

test("no bytes on the HTTP port make an error of the server", { timeout: timeoutMs }, async () => {
  const random = seededRandom();
  const outcomes = await tally(() => callHttp(random));
  for (const error of ["2", "13", "unknown", "internal", "500"])
    expect(outcomes[error], error).toBeUndefined();
  expect(outcomes.invalid_argument).toBeGreaterThan(calls / 10);
  await expectHealth(outcomes);
});

test.each(["gRPC", "HTTP"] as const)("noise on a connection ends it: %s", async (protocol) => {
  const random = seededRandom();
  for (let connection = 0; connection < 50; connection++) {
    const { hostname, port } = new URL(`http://${ports[protocol]}`);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined).resume();
    const preface =
      connection % 2 === 0 ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" : "POST / HTTP/1.1\r\nhost: x\r\n";
    socket.write(Buffer.from(preface));
    socket.end(Buffer.from(Array.from({ length: 200 }, () => random.below(256))));
    await closing(socket);
  }
  await expectHealth();
});
