import { readFileSync } from "node:fs";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  CreateJobResponseSchema,
  GetJobResponseSchema,
  JobService,
} from "../../gen/ltb/v1/job_service_pb.ts";
import { ltbMethods } from "../../src/cli/grpcurl/methods.ts";
import { callUnary, plainClient } from "./support.ts";

const read = (name: string) => readFileSync(join(import.meta.dirname, "..", "..", "examples", name), "utf8");
const safe = read("service-config.json");
const withRequestIds = read("service-config-request-id.json");

interface ServiceConfig {
  methodConfig: { name: { service: string; method: string }[]; retryPolicy: object }[];
}
const named = (text: string) =>
  (JSON.parse(text) as ServiceConfig).methodConfig.flatMap(({ name }) =>
    name.map(({ service, method }) => `${service}/${method}`),
  );
const fullNames = (methods: typeof ltbMethods) =>
  methods.map(({ parent, name }) => `${parent.typeName}/${name}`).sort();

describe.each([
  ["service-config.json", safe],
  ["service-config-request-id.json", withRequestIds],
])("%s", (_, text) => {
  test("is accepted by grpc-js, which refuses wrong ones", () => {
    plainClient("localhost:1", { "grpc.service_config": text });
    const wrong = text.replace('"0.1s"', '"0.1"');
    expect(() => plainClient("localhost:1", { "grpc.service_config": wrong })).toThrow("initialBackoff");
  });

  test("names methods that exist, each once, and hedges none", () => {
    const names = named(text);
    expect(fullNames(ltbMethods)).toEqual(expect.arrayContaining(names));
    expect(new Set(names).size).toBe(names.length);
    expect(text).not.toContain("hedging");
  });
});

test("by itself only what changes nothing when it comes again is repeated", () => {
  const reads = ltbMethods.filter(({ name }) =>
    /^(Get|BatchGet|List|Export|Compare|Verify|Watch|WhoAmI)/.test(name),
  );
  const changes = named(safe).filter((name) => !fullNames(reads).includes(name));
  expect(named(safe)).toEqual(expect.arrayContaining(fullNames(reads)));
  expect(changes.map((name) => name.replace(/.*\//, "")).sort()).toEqual([
    "CancelJob",
    "CompleteJobs",
    "DrainWorker",
    "FailJobs",
    "Heartbeat",
    "PauseJobs",
    "RegisterWorker",
    "ReleaseJobs",
    "ResumeJobs",
    "SetBaseline",
    "SetJobLimit",
    "UpdateJobProgress",
  ]);
});

test("with request ids exactly the methods that have one are repeated too, but for those whose first answer holds a secret", () => {
  const added = named(withRequestIds).filter((name) => !named(safe).includes(name));
  const creates = ltbMethods.filter(
    ({ input, name }) => "requestId" in input.field && !name.endsWith("ApiKey"),
  );
  expect(added.sort()).toEqual(fullNames(creates));
});

test("a call that may be repeated outlasts a server that is away for a moment; a create without request_id fails at once", async () => {
  const calls = { get: 0, create: 0 };
  const target = await flakyServer(calls);
  const careful = plainClient(target, { "grpc.service_config": safe });
  const got = await callUnary(careful, JobService.method.getJob, { id: "x" });
  expect({ error: got.error, calls: calls.get }).toEqual({ error: null, calls: 3 });
  const refused = await callUnary(careful, JobService.method.createJob, { jobType: "t" });
  expect({ code: refused.error?.code, calls: calls.create }).toEqual({ code: status.UNAVAILABLE, calls: 1 });
  calls.create = 0;
  const bold = plainClient(target, { "grpc.service_config": withRequestIds });
  const created = await callUnary(bold, JobService.method.createJob, { jobType: "t", requestId: "1" });
  expect({ error: created.error, calls: calls.create }).toEqual({ error: null, calls: 3 });
});

/** Fails the first two calls of each method. */
async function flakyServer(calls: { get: number; create: number }): Promise<string> {
  const server = new Server();
  const raw = (bytes: Buffer) => bytes;
  const register = (name: string, count: () => number, answer: Uint8Array) =>
    server.register(
      `/${JobService.typeName}/${name}`,
      (_call: unknown, callback: (error: object | null, answer?: Buffer) => void) =>
        count() < 3
          ? callback({ code: status.UNAVAILABLE, details: "away", metadata: new Metadata() })
          : callback(null, Buffer.from(answer)),
      raw,
      raw,
      "unary",
    );
  register("GetJob", () => ++calls.get, toBinary(GetJobResponseSchema, create(GetJobResponseSchema)));
  register(
    "CreateJob",
    () => ++calls.create,
    toBinary(CreateJobResponseSchema, create(CreateJobResponseSchema)),
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}
