import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { BenchmarkService, type StreamEvaluationsRequest } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import {
  type CreateJobRequest,
  CreateJobRequestSchema,
  JobService,
} from "../../gen/ltb/v1/job_service_pb.ts";
import { SystemService } from "../../gen/ltb/v1/system_service_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import {
  type ClientOptions,
  createClient,
  errorMetadataOf,
  reasonOf,
  retryAfterMsOf,
  violationsOf,
} from "../../src/client/index.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { eventually, within } from "../harness/waiting.ts";
import { serveRoutes } from "./router.ts";

const fast: ClientOptions = { retry: { baseMs: 5, maxMs: 20 } };

function error(code: Code, reason?: string, retryAfterMs?: number): ConnectError {
  const details = [
    ...(reason === undefined ? [] : [{ desc: ErrorInfoSchema, value: { reason, domain: "llm-test-bench" } }]),
    ...(retryAfterMs === undefined
      ? []
      : [{ desc: RetryInfoSchema, value: { retryDelay: { seconds: 0n, nanos: retryAfterMs * 1e6 } } }]),
  ];
  return new ConnectError("scripted", code, undefined, details);
}

/** A server that answers the first calls with these errors, and notes every one. */
async function failing(errors: ConnectError[], options: ClientOptions = fast) {
  const calls: { name: string; request: object }[] = [];
  const answer =
    <Response extends object>(name: string, response: Response) =>
    (request: object): Response => {
      calls.push({ name, request });
      const next = errors[calls.length - 1];
      if (next) throw next;
      return response;
    };
  const { client } = await serveRoutes((router) => {
    router.service(JobService, {
      getJob: answer("getJob", {}),
      createJob: answer("createJob", { job: { id: "j" } }),
      deleteJob: answer("deleteJob", {}),
      completeJobs: answer("completeJobs", {}),
      cancelJob: answer("cancelJob", {}),
    });
    router.service(WorkerService, { heartbeat: answer("heartbeat", {}) });
    router.service(UserService, { createApiKey: answer("createApiKey", {}) });
  }, options);
  return { client, calls };
}

describe("calls", () => {
  test("bring the API key, and answers come back whole", async () => {
    let authorization: string | null = "";
    const { client, address } = await serveRoutes(
      (router) =>
        router.service(SystemService, {
          getInfo: (_, { requestHeader, responseHeader, responseTrailer }) => {
            authorization = requestHeader.get("authorization");
            responseHeader.set("x-request-id", "r1");
            responseTrailer.set("x-last", "yes");
            return { version: "1.2.3" };
          },
        }),
      { apiKey: "secret" },
    );
    const seen: (string | null)[] = [];
    const { version } = await client.system.getInfo(
      {},
      {
        onHeader: (header) => seen.push(header.get("x-request-id")),
        onTrailer: (trailer) => seen.push(trailer.get("x-last")),
      },
    );
    expect({ version, authorization, seen }).toEqual({
      version: "1.2.3",
      authorization: "Bearer secret",
      seen: ["r1", "yes"],
    });
    await client.system.getInfo({}, { headers: { authorization: "Bearer session" } });
    expect(authorization).toBe("Bearer session");

    vi.stubEnv("LTB_API_KEY", "of the environment");
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const [apiKey, sent] of [
      [undefined, "Bearer of the environment"],
      ["own", "Bearer own"],
      ["", null],
    ] as const) {
      using other = createClient({ address, apiKey });
      await other.system.getInfo({});
      expect(authorization).toBe(sent);
    }
  });

  test("have a deadline by default, streams have none", async () => {
    const deadlines: (number | undefined)[] = [];
    const note = (context: HandlerContext) => {
      deadlines.push(context.timeoutMs());
      return {};
    };
    const { client } = await serveRoutes(
      (router) => {
        router.service(SystemService, { getInfo: (_, context) => note(context) });
        router.service(JobService, {
          async *watchJobs(_, context) {
            note(context);
            yield {};
          },
        });
      },
      { timeoutMs: 5_000 },
    );
    await client.system.getInfo({});
    await client.system.getInfo({}, { timeoutMs: 90_000 });
    await client.system.getInfo({}, { timeoutMs: 0 });
    for await (const _ of client.jobs.watchJobs({})) break;
    await eventually(() => deadlines.length === 4);
    const [short, long, ...none] = deadlines;
    expect(short).toSatisfy((ms) => ms > 4_000 && ms <= 5_000);
    expect(long).toSatisfy((ms) => ms > 89_000 && ms <= 90_000);
    expect(none).toEqual([undefined, undefined]);
  });

  test("end at their deadline and with their signal", async () => {
    const { client } = await serveRoutes((router) =>
      router.service(SystemService, { getInfo: async () => sleep(2_000, {}) }),
    );
    await expect(client.system.getInfo({}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
    const aborter = new AbortController();
    const call = client.system.getInfo({}, { signal: aborter.signal });
    setTimeout(() => aborter.abort(), 20);
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
    await expect(client.system.getInfo({}, { signal: aborter.signal })).rejects.toMatchObject({
      code: Code.Canceled,
    });
  });

  test("fail with reason, facts and violations", async () => {
    const details = [
      { desc: ErrorInfoSchema, value: { reason: "INVALID_ARGUMENT", domain: "d", metadata: { id: "7" } } },
      {
        desc: BadRequestSchema,
        value: { fieldViolations: [{ field: "jobs[3].job_type", description: "is empty" }] },
      },
    ];
    const { client } = await serveRoutes((router) =>
      router.service(SystemService, {
        getInfo: () => {
          throw new ConnectError("schlecht ✗", Code.InvalidArgument, undefined, details);
        },
      }),
    );
    const failure = await client.system.getInfo({}).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code: Code.InvalidArgument, rawMessage: "schlecht ✗" });
    expect(reasonOf(failure)).toBe("INVALID_ARGUMENT");
    expect(errorMetadataOf(failure)).toEqual({ id: "7" });
    expect(violationsOf(failure)).toEqual([{ field: "jobs[3].job_type", description: "is empty" }]);
    expect(retryAfterMsOf(failure)).toBeUndefined();
    for (const other of [new Error("no"), undefined, new ConnectError("plain")])
      expect([reasonOf(other), errorMetadataOf(other), violationsOf(other), retryAfterMsOf(other)]).toEqual([
        undefined,
        {},
        [],
        undefined,
      ]);
  });

  test("pass interceptors once, however often they are repeated", async () => {
    let passed = 0;
    const { client, calls } = await failing([error(Code.Unavailable), error(Code.Unavailable)], {
      ...fast,
      interceptors: [
        (next) => (request) => {
          passed++;
          return next(request);
        },
      ],
    });
    await client.jobs.getJob({ id: "1" });
    expect([passed, calls.length]).toEqual([1, 3]);
  });

  test("to nobody fail with UNAVAILABLE, after a few attempts", async () => {
    const client = createClient({ address: "127.0.0.1:1", ...fast });
    onTestFinished(() => client.close());
    await expect(client.system.getInfo({})).rejects.toMatchObject({
      code: Code.Unavailable,
      rawMessage: expect.stringContaining("ECONNREFUSED"),
    });
  });

  test("end when the client is closed", async () => {
    const { client } = await serveRoutes((router) =>
      router.service(JobService, {
        async *watchJobs() {
          yield { cursor: "1" };
          await sleep(60_000, undefined, { ref: false });
        },
      }),
    );
    const watching = (async () => {
      for await (const { cursor } of client.jobs.watchJobs({})) if (cursor === "1") client.close();
    })();
    await expect(watching).rejects.toMatchObject({ code: Code.Canceled });
    client.close();
  });
});

describe("repetition", () => {
  const away = () => error(Code.Unavailable, "SHUTTING_DOWN");

  test("reads and idempotent calls are repeated until they succeed", async () => {
    const { client, calls } = await failing([away(), away(), away(), away()]);
    await client.jobs.getJob({ id: "1" });
    expect(calls.length).toBe(5);
    for (const call of [
      (mine: Awaited<ReturnType<typeof failing>>) => mine.client.jobs.completeJobs({}),
      (mine: Awaited<ReturnType<typeof failing>>) => mine.client.workers.heartbeat({}),
      (mine: Awaited<ReturnType<typeof failing>>) => mine.client.jobs.cancelJob({}),
    ]) {
      const mine = await failing([away()]);
      await call(mine);
      expect(mine.calls.length).toBe(2);
    }
  });

  test("it ends after the attempts that are allowed, with the last error", async () => {
    const { client, calls } = await failing(Array.from({ length: 9 }, away), {
      retry: { maxAttempts: 3, baseMs: 1 },
    });
    await expect(client.jobs.getJob({ id: "1" })).rejects.toMatchObject({ code: Code.Unavailable });
    expect(calls.length).toBe(3);
  });

  test("a create gets a request id of its own, the same in each repetition; the caller's message stays as it is", async () => {
    const { client, calls } = await failing([away()]);
    const message = create(CreateJobRequestSchema, { jobType: "a" });
    await client.jobs.createJob(message);
    await client.jobs.createJob(message);
    await client.jobs.createJob({ jobType: "a", requestId: "mine" });
    const [first, again, second, third] = calls.map(({ request }) => (request as CreateJobRequest).requestId);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(again).toBe(first);
    expect(second).not.toBe(first);
    expect(third).toBe("mine");
    expect(message.requestId).toBe("");
  });

  test("what might be done twice is not repeated", async () => {
    const deletes = await failing([away()]);
    await expect(deletes.client.jobs.deleteJob({ id: "1" })).rejects.toMatchObject({
      code: Code.Unavailable,
    });
    expect(deletes.calls.length).toBe(1);
    const keys = await failing([away()]);
    await expect(keys.client.users.createApiKey({})).rejects.toMatchObject({ code: Code.Unavailable });
    expect(keys.calls.length).toBe(1);
  });

  test.for([
    ["RESOURCE_EXHAUSTED with RetryInfo", error(Code.ResourceExhausted, "OVERLOADED", 40), 2],
    ["RESOURCE_EXHAUSTED without", error(Code.ResourceExhausted, "MESSAGE_TOO_LARGE"), 1],
    ["ABORTED, CONFLICT", error(Code.Aborted, "CONFLICT"), 2],
    ["ABORTED, VERSION_MISMATCH", error(Code.Aborted, "VERSION_MISMATCH"), 1],
    ["INTERNAL", error(Code.Internal, "INTERNAL"), 1],
    ["NOT_FOUND", error(Code.NotFound, "NOT_FOUND"), 1],
  ] as const)("%s", async ([, failure, attempts]) => {
    const { client, calls } = await failing([failure]);
    const before = performance.now();
    await client.jobs.deleteJob({ id: "1" }).catch(() => undefined);
    expect(calls.length).toBe(attempts);
    expect(performance.now() - before).toBeGreaterThan(retryAfterMsOf(failure) ?? 0);
  });

  test.for([
    [-5n, 0],
    [5n, 5_000],
    [10_000_000_000n, 7 * 24 * 3_600_000],
  ] as const)("what a service asks to wait has bounds: %s s", ([seconds, expected]) => {
    const asked = { desc: RetryInfoSchema, value: { retryDelay: { seconds } } };
    expect(retryAfterMsOf(new ConnectError("busy", Code.ResourceExhausted, undefined, [asked]))).toBe(
      expected,
    );
  });

  test("it does not go on past the deadline, and stops with the signal", async () => {
    const { client, calls } = await failing(Array.from({ length: 9 }, away), { retry: { baseMs: 2_000 } });
    // Sooner than the pause before the next attempt would end.
    const call = client.jobs.getJob({ id: "1" }, { timeoutMs: 100 });
    await within(300, expect(call).rejects.toMatchObject({ code: Code.Unavailable }));
    expect(calls.length).toBe(1);
    const aborter = new AbortController();
    setTimeout(() => aborter.abort(), 30);
    await expect(client.jobs.getJob({ id: "1" }, { signal: aborter.signal })).rejects.toMatchObject({
      code: Code.Canceled,
    });
    expect(calls.length).toBe(2);
  });

  test("retry: false repeats nothing and adds no request id", async () => {
    const { client, calls } = await failing([away()], { retry: false });
    await expect(client.jobs.createJob({ jobType: "a" })).rejects.toMatchObject({ code: Code.Unavailable });
    expect(calls).toMatchObject([{ request: { requestId: "" } }]);
  });
});

describe("streams", () => {
  test("of requests are sent whole, no faster than they are read", async () => {
    let read = 0;
    let sent = 0;
    let ahead = 0;
    const { client } = await serveRoutes((router) =>
      router.service(BenchmarkService, {
        streamEvaluations: async (requests: AsyncIterable<StreamEvaluationsRequest>) => {
          for await (const { evaluations } of requests) {
            read += evaluations.length;
            if (read < 50) await sleep(5);
            ahead = Math.max(ahead, sent - read);
          }
          return { received: read };
        },
      }),
    );
    async function* requests() {
      for (; sent < 300; sent++) yield { evaluations: [{ input: "x".repeat(100_000) }] };
    }
    expect(await client.benchmarks.streamEvaluations(requests())).toMatchObject({ received: 300 });
    expect(ahead).toBeLessThan(100);
  });

  test("of requests end early when the service answers or refuses, and the source is closed", async () => {
    for (const refuse of [true, false]) {
      let closed = false;
      const { client } = await serveRoutes((router) =>
        router.service(BenchmarkService, {
          streamEvaluations: async (requests: AsyncIterable<StreamEvaluationsRequest>) => {
            for await (const _ of requests) break;
            if (refuse) throw error(Code.NotFound, "NOT_FOUND");
            return { received: 1 };
          },
        }),
      );
      async function* requests() {
        try {
          for (;;) yield { evaluations: [{ input: "x".repeat(100_000) }] };
        } finally {
          closed = true;
        }
      }
      const call = client.benchmarks.streamEvaluations(requests());
      if (refuse) expect(reasonOf(await call.catch((thrown: unknown) => thrown))).toBe("NOT_FOUND");
      else expect(await call).toMatchObject({ received: 1 });
      await eventually(() => closed);
    }
  });

  test("of requests that cannot be read fail with the reader's own error, and the service hears of it", async () => {
    let isStarted = false;
    let aborted = false;
    const { client } = await serveRoutes((router) =>
      router.service(BenchmarkService, {
        streamEvaluations: async (requests: AsyncIterable<StreamEvaluationsRequest>, { signal }) => {
          isStarted = true;
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          for await (const _ of requests);
          return {};
        },
      }),
    );
    async function* requests() {
      yield { evaluations: [] };
      // A call that ends before the service has begun it is none that the service could hear of.
      await eventually(() => isStarted);
      throw new Error("the file is gone");
    }
    await expect(client.benchmarks.streamEvaluations(requests())).rejects.toThrow("the file is gone");
    await eventually(() => aborted);
  });

  test("of responses bring all messages before the error that ends them", async () => {
    const { client } = await serveRoutes((router) =>
      router.service(JobService, {
        async *watchJobs() {
          for (let n = 0; n < 100; n++) yield { cursor: String(n) };
          throw error(Code.OutOfRange, "INVALID_PAGE_TOKEN");
        },
      }),
    );
    const cursors: string[] = [];
    const watching = (async () => {
      for await (const { cursor } of client.jobs.watchJobs({})) cursors.push(cursor);
    })();
    expect(reasonOf(await watching.catch((thrown: unknown) => thrown))).toBe("INVALID_PAGE_TOKEN");
    expect(cursors.length).toBe(100);
  });

  test("of responses that nobody reads any more are cancelled by their signal", async () => {
    let aborted = false;
    const { client } = await serveRoutes((router) =>
      router.service(JobService, {
        async *watchJobs(_, { signal }) {
          signal.addEventListener("abort", () => {
            aborted = true;
          });
          for (;;) {
            yield {};
            await sleep(5);
            if (signal.aborted) return;
          }
        },
      }),
    );
    const aborter = new AbortController();
    const watching = (async () => {
      for await (const _ of client.jobs.watchJobs({}, { signal: aborter.signal })) aborter.abort();
    })();
    await expect(watching).rejects.toMatchObject({ code: Code.Canceled });
    await eventually(() => aborted);
  });
});

describe("TLS", () => {
  const folder = temporaryFolder();
  let key: string;
  let cert: string;
  beforeAll(() => {
    const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request =
      "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost";
    execFileSync(
      "openssl",
      [
        ...request.split(" "),
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        keyFile,
        "-out",
        certFile,
      ],
      { stdio: "ignore" },
    );
    key = readFileSync(keyFile, "utf8");
    cert = readFileSync(certFile, "utf8");
  });

  test("trusts the authority that it is given, and no other", async () => {
    const { client, address } = await serveRoutes(
      (router) => router.service(SystemService, { getInfo: () => ({ version: "1" }) }),
      { tls: { ca: readFileSync(join(folder, "cert.pem")) }, retry: false },
      { key, cert },
    );
    expect(await client.system.getInfo({})).toMatchObject({ version: "1" });
    for (const options of [{ tls: true }, { address: `https://${address}` }, { tls: false }]) {
      const other = createClient({ address, retry: false, ...options });
      onTestFinished(() => other.close());
      await expect(other.system.getInfo({})).rejects.toMatchObject({ code: Code.Unavailable });
    }
  });

  test("checks the name, which may be given", async () => {
    const routes = (router: Parameters<Parameters<typeof serveRoutes>[0]>[0]) =>
      router.service(SystemService, { getInfo: () => ({ version: "1" }) });
    const { address } = await serveRoutes(routes, {}, { key, cert });
    const [port] = address.split(":").slice(-1);
    for (const [serverName, works] of [
      ["localhost", true],
      ["other.example", false],
    ] as const) {
      const client = createClient({
        address: `127.0.0.1:${port}`,
        tls: { ca: cert, serverName },
        retry: false,
      });
      onTestFinished(() => client.close());
      const outcome = await client.system.getInfo({}).then(
        () => true,
        () => false,
      );
      expect(outcome, serverName).toBe(works);
    }
  });

  test("shows the client's certificate", async () => {
    const { client } = await serveRoutes(
      (router) => router.service(SystemService, { getInfo: () => ({ version: "1" }) }),
      { tls: { ca: readCert(), cert: readCert(), key: readFileSync(join(folder, "key.pem"), "utf8") } },
      { key, cert, ca: cert },
    );
    expect(await client.system.getInfo({})).toMatchObject({ version: "1" });
  });

  function readCert(): string {
    return readFileSync(join(folder, "cert.pem"), "utf8");
  }
});

test.for(["", "localhost", "localhost:", ":1", "http://h:1/path", "http://h:1?x", "a b:1", "ftp://h:1"])(
  "%j is no address",
  (address) => {
    expect(() => createClient({ address })).toThrow(TypeError);
  },
);

test.for(["http://user:secret@h:1", "user:secret@h:1", "http://user:secret@h:1?x"])(
  "%j is refused, and its password not shown",
  (address) => {
    expect(() => createClient({ address })).toThrow(
      /^address: expected host:port without user and password(?!.*secret)/,
    );
  },
);

test("a port that takes connections and says nothing does not hold a call past its deadline", async () => {
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const bound = server.address();
  const client = createClient({ address: `127.0.0.1:${typeof bound === "object" && bound?.port}` });
  onTestFinished(() => {
    client.close();
    server.close();
  });
  await expect(client.system.getInfo({}, { timeoutMs: 100 })).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
  });
});
