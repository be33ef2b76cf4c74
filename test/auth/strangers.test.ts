import { once } from "node:events";
import { Agent, request as http, type IncomingMessage } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { Code, createClient } from "@connectrpc/connect";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { limits } from "../../src/limits.ts";
import type { RunningService } from "../../src/serve.ts";
import { onlooker } from "../harness/postgres.ts";
import { closing, eventually } from "../harness/waiting.ts";
import { scrape } from "../observability/exposition.ts";
import { bench, type Caller, clients, listeners, outcome } from "./support.ts";

// Few, so that a test can have all of them.
vi.mock("../../src/limits.ts", async (original) => {
  const { limits, ...others } = await original<typeof import("../../src/limits.ts")>();
  return {
    ...others,
    limits: { ...limits, openCallsOfAddress: 40, loginsBurst: 100, requestBytes: 16 << 20 },
  };
});

let own: Awaited<ReturnType<typeof bench>>;
let service: RunningService;
let user: Caller;
let worker: Caller;
const poolSize = 10;
beforeAll(async () => {
  own = await bench();
  user = await own.caller("user");
  worker = await own.caller("worker");
});

const most = 4_194_304;
const bearerOf = ({ key }: Caller) => ({ authorization: `Bearer ${key}` });

/** A call by hand over gRPC, and how it ends. */
function grpcCall(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}) {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => undefined).resume();
  const status = new Promise<number>((resolve) => {
    const see = (each: Record<string, unknown>) => {
      if (each["grpc-status"] !== undefined) resolve(Number(each["grpc-status"]));
    };
    stream.on("response", see).on("trailers", see);
  });
  return { stream, status };
}

function sessionTo({ grpcAddress }: RunningService): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${grpcAddress.port}`);
  onTestFinished(() => session.destroy());
  return session;
}

/** Sends a message's length and all of it but one byte. */
function sendUnfinished(stream: ClientHttp2Stream, length = most): void {
  const bytes = Buffer.alloc(5 + length - 1);
  bytes.writeUInt32BE(length, 1);
  stream.write(bytes);
}

/** A request by hand over HTTP of which only the headers are sent, and its answer. */
async function httpHead(
  { httpAddress: { port } }: RunningService,
  path: string,
  headers: Record<string, string | number>,
) {
  const request = http({ host: "127.0.0.1", port, method: "POST", path, headers });
  onTestFinished(() => void request.destroy());
  request.on("error", () => undefined).flushHeaders();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() };
}

/** The bytes of one message of `count` empty messages in field 2. */
const emptyItems = (count: number) => Buffer.alloc(2 * count, Buffer.from([0x12, 0x00]));

describe("before anyone is known", () => {
  beforeEach(async () => {
    service ??= await own.serve({ LTB_DEFAULT_DEADLINE: "1s", DATABASE_POOL_SIZE: `${poolSize}` });
  });

  test.each([
    ["JSON", "application/json", "ltb.v1.BenchmarkService/BatchCreateEvaluations"],
    ["binary", "application/proto", "ltb.v1.BenchmarkService/BatchCreateEvaluations"],
    ["gRPC-Web", "application/grpc-web", "ltb.v1.JobService/GetJob"],
    ["a stream", "application/connect+json", "ltb.v1.BenchmarkService/ExportEvaluations"],
  ])("not a byte of an HTTP body is waited for: %s", async (_, type, path) => {
    const answer = await httpHead(service, `/${path}`, {
      "content-type": type,
      "content-encoding": "gzip",
      "content-length": most,
    });
    expect(`${answer.text} ${answer.headers["grpc-status"]}`).toMatch(
      /unauthenticated|grpc-status: ?16| 16$/,
    );
    expect(answer.text + answer.headers["grpc-message"]).toMatch(/Bearer/);
  });

  test("on the gRPC port every unfinished message is answered and ended, without its bytes", async () => {
    const session = sessionTo(service);
    const before = process.memoryUsage().arrayBuffers;
    const path = "/ltb.v1.SystemService/GetInfo";
    const calls = Array.from({ length: 50 }, (_, n) =>
      grpcCall(session, path, n % 2 === 0 ? {} : { authorization: `Bearer ltb_${"x".repeat(40)}` }),
    );
    const ends = calls.map(({ stream }) => once(stream, "close"));
    for (const { stream } of calls) stream.write(Buffer.alloc(5 + 16_384, 1));
    const statuses = await Promise.all(calls.map(({ status }) => status));
    expect(new Set(statuses)).toEqual(new Set([Code.Unauthenticated]));
    await Promise.all(ends);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 64 * 1024);
  });

  test.each(["gRPC", "HTTP"])("a log in has a small request: %s", async (listener) => {
    const transport = listeners[listener as keyof typeof listeners](service);
    const login = clients(transport).users.login({ email: "x".repeat(20_000), password: "p" });
    const error = await login.then(
      () => undefined,
      (thrown) => thrown,
    );
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "MESSAGE_TOO_LARGE", metadata: { limit_bytes: `${limits.openRequestBytes}` } },
    ]);
    expect(error.rawMessage).not.toContain("LTB_MAX_MESSAGE_BYTES");
  });

  test.each(["gRPC", "HTTP"] as const)(
    "calls of one address are bounded, watches apart from others: %s",
    async (listener) => {
      const health = createClient(Health, listeners[listener](service));
      const stop = new AbortController();
      const { signal } = stop;
      let watching = 0;
      const watch = async () => {
        for await (const _ of health.watch({}, { signal })) watching++;
      };
      const keepWatching = async () => {
        while (!signal.aborted) await outcome(watch());
      };
      const watches = Array.from({ length: limits.openCallsOfAddress }, keepWatching);
      await eventually(() => watching === limits.openCallsOfAddress);
      expect(await outcome(watch())).toBe("OVERLOADED");
      expect(await outcome(health.check({}))).toBe("OK");
      expect(
        await outcome(
          clients(listeners.HTTP(service)).users.login(
            { email: "a@b.c", password: "p" },
            { timeoutMs: 20_000 },
          ),
        ),
      ).toBe("INVALID_CREDENTIALS");
      stop.abort();
      await Promise.all(watches);
      const first = async () => {
        const leave = new AbortController();
        for await (const _ of health.watch({}, { signal: leave.signal })) return leave.abort();
      };
      await expect.poll(() => outcome(first())).toBe("OK");
    },
  );

  test("logins hold a part of the pool, however many come", async () => {
    const lock = await onlooker(own.connection);
    onTestFinished(() => lock.end());
    await lock.query("begin; lock table login_attempts");
    const anonymous = clients(listeners.gRPC(service)).users;
    const logins = Array.from({ length: 3 * poolSize }, (_, n) =>
      outcome(
        anonymous.login({ email: `u${n}@example.org`, password: "wrong horse" }, { timeoutMs: 20_000 }),
      ),
    );
    const waiting = async (): Promise<number> => {
      const { rows } = await lock.query(
        "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      return rows[0].n;
    };
    await expect.poll(waiting).toBe(limits.logins);
    const { jobs } = clients(listeners.gRPC(service, user.key));
    for (let n = 0; n < 2 * poolSize; n++) expect(await outcome(jobs.listJobs({}))).toBe("OK");
    expect(await waiting()).toBe(limits.logins);
    await lock.query("rollback");
    await Promise.all(logins);
  });

  test("logins of one address have a rate, before the database is asked", async () => {
    const anonymous = clients(listeners.HTTP(service)).users;
    const ends: string[] = [];
    for (let n = 0; n < 200 && ends.at(-1) !== "RATE_LIMITED"; n++)
      ends.push(await outcome(anonymous.login({ email: "", password: "" })));
    expect(ends.at(-1)).toBe("RATE_LIMITED");
    expect(await outcome(clients(listeners.HTTP(service, user.key)).jobs.listJobs({}))).toBe("OK");
  });
});

describe("a request that never ends", () => {
  const path = "/ltb.v1.SystemService/GetInfo";
  const stream = "/ltb.v1.BenchmarkService/ExportEvaluations";

  test.each([path, stream])("has its place and its time on the gRPC port: %s", async (method) => {
    const small = await own.serve({ LTB_DEFAULT_DEADLINE: "1s", LTB_MAX_CALLS: "2" });
    const session = sessionTo(small);
    const calls = [grpcCall(session, method, bearerOf(user)), grpcCall(session, method, bearerOf(user))];
    for (const call of calls) sendUnfinished(call.stream);
    const { system } = clients(listeners.gRPC(small, worker.key));
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OVERLOADED");
    expect(await Promise.all(calls.map(({ status }) => status))).toEqual([
      Code.DeadlineExceeded,
      Code.DeadlineExceeded,
    ]);
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OK");
  });

  test("gives its place back when its caller goes", async () => {
    const small = await own.serve({ LTB_DEFAULT_DEADLINE: "1h", LTB_MAX_CALLS: "1" });
    const call = grpcCall(sessionTo(small), path, bearerOf(user));
    sendUnfinished(call.stream);
    const { system } = clients(listeners.gRPC(small, worker.key));
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OVERLOADED");
    call.stream.close();
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OK");
  });

  test("has its place and its time over HTTP", async () => {
    const small = await own.serve({ LTB_DEFAULT_DEADLINE: "1s", LTB_MAX_CALLS: "1" });
    const headers = { "content-type": "application/json", "content-length": 100, ...bearerOf(user) };
    const unfinished = httpHead(small, path, headers);
    const { system } = clients(listeners.gRPC(small, worker.key));
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OVERLOADED");
    const answer = await unfinished;
    expect(answer.status).toBe(504);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "deadline_exceeded" });
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OK");
  });

  test("leaves its HTTP connection to the next request", async () => {
    const small = await own.serve({ LTB_DEFAULT_DEADLINE: "1s" });
    const socket = net.connect(small.httpAddress.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    let answers = "";
    socket.on("data", (chunk) => {
      answers += chunk;
    });
    const { authorization } = bearerOf(user);
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: ${authorization}`;
    socket.write(`${head}\r\ncontent-length: 100000\r\n\r\n{`);
    await eventually(() => answers.startsWith("HTTP/1.1 504"));
    socket.write(" ".repeat(99_999));
    socket.write(`${head}\r\ncontent-length: 2\r\n\r\n{}`);
    await eventually(() => answers.includes("HTTP/1.1 200"), 20_000);
  });

  test("ends with its key", async () => {
    const small = await own.serve({ LTB_DEFAULT_DEADLINE: "1h", LTB_MAX_CALLS: "2" });
    const caller = await own.caller("user");
    const call = grpcCall(sessionTo(small), path, bearerOf(caller));
    sendUnfinished(call.stream);
    const headers = { "content-type": "application/json", "content-length": 100, ...bearerOf(caller) };
    const unfinished = httpHead(small, path, headers);
    const { system } = clients(listeners.gRPC(small, worker.key));
    await expect.poll(() => outcome(system.getInfo({}))).toBe("OVERLOADED");
    await own.db.users.revokeApiKey(caller.keyId);
    expect(await call.status).toBe(Code.Unauthenticated);
    expect((await unfinished).status).toBe(401);
  });
});

// One for all of these tests: each holds connections of the database until the file ends.
let patient: Promise<RunningService> | undefined;
const servePatiently = () => {
  patient ??= own.serve({ LTB_DEFAULT_DEADLINE: "1h" });
  return patient;
};

describe.each(["gRPC", "HTTP"] as const)(
  "bytes that wait for the end of their request, on %s",
  (listener) => {
    const path = "/ltb.v1.SystemService/GetInfo";
    const share = limits.requestBytes / 2;
    let small: RunningService;
    let session: ClientHttp2Session;
    beforeEach(async () => {
      small = await servePatiently();
      session = sessionTo(small);
    });
    const counted = async () =>
      (await scrape(`http://127.0.0.1:${small.httpAddress.port}`)).value("ltb_request_bytes") ?? 0;

    /** Sends a request but for its end. @returns its code, and what leaves */
    function hold(caller: Caller, bytes: Buffer, headers: Record<string, string> = {}) {
      if (listener === "gRPC") {
        const { stream, status } = grpcCall(session, path, { ...bearerOf(caller), ...headers });
        stream.write(bytes);
        return { status, leave: () => stream.close() };
      }
      const request = http({
        ...{ host: "127.0.0.1", port: small.httpAddress.port, method: "POST", path },
        headers: { "content-type": "application/proto", ...bearerOf(caller), ...headers },
      });
      onTestFinished(() => void request.destroy());
      request.on("error", () => undefined).write(bytes);
      const status = once(request, "response").then(([{ statusCode }]) => (statusCode === 429 ? 8 : 0));
      status.catch(() => undefined);
      return { status, leave: () => request.destroy() };
    }
    const unfinished = () => {
      const bytes = Buffer.alloc(5 + most - 1);
      bytes.writeUInt32BE(most, 1);
      return bytes.subarray(listener === "gRPC" ? 0 : 6);
    };
    /** A request that takes nearly all that a message may have; it is refused for its content. */
    const large = (caller: Caller) =>
      outcome(clients(listeners[listener](small, caller.key)).jobs.getJob({ id: "x".repeat(most - 1_000) }));

    test("are bounded for one caller, and given back", async () => {
      const held = [hold(user, unfinished()), hold(user, unfinished())];
      await eventually(async () => (await counted()) >= share - 10);
      expect(await hold(user, unfinished()).status).toBe(Code.ResourceExhausted);
      expect(await large(user)).toBe("RATE_LIMITED");
      expect(await large(worker)).toBe("INVALID_ARGUMENT");
      expect(await counted()).toBeLessThanOrEqual(share);
      for (const { leave } of held) leave();
      await eventually(async () => (await counted()) === 0);
      expect(await large(user)).toBe("INVALID_ARGUMENT");
      expect(await counted()).toBe(0);
    });

    test("are bounded in all, at the cost of the one who holds the most", async () => {
      const other = await own.caller("user");
      const rest = Buffer.from(unfinished().subarray(0, most - 100_000));
      const held = [unfinished(), unfinished()].map((bytes) => hold(user, bytes));
      held.push(hold(other, unfinished()), hold(other, rest));
      await eventually(async () => (await counted()) >= 2 * share - 110_000);
      for (let n = 0; n < 3; n++) expect(await large(worker)).toBe("INVALID_ARGUMENT");
      expect(await held[0]?.status).toBe(Code.ResourceExhausted);
      await eventually(async () => (await counted()) > 2 * share - most - 110_000);
      for (const { leave } of held.slice(1)) leave();
      await eventually(async () => (await counted()) === 0);
    });
  },
);

test("bytes count as they are once inflated, until their request ends", async () => {
  const small = await servePatiently();
  const session = sessionTo(small);
  const message = gzipSync(Buffer.alloc(most));
  const head = Buffer.alloc(5);
  head.writeUInt8(1);
  head.writeUInt32BE(message.length, 1);
  const statuses = Array.from({ length: 3 }, () => {
    const headers = { ...bearerOf(user), "grpc-encoding": "gzip" };
    const { stream, status } = grpcCall(session, "/ltb.v1.SystemService/GetInfo", headers);
    stream.write(Buffer.concat([head, message]));
    return status;
  });
  expect(await Promise.race(statuses)).toBe(Code.ResourceExhausted);
});

test("calls that wait are bounded, of one key and of all", async () => {
  const small = await own.serve({ LTB_MAX_CALLS: "2", LTB_MAX_CALLS_PER_KEY: "1" });
  const { jobs } = clients(listeners.gRPC(small, user.key));
  const stop = new AbortController();
  const { signal } = stop;
  let watching = 0;
  const watch = async (own: typeof jobs) => {
    for await (const _ of own.watchJobs({}, { signal })) watching++;
  };
  const watches = Array.from({ length: limits.waitingCallsFactor }, () => outcome(watch(jobs)));
  await eventually(() => watching >= limits.waitingCallsFactor);
  expect(await outcome(watch(jobs))).toBe("RATE_LIMITED");
  // They hold no place of others.
  expect(await outcome(jobs.listJobs({}))).toBe("OK");
  const other = clients(listeners.gRPC(small, worker.key)).jobs;
  watches.push(...Array.from({ length: limits.waitingCallsFactor }, () => outcome(watch(other))));
  await eventually(() => watching >= 2 * limits.waitingCallsFactor);
  const third = await own.caller("viewer");
  expect(await outcome(watch(clients(listeners.gRPC(small, third.key)).jobs))).toBe("OVERLOADED");
  stop.abort();
  await Promise.all(watches);
});

describe("a request of known size and unknown weight", () => {
  const path = "ltb.v1.BenchmarkService/BatchCreateEvaluations";
  const headers = (type: string) => ({ "content-type": type, ...bearerOf(user) });
  const refused = {
    code: "resource_exhausted",
    message: expect.stringContaining("262144 elements"),
    details: [{ type: "google.rpc.ErrorInfo" }, { type: "google.rpc.RequestInfo" }],
  };
  let heavy: RunningService;
  beforeEach(async () => {
    heavy ??= await own.serve({ LTB_DEFAULT_DEADLINE: "1h" });
  });

  async function post(type: string, body: Buffer, encoding: Record<string, string> = {}) {
    const { port } = heavy.httpAddress;
    const all = { ...headers(type), ...encoding };
    const response = await fetch(`http://127.0.0.1:${port}/${path}`, { method: "POST", headers: all, body });
    return { status: response.status, body: (await response.json()) as object };
  }

  const json = Buffer.from(`{"evaluations":[${"{},".repeat(1_390_000)}{}]}`);

  test("is not decoded over HTTP, inflated or not", async () => {
    expect(await post("application/json", json)).toMatchObject({ status: 429, body: refused });
    const bomb = gzipSync(json, { level: 9 });
    expect(bomb.length).toBeLessThan(10_000);
    const gzip = { "content-encoding": "gzip" };
    expect(await post("application/json", bomb, gzip)).toMatchObject({ status: 429, body: refused });
    const binary = emptyItems(most / 2 - 10);
    expect(await post("application/proto", binary)).toMatchObject({ status: 429, body: refused });
  });

  test("is not decoded over gRPC", async () => {
    const items = emptyItems(most / 2 - 10);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(items.length, 1);
    const call = grpcCall(sessionTo(heavy), `/${path}`, bearerOf(user));
    call.stream.end(Buffer.concat([prefix, items]));
    expect(await call.status).toBe(Code.ResourceExhausted);
  });

  test("has short lists, whatever its handler makes of them", async () => {
    const many = { evaluations: Array.from({ length: limits.listItems + 1 }, () => ({})) };
    const answer = await post("application/json", Buffer.from(JSON.stringify(many)));
    expect(answer).toMatchObject({
      status: 400,
      body: { message: expect.stringMatching(/^evaluations: .*10000/) },
    });
    const { jobs } = clients(listeners.gRPC(heavy, worker.key));
    const items = Array.from({ length: limits.listItems + 1 }, () => ({}));
    expect(await outcome(jobs.releaseJobs({ workerId: "w", items }))).toBe("INVALID_ARGUMENT");
  });
});

describe.each(["gRPC", "HTTP"] as const)(
  "a port that has all the connections it may have: %s",
  (listener) => {
    const most = 4;

    /** A caller with one connection, as long as that lasts. */
    function connectCaller(to: RunningService): () => Promise<number | undefined> {
      if (listener === "gRPC") {
        const session = sessionTo(to).on("error", () => undefined);
        return async () => {
          if (session.destroyed) return undefined;
          const { stream, status } = grpcCall(session, "/ltb.v1.SystemService/GetInfo", bearerOf(user));
          const cut = once(stream.end(Buffer.alloc(5)), "close").then(() => undefined);
          return Promise.race([status, cut]);
        };
      }
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      const sockets = new Set<unknown>();
      return () =>
        new Promise((resolve) => {
          const headers = { "content-type": "application/json", ...bearerOf(user) };
          const { port } = to.httpAddress;
          const path = "/ltb.v1.SystemService/GetInfo";
          http({ host: "127.0.0.1", port, method: "POST", path, headers, agent })
            .on("error", () => resolve(undefined))
            .on("socket", (socket) => sockets.add(socket))
            .on("response", (response) => {
              const status = response.statusCode === 200 ? 0 : response.statusCode;
              response.resume().on("end", () => resolve(sockets.size === 1 ? status : undefined));
            })
            .end("{}");
        });
    }

    test("lets callers in all the same, in the place of strangers", async () => {
      const full = await own.serve({ LTB_MAX_CONNECTIONS: `${most}` });
      const { port } = listener === "gRPC" ? full.grpcAddress : full.httpAddress;
      const gone: Promise<unknown>[] = [];
      const strangers = async (count: number) => {
        for (let n = 0; n < count; n++) {
          const socket = net.connect(port, "127.0.0.1").on("error", () => undefined);
          onTestFinished(() => void socket.destroy());
          gone.push(closing(socket.resume()));
          await once(socket, "connect");
        }
      };
      await strangers(2 * most);
      const callers: (() => Promise<number | undefined>)[] = [];
      for (let n = 0; n < most; n++) {
        const call = connectCaller(full);
        expect(await call()).toBe(0);
        callers.push(call);
        await strangers(most);
      }
      await Promise.all(gone);
      // Nobody displaces those that were let in.
      for (const call of callers) expect(await call()).toBe(0);
      expect(await connectCaller(full)()).toBeUndefined();
      if (listener === "gRPC") {
        const metrics = await scrape(`http://127.0.0.1:${full.httpAddress.port}`);
        const closed = (why: string) => metrics.value("ltb_connections_closed_total", { why });
        expect(closed("refused")).toBe(most + 1);
        expect(closed("displaced")).toBe(gone.length - most);
      }
    });
  },
);
