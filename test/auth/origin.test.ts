import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { sql } from "../../src/database/statement/sql.ts";
import type { RunningService } from "../../src/serve.ts";
import { bench, type Caller, clients, listeners, outcome } from "./support.ts";

let own: Awaited<ReturnType<typeof bench>>;
let service: RunningService;
let user: Caller;
beforeAll(async () => {
  own = await bench();
  service = await own.serve();
  user = await own.caller("user");
});

const entry = z.object({
  userId: z.string().nullable(),
  apiKeyId: z.string().nullable(),
  actor: z.string().nullable(),
  ipAddress: z.string().nullable(),
  userAgent: z.string().nullable(),
  requestId: z.string().nullable(),
});

/** The audit trail's entries of an action at an entity. */
const entries = (action: string, entityId: string) =>
  own.db.executor.any(sql.type(entry)`
    select user_id, api_key_id, actor, ip_address, user_agent, request_id from audit_logs
    where action = ${action} and entity_id = ${entityId}`);

const created = { name: "b", provider: "p", model: "m", dataset: "d" };

test.each(["gRPC", "HTTP"] as const)(
  "what is written over %s says who wrote it, from where",
  async (listener) => {
    const { benchmarks } = clients(listeners[listener](service, user.key));
    const headers = { "x-request-id": `from-${listener}`, "user-agent": "me/1" };
    const { benchmark } = await benchmarks.createBenchmark(created, { headers });
    expect(await entries("create", benchmark?.id ?? "")).toEqual([
      {
        userId: user.userId,
        apiKeyId: user.keyId,
        actor: user.username,
        ipAddress: "127.0.0.1",
        userAgent: expect.any(String),
        requestId: `from-${listener}`,
      },
    ]);
  },
);

test("calls that share a statement each keep their own", async () => {
  const callers = await Promise.all(Array.from({ length: 5 }, () => own.caller("user")));
  const made = await Promise.all(
    callers.flatMap((caller) =>
      Array.from({ length: 10 }, async () => {
        const { job } = await clients(listeners.gRPC(service, caller.key)).jobs.createJob({ jobType: "t" });
        return { id: job?.id ?? "", by: caller };
      }),
    ),
  );
  for (const { id, by } of made) {
    const [first] = await entries("create", id);
    expect(first).toMatchObject({ userId: by.userId, apiKeyId: by.keyId, actor: by.username });
  }
});

test("a denied call leaves an entry, whoever made it and whatever denied it", async () => {
  const { benchmarks } = clients(listeners.gRPC(service, user.key));
  const { id } = await own.db.benchmarks.create(created);
  expect(await outcome(benchmarks.deleteBenchmark({ id }))).toBe("NOT_OWNER");
  expect(await outcome(clients(listeners.HTTP(service)).jobs.pauseJobs({ jobType: "t" }))).toBe(
    "CREDENTIAL_MISSING",
  );
  const denied = (method: string) => entries("denied", `ltb.v1.${method}`);
  await expect
    .poll(() => denied("BenchmarkService/DeleteBenchmark"))
    .toMatchObject([{ userId: user.userId, apiKeyId: user.keyId }]);
  await expect
    .poll(() => denied("JobService/PauseJobs"))
    .toMatchObject([{ userId: null, ipAddress: "127.0.0.1" }]);
});
