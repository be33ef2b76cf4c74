import { request as http } from "node:http";
import { connect } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { bearerOf } from "../../src/auth/access.ts";
import { Credentials, type PrincipalSource } from "../../src/auth/credentials.ts";
import { Bucket } from "../../src/auth/rate-limit.ts";
import { reasonOf } from "../../src/client/errors.ts";
import { ServiceError } from "../../src/errors.ts";
import { limits } from "../../src/limits.ts";
import type { Principal } from "../../src/principal.ts";
import type { RunningService } from "../../src/serve.ts";
import { newApiKey, newSessionToken, parseToken, type Token } from "../../src/users/tokens.ts";
import { bench, type Caller, clients, listeners, outcome } from "./support.ts";

let own: Awaited<ReturnType<typeof bench>>;
let service: RunningService;
let user: Caller;
beforeAll(async () => {
  own = await bench();
  service = await own.serve();
  user = await own.caller("user");
});

const path = "/ltb.v1.JobService/ListJobs";

/** The status of a call by hand, with the authorization as it is. */
function overHttp(authorization: string | string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", authorization } as never;
    const call = http(
      { port: service.httpAddress.port, host: "127.0.0.1", method: "POST", path, headers },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    call.on("error", reject).end("{}");
  });
}

describe("the authorization", () => {
  test.each([
    ["Bearer abc", "abc"],
    ["bearer abc", "abc"],
    ["BEARER   abc  ", "abc"],
    ["Bearer", undefined],
    ["Bearer ", undefined],
    ["Bearerabc", undefined],
    ["Bearer a b", undefined],
    ["Bearer\tabc", undefined],
    ["Basic abc", undefined],
    ["abc", undefined],
    ["", undefined],
    ["Bearer a,b", undefined],
    [`Bearer ${"a".repeat(1000)}`, undefined],
  ])("%j", (header, token) => {
    expect(bearerOf(header)).toBe(token);
  });

  test("whatever it holds, nobody comes in but by a whole key, and the server lives on", async () => {
    const { key } = user;
    const mangled = fc.oneof(
      fc.string({ unit: "binary-ascii", maxLength: 100 }),
      fc
        .constantFrom("Bearer ", "Basic ", "bearer  ", "")
        .chain((scheme) =>
          fc.string({ unit: "grapheme-ascii", maxLength: 80 }).map((rest) => `${scheme}${rest}`),
        ),
      // One character of a good key changed, left out or doubled.
      fc
        .tuple(fc.nat(key.length - 1), fc.constantFrom("", "0", "_", " ", "é"))
        .map(([at, put]) => `Bearer ${key.slice(0, at)}${put}${key.slice(at + 1)}`),
      fc.nat(key.length - 1).map((length) => `Bearer ${key.slice(0, length)}`),
      fc.constantFrom(`Bearer ${key}${key}`, `Bearer ${key},`, `Bearer ${key} ${key}`, `Basic ${key}`, key),
    );
    await fc.assert(
      fc.asyncProperty(mangled, async (header) => {
        // Node's client sends no others, and trims.
        fc.pre(/^[\t\x20-\x7e\x80-\xff]*$/.test(header) && header.trim() !== `Bearer ${key}`);
        fc.pre(bearerOf(header.trim()) !== key);
        expect(await overHttp(header)).toBe(401);
      }),
      { numRuns: 300 },
    );
    expect(await overHttp(`Bearer ${key}`)).toBe(200);
  });

  test("over gRPC too", async () => {
    const session = connect(`http://127.0.0.1:${service.grpcAddress.port}`);
    const status = (authorization: string) =>
      new Promise<string>((resolve, reject) => {
        const stream = session.request({
          ":method": "POST",
          ":path": path,
          "content-type": "application/grpc",
          te: "trailers",
          authorization,
        });
        stream.on("response", (headers) => {
          if (headers["grpc-status"] !== undefined) resolve(`${headers["grpc-status"]}`);
        });
        stream.on("trailers", (trailers) => resolve(`${trailers["grpc-status"]}`));
        stream.on("error", reject).resume().end(Buffer.alloc(5));
      });
    const { key } = user;
    for (const header of [
      "",
      " ",
      key,
      `Basic ${key}`,
      `Bearer ${key}x`,
      `Bearer ${key.slice(1)}`,
      "Bearer é",
    ])
      expect(await status(header), header).toBe(`${Code.Unauthenticated}`);
    expect(await status(`Bearer ${key}`)).toBe("0");
    session.close();
  });

  test.each(["gRPC", "HTTP"] as const)("without one the answer says what to send: %s", async (listener) => {
    const error = await clients(listeners[listener](service))
      .jobs.listJobs({})
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.code).toBe(Code.Unauthenticated);
    expect(error.rawMessage).toContain("authorization: Bearer <API key or session token>");
    const wrong = clients(listeners[listener](service, "ltb_x"));
    expect(await outcome(wrong.jobs.listJobs({}))).toBe("CREDENTIAL_INVALID");
  });
});

const principal: Principal = { userId: "u", username: "n", role: "user", keyId: "k", scopes: [] };

/** A source that counts what it is asked, with what it answers. */
function fakeSource(answers: Partial<PrincipalSource> = {}) {
  const asked = { find: 0, recheck: 0 };
  const source: PrincipalSource = {
    findPrincipal: async (token) => {
      asked.find++;
      return answers.findPrincipal ? answers.findPrincipal(token) : principal;
    },
    findCertified: async () => undefined,
    recheck: async (ids) => {
      asked.recheck++;
      return answers.recheck ? answers.recheck(ids) : [principal];
    },
    touch: async () => undefined,
  };
  const ended: ServiceError[] = [];
  const credentials = new Credentials(source, {
    onEnd: (_, reason) => ended.push(reason),
    onChange: () => undefined,
    onCheck: () => undefined,
  });
  return { credentials, asked, ended };
}

function fakeClock(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
}

const tokenOf = ({ text }: { text: string }) => parseToken(text) as Token;

describe("credentials", () => {
  test("one is looked up once, however many calls ask, and known at once from then on", async () => {
    const { credentials, asked } = fakeSource();
    const token = tokenOf(newApiKey());
    await Promise.all(Array.from({ length: 50 }, () => credentials.ofToken(token)));
    expect(credentials.ofToken(token)).not.toBeInstanceOf(Promise);
    expect(asked.find).toBe(1);
    await credentials.close();
  });

  test("an unknown one is not looked up again for a while", async () => {
    fakeClock();
    const { credentials, asked } = fakeSource({ findPrincipal: async () => undefined });
    const token = tokenOf(newSessionToken());
    for (let n = 0; n < 5; n++)
      await expect((async () => credentials.ofToken(token))()).rejects.toMatchObject({
        reason: "CREDENTIAL_INVALID",
      });
    expect(asked.find).toBe(1);
    await vi.advanceTimersByTimeAsync(limits.credentialUnknownMs + 1);
    await expect((async () => credentials.ofToken(token))()).rejects.toThrow();
    expect(asked.find).toBe(2);
    await credentials.close();
  });

  test("one check stands for all that are known, and there is none while there are none", async () => {
    fakeClock();
    const { credentials, asked } = fakeSource();
    await vi.advanceTimersByTimeAsync(10 * limits.credentialCheckMs);
    expect(asked.recheck).toBe(0);
    for (let n = 0; n < 20; n++) await credentials.ofToken(tokenOf(newApiKey()));
    await vi.advanceTimersByTimeAsync(10 * limits.credentialCheckMs);
    expect(asked.recheck).toBe(10);
    await credentials.close();
  });

  test("while the database is away a known one is good for ten seconds, an unknown one is UNAVAILABLE", async () => {
    fakeClock();
    const away = new ServiceError(Code.Unavailable, "DATABASE_UNAVAILABLE", "away");
    let isAway = false;
    const { credentials, ended } = fakeSource({
      findPrincipal: async () => {
        if (isAway) throw away;
        return principal;
      },
      recheck: async () => {
        if (isAway) throw away;
        return [principal];
      },
    });
    const token = tokenOf(newApiKey());
    const unavailable = { code: Code.Unavailable };
    await credentials.ofToken(token);
    isAway = true;
    await expect((async () => credentials.ofToken(tokenOf(newApiKey())))()).rejects.toMatchObject(
      unavailable,
    );
    await vi.advanceTimersByTimeAsync(8_000);
    await credentials.ofToken(token);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(3_000);
    await expect((async () => credentials.ofToken(token))()).rejects.toMatchObject(unavailable);
    expect(ended[0]).toMatchObject(unavailable);
    isAway = false;
    await credentials.ofToken(token);
    await credentials.close();
  });
});

describe("limits", () => {
  test("a bucket gives its burst at once and then its rate", () => {
    const rate = { perSecond: 10, burst: 5 };
    const bucket = new Bucket(rate, 0);
    for (let n = 0; n < 5; n++) expect(bucket.take(rate, 0)).toBe(0);
    expect(bucket.take(rate, 0)).toBe(100);
    expect(bucket.take(rate, 99)).toBeGreaterThan(0);
    expect(bucket.take(rate, 100)).toBe(0);
    // A long pause saves up no more than the burst.
    let taken = 0;
    while (bucket.take(rate, 1e9) === 0) taken++;
    expect(taken).toBe(5);
  });

  test.each(["gRPC", "HTTP"] as const)(
    "a key's rate over %s; other keys are not slowed",
    async (listener) => {
      const limited = await own.serve({ LTB_RATE_LIMIT: "1,5" });
      const [fast, slow] = [await own.caller("user"), await own.caller("user")];
      const client = clients(listeners[listener](limited, fast.key));
      const start = performance.now();
      const ends = await Promise.allSettled(Array.from({ length: 60 }, () => client.system.getInfo({})));
      const seconds = (performance.now() - start) / 1000;
      const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as ConnectError] : []));
      // What came during the calls themselves may be let in too.
      expect(ends.length - refused.length).toBeLessThanOrEqual(5 + Math.ceil(seconds));
      expect(refused.length).toBeGreaterThan(0);
      for (const error of refused) {
        expect(reasonOf(error)).toBe("RATE_LIMITED");
        expect(error.code).toBe(Code.ResourceExhausted);
        expect(error.findDetails(RetryInfoSchema)[0]?.retryDelay).toBeDefined();
      }
      expect(await outcome(clients(listeners[listener](limited, slow.key)).system.getInfo({}))).toBe("OK");
    },
  );

  test("calls in progress are bounded, of all and of one key; those that wait are not counted", async () => {
    const small = await own.serve({ LTB_MAX_CALLS: "4", LTB_MAX_CALLS_PER_KEY: "3" });
    const [a, b, w] = [await own.caller("user"), await own.caller("user"), await own.caller("worker")];
    const [first, second, worker] = [a, b, w].map(({ key }) => clients(listeners.gRPC(small, key)));
    if (!first || !second || !worker) throw new Error("three clients");
    const stop = new AbortController();
    const { signal } = stop;
    // Uploads that are open stay in progress.
    async function* never() {
      yield { evaluations: [] };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    }
    await worker.workers.registerWorker({ workerId: "parked", jobTypes: ["never"] });
    const wait = { seconds: 30n, nanos: 0 };
    const waiting = Array.from({ length: 8 }, () =>
      outcome(worker.jobs.claimJobs({ workerId: "parked", wait }, { signal })),
    );
    const upload = (client: ReturnType<typeof clients>) =>
      outcome(client.benchmarks.streamEvaluations(never(), { signal }));
    const uploads = [upload(first), upload(first), upload(first)];
    await expect.poll(() => outcome(first.system.getInfo({}))).toBe("RATE_LIMITED");
    expect(await outcome(second.system.getInfo({}))).toBe("OK");
    uploads.push(upload(second));
    await expect.poll(() => outcome(second.system.getInfo({}))).toBe("OVERLOADED");
    // Both listeners count the same calls.
    expect(await outcome(clients(listeners.HTTP(small, b.key)).system.getInfo({}))).toBe("OVERLOADED");
    stop.abort();
    await Promise.all([...uploads, ...waiting]);
    await expect.poll(() => outcome(first.system.getInfo({}))).toBe("OK");
  });
});

describe("without authentication", () => {
  test("everybody on this machine may do everything, and what is made has no maker", async () => {
    const open = await own.serve({ LTB_AUTH: "off" });
    for (const listener of ["gRPC", "HTTP"] as const) {
      const client = clients(listeners[listener](open));
      const { benchmark } = await client.benchmarks.createBenchmark({
        name: "b",
        provider: "p",
        model: "m",
        dataset: "d",
      });
      expect(benchmark?.createdBy).toBe("");
      expect(await outcome(client.jobs.pauseJobs({ jobType: "t" }))).toBe("OK");
      // A key that is sent all the same is not looked at.
      expect(await outcome(clients(listeners[listener](open, "nonsense")).jobs.listJobs({}))).toBe("OK");
    }
  });
});

test("GetInfo lists the scopes", async () => {
  const { scopes } = await clients(listeners.gRPC(service, user.key)).system.getInfo({});
  expect(scopes).toContain("jobs:work");
});
