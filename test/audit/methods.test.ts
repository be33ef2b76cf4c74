import { Code, createClient, type Interceptor } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AuditService } from "../../gen/ltb/v1/audit_service_pb.ts";
import { BenchmarkStatus } from "../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobStatus } from "../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { UserRole } from "../../gen/ltb/v1/user_pb.ts";
import { UserService } from "../../gen/ltb/v1/user_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { DeniedCalls } from "../../src/audit/denied-calls.ts";
import { createTransport } from "../../src/client/transport.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { services } from "../../src/services.ts";
import { testDatabase } from "../harness/database.ts";
import { silentLog } from "../harness/log.ts";
import { type Entry, newEntries } from "./support.ts";

// Every method that changes something, through the whole server, by one user with an API key.

const password = "correct horse battery staple 7";
const newPassword = "another horse battery staple 8";

let server: RunningServer;
let denials: DeniedCalls;
let admin: { id: string; keyId: string; secret: string };
let requestIds = 0;
const fresh = newEntries(() => client);

const { db, client } = await testDatabase();
beforeAll(async () => {
  const { id } = await db.users.create({
    username: "ada",
    email: "ada@example.com",
    role: "admin",
    password,
  });
  const { apiKey, secret = "" } = await db.users.createApiKey({ userId: id, name: "k", scopes: [] });
  admin = { id, keyId: apiKey.id, secret };
  denials = new DeniedCalls(db.executor, silentLog);
  const free = { host: "127.0.0.1", port: 0 };
  server = await startServer({
    config: {
      grpc: free,
      http: free,
      corsOrigins: [],
      maxMessageBytes: 4 * 1024 * 1024,
      defaultDeadlineSeconds: 30,
      drainTimeoutSeconds: 1,
    },
    database: db,
    services: services(db, loadConfig({ env: {}, cwd: "/" })),
    access: { auth: "required", db, denials },
    log: createLogger("silent"),
  });
});

afterAll(async () => {
  await server.stop();
});

function clients(credential: string) {
  const identify: Interceptor = (next) => (request) => {
    if (credential) request.header.set("authorization", `Bearer ${credential}`);
    request.header.set("x-request-id", `call-${++requestIds}`);
    return next(request);
  };
  const transport = createTransport({
    address: `127.0.0.1:${server.grpcAddress.port}`,
    timeoutMs: 0,
    interceptors: [identify],
  });
  return {
    benchmarks: createClient(BenchmarkService, transport),
    jobs: createClient(JobService, transport),
    workers: createClient(WorkerService, transport),
    users: createClient(UserService, transport),
    audit: createClient(AuditService, transport),
  };
}

type Clients = ReturnType<typeof clients>;

const benchmark = { name: "n", provider: "openai", model: "gpt-4", dataset: "mmlu", totalIterations: 10 };
const newBenchmark = async (api: Clients) =>
  (await api.benchmarks.createBenchmark(benchmark)).benchmark?.id ?? "";
const newEvaluation = async (api: Clients) => {
  const sent = { benchmarkId: await newBenchmark(api), input: "i", output: "o", score: 0.5 };
  return (await api.benchmarks.createEvaluation(sent)).evaluation?.id ?? "";
};
const newJob = async (api: Clients) => (await api.jobs.createJob({ jobType: "t" })).job?.id ?? "";
const newWorker = async (api: Clients, workerId: string) => {
  await api.workers.registerWorker({ workerId, capacity: 2 });
  return workerId;
};
const newUser = async (api: Clients, username: string) => {
  const user = {
    email: `${username}@example.com`,
    username,
    credential: { case: "password", value: password },
  } as const;
  return (await api.users.createUser(user)).user?.id ?? "";
};
const newKey = async (api: Clients) => (await api.users.createApiKey({ name: "k" })).apiKey?.id ?? "";

interface Expected {
  action: string;
  entity_type: string;
  entity_id?: unknown;
  changes?: unknown;
}

interface Case {
  /** What has to be there before; its entries are not looked at. */
  given?: (api: Clients) => Promise<string>;
  call: (api: Clients, given: string) => Promise<unknown>;
  expected: (given: string, answer: never) => Expected[];
}

function entry(action: string, type: string, id: unknown, changes: unknown = expect.anything()): Expected {
  return { action, entity_type: type, entity_id: id, changes };
}

const some = expect.any(String);
const hash = expect.stringMatching(/^[0-9a-f]{64}$/);

const cases: Record<string, Case> = {
  createBenchmark: {
    call: (api) => api.benchmarks.createBenchmark(benchmark),
    expected: () => [
      entry("create", "benchmark", some, {
        after: {
          name: "n",
          provider: "openai",
          model: "gpt-4",
          dataset: "mmlu",
          total_iterations: 10,
          repetitions: 0,
          planned_samples: 0,
          labels: {},
          created_by: admin.id,
        },
      }),
    ],
  },
  updateBenchmark: {
    given: newBenchmark,
    call: (api, id) =>
      api.benchmarks.updateBenchmark({
        id,
        status: BenchmarkStatus.RUNNING,
        name: "m",
        completedIterations: 3,
      }),
    expected: (id) => [
      entry("update", "benchmark", id, {
        before: { name: "n", status: "pending", completed_iterations: 0, started_at: null },
        after: { name: "m", status: "running", completed_iterations: 3, started_at: some },
      }),
    ],
  },
  deleteBenchmark: {
    given: async (api) => {
      const benchmarkId = await newBenchmark(api);
      await api.benchmarks.createEvaluation({ benchmarkId, input: "i", output: "o" });
      return benchmarkId;
    },
    call: (api, id) => api.benchmarks.deleteBenchmark({ id }),
    expected: (id) => [
      entry("delete_evaluations", "benchmark", id, { before: { count: 1, first_id: some, last_id: some } }),
      entry("delete", "benchmark", id, { before: expect.objectContaining({ name: "n", model: "gpt-4" }) }),
    ],
  },
  createEvaluation: {
    given: newBenchmark,
    call: (api, benchmarkId) => api.benchmarks.createEvaluation({ benchmarkId, input: "i", output: "o" }),
    expected: (benchmarkId) => [
      entry("create", "evaluation", some, {
        after: { benchmark_id: benchmarkId, count: 1, first_id: some, last_id: some, sha256: hash },
      }),
    ],
  },
  batchCreateEvaluations: {
    given: newBenchmark,
    call: (api, benchmarkId) =>
      api.benchmarks.batchCreateEvaluations({
        benchmarkId,
        evaluations: [
          { sampleId: "a", input: "i", output: "o" },
          { sampleId: "b", input: "i", output: "o" },
          { sampleId: "a", input: "i", output: "o" },
        ],
      }),
    expected: (benchmarkId) => [
      entry("add_evaluations", "benchmark", benchmarkId, {
        after: { benchmark_id: benchmarkId, count: 2, first_id: some, last_id: some, sha256: hash },
      }),
    ],
  },
  streamEvaluations: {
    given: newBenchmark,
    call: (api, benchmarkId) =>
      api.benchmarks.streamEvaluations(
        (async function* () {
          for (const input of ["1", "2", "3"]) yield { benchmarkId, evaluations: [{ input, output: "o" }] };
        })(),
      ),
    expected: (benchmarkId) => [
      entry("add_evaluations", "benchmark", benchmarkId, { after: expect.objectContaining({ count: 3 }) }),
    ],
  },
  updateEvaluation: {
    given: newEvaluation,
    call: (api, id) => api.benchmarks.updateEvaluation({ id, score: 1, metrics: { exact: 1 } }),
    expected: (id) => [
      entry("update", "evaluation", id, {
        before: { score: 0.5, metrics: {} },
        after: { score: 1, metrics: { exact: 1 } },
      }),
    ],
  },
  deleteEvaluation: {
    given: newEvaluation,
    call: (api, id) => api.benchmarks.deleteEvaluation({ id }),
    expected: (id) => [
      entry("delete", "evaluation", id, {
        before: {
          benchmark_id: some,
          repetition: 0,
          score: 0.5,
          content_hash: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
      }),
    ],
  },
  setBaseline: {
    given: async (api) => {
      await api.benchmarks.setBaseline({ benchmarkId: await newBenchmark(api) });
      return newBenchmark(api);
    },
    call: async (api, benchmarkId) => {
      await api.benchmarks.setBaseline({ benchmarkId });
      // It is the baseline already.
      await api.benchmarks.setBaseline({ benchmarkId });
    },
    expected: (id) => [
      entry("update", "baseline", "mmlu", { before: { benchmark_id: some }, after: { benchmark_id: id } }),
    ],
  },
  unsetBaseline: {
    call: async (api) => {
      await api.benchmarks.unsetBaseline({ dataset: "mmlu" });
      // There is none any more.
      await api.benchmarks.unsetBaseline({ dataset: "mmlu" });
    },
    expected: () => [entry("delete", "baseline", "mmlu", { before: { benchmark_id: some } })],
  },
  cleanupEvaluations: {
    given: async (api) => {
      const benchmarkId = await newBenchmark(api);
      await api.benchmarks.createEvaluation({ benchmarkId, input: "i", output: "o" });
      return benchmarkId;
    },
    call: (api, benchmarkId) => api.benchmarks.cleanupEvaluations({ olderThanDays: 0, benchmarkId }),
    expected: (id) => [
      entry("cleanup", "benchmark", id, {
        older_than_days: 0,
        before: { count: 1, first_id: some, last_id: some },
      }),
    ],
  },
  createJob: {
    call: (api) => api.jobs.createJob({ jobType: "t", payload: { a: 1 }, priority: 3, limitKey: "k" }),
    expected: () => [
      entry("create", "job", some, {
        after: {
          job_type: "t",
          payload: { a: 1 },
          priority: 3,
          max_retries: 3,
          max_snoozes: 1_000,
          timeout_seconds: 300,
          limit_key: "k",
        },
      }),
    ],
  },
  batchCreateJobs: {
    call: (api) => api.jobs.batchCreateJobs({ jobs: [{ jobType: "t" }, { jobType: "u" }] }),
    expected: () => [
      entry("create", "job", some, { after: expect.objectContaining({ job_type: "t" }) }),
      entry("create", "job", some, { after: expect.objectContaining({ job_type: "u" }) }),
    ],
  },
  updateJob: {
    given: newJob,
    call: (api, id) => api.jobs.updateJob({ id, priority: 7, delay: { seconds: 60n, nanos: 0 } }),
    expected: (id) => [
      entry("update", "job", id, {
        before: { priority: 0, run_at: null },
        after: { priority: 7, delay: "60s" },
      }),
    ],
  },
  cancelJob: {
    given: newJob,
    call: (api, id) => api.jobs.cancelJob({ id, reason: "too dear" }),
    expected: (id) => [
      entry("cancel", "job", id, {
        before: { status: "pending" },
        after: { status: "cancelled", error: "too dear" },
      }),
    ],
  },
  retryJob: {
    given: async (api) => {
      const id = await newJob(api);
      await api.jobs.cancelJob({ id });
      return id;
    },
    call: (api, id) => api.jobs.retryJob({ id }),
    expected: (id) => [
      entry("retry", "job", id, { before: { status: "cancelled" }, after: { status: "pending" } }),
    ],
  },
  deleteJob: {
    given: newJob,
    call: (api, id) => api.jobs.deleteJob({ id }),
    expected: (id) => [entry("delete", "job", id, { before: { status: "pending", job_type: "t" } })],
  },
  cancelJobs: {
    given: async (api) => {
      await api.jobs.batchCreateJobs({ jobs: [{ jobType: "many" }, { jobType: "many" }] });
      return "";
    },
    call: (api) => api.jobs.cancelJobs({ jobType: "many" }),
    expected: () =>
      Array(2).fill(
        entry("cancel", "job", some, { before: { status: "pending" }, after: { status: "cancelled" } }),
      ),
  },
  retryJobs: {
    call: (api) => api.jobs.retryJobs({ jobType: "many" }),
    expected: () =>
      Array(2).fill(
        entry("retry", "job", some, { before: { status: "cancelled" }, after: { status: "pending" } }),
      ),
  },
  cleanupJobs: {
    given: async (api) => {
      await api.jobs.cancelJobs({ jobType: "many" });
      // With the one of cancelJob three.
      await client.query("update job_finished set finished_at = finished_at - interval '3 days'");
      return "";
    },
    call: (api) => api.jobs.cleanupJobs({ olderThanDays: 2, statuses: [JobStatus.CANCELLED] }),
    expected: () => [
      entry("cleanup", "job", null, {
        older_than_days: 2,
        before: { status: "cancelled", count: 3, first_id: some, last_id: some },
      }),
    ],
  },
  setJobLimit: {
    given: async (api) => {
      await api.jobs.setJobLimit({ limitKey: "openai", maxRunning: 1, perMinute: 10 });
      return "openai";
    },
    call: (api, limitKey) => api.jobs.setJobLimit({ limitKey, maxRunning: 2, perMinute: 10 }),
    expected: () => [
      entry("update", "job_limit", "openai", { before: { max_running: 1 }, after: { max_running: 2 } }),
    ],
  },
  deleteJobLimit: {
    call: (api) => api.jobs.deleteJobLimit({ limitKey: "openai" }),
    expected: () => [entry("delete", "job_limit", "openai", { before: { max_running: 2, per_minute: 10 } })],
  },
  pauseJobs: {
    call: async (api) => {
      await api.jobs.pauseJobs({ jobType: "t" });
      // Paused already.
      await api.jobs.pauseJobs({ jobType: "t" });
      await api.jobs.pauseJobs({ jobType: "t", duration: { seconds: 600n } });
    },
    expected: () => [
      entry("pause", "job_type", "t", { after: { job_type: "t" } }),
      entry("pause", "job_type", "t", { after: { job_type: "t", duration: "600s" } }),
    ],
  },
  resumeJobs: {
    call: async (api) => {
      await api.jobs.resumeJobs({ jobType: "t" });
      await api.jobs.resumeJobs({ jobType: "t" });
    },
    expected: () => [entry("resume", "job_type", "t", { before: { job_type: "t" } })],
  },
  registerWorker: {
    given: (api) => newWorker(api, "w"),
    call: async (api, workerId) => {
      // Being there again is no change.
      await api.workers.registerWorker({ workerId, capacity: 2 });
      await api.workers.registerWorker({ workerId, capacity: 3, tags: ["gpu"] });
    },
    expected: () => [
      entry("register", "worker", "w", {
        before: { capacity: 2, tags: [] },
        after: { capacity: 3, tags: ["gpu"] },
      }),
    ],
  },
  drainWorker: {
    call: (api) => api.workers.drainWorker({ workerId: "w", reason: "update" }),
    expected: () => [
      entry("drain", "worker", "w", {
        before: { draining: false, drain_reason: null },
        after: { draining: true, drain_reason: "update" },
      }),
    ],
  },
  deregisterWorker: {
    call: (api) => api.workers.deregisterWorker({ workerId: "w", reason: "done" }),
    expected: () => [
      entry("deregister", "worker", "w", {
        before: expect.objectContaining({ capacity: 3, draining: true }),
        after: { reason: "done", jobs_released: 0 },
      }),
    ],
  },
  removeStaleWorkers: {
    given: async (api) => {
      await newWorker(api, "silent");
      await client.query("update workers set last_heartbeat = last_heartbeat - interval '1 hour'");
      return "";
    },
    call: (api) => api.workers.removeStaleWorkers({ olderThan: { seconds: 60n } }),
    expected: () => [
      entry("deregister", "worker", "silent", {
        before: expect.objectContaining({ capacity: 2 }),
        after: { reason: "silent for more than 60 s" },
      }),
    ],
  },
  createUser: {
    call: (api) =>
      api.users.createUser({
        email: "bob@example.com",
        username: "bob",
        role: UserRole.VIEWER,
        credential: { case: "password", value: password },
      }),
    expected: () => [
      entry("create", "user", some, {
        after: {
          email: "bob@example.com",
          username: "bob",
          role: "viewer",
          active: true,
          email_verified: false,
        },
      }),
    ],
  },
  updateUser: {
    given: (api) => newUser(api, "carol"),
    call: (api, id) => api.users.updateUser({ id, role: UserRole.WORKER, active: false }),
    expected: (id) => [
      entry("update", "user", id, {
        before: { role: "user", active: true },
        after: { role: "worker", active: false },
      }),
    ],
  },
  deleteUser: {
    given: (api) => newUser(api, "dan"),
    call: (api, id) => api.users.deleteUser({ id }),
    expected: (id) => [
      entry("delete", "user", id, {
        before: expect.objectContaining({ username: "dan" }),
        after: { api_keys_revoked: 0 },
      }),
    ],
  },
  changePassword: {
    given: (api) => newUser(api, "eve"),
    call: (api, id) => api.users.changePassword({ id, newPassword }),
    expected: (id) => [entry("change_password", "user", id, null)],
  },
  createApiKey: {
    call: (api) => api.users.createApiKey({ name: "ci", scopes: ["jobs:read"] }),
    expected: () => [
      entry("create", "api_key", some, { after: { user_id: admin.id, name: "ci", scopes: ["jobs:read"] } }),
    ],
  },
  createLoginCode: {
    call: (api) => api.users.createLoginCode({}),
    expected: () => [
      entry("create", "session", some, { after: { user_id: admin.id, is_code: true, expires_at: some } }),
    ],
  },
  rotateApiKey: {
    given: newKey,
    call: (api, id) => api.users.rotateApiKey({ id }),
    expected: (id) => [
      entry("create", "api_key", some, { after: expect.objectContaining({ rotated_from: id }) }),
      entry("rotate", "api_key", id, {
        before: { expires_at: null },
        after: { expires_at: some, rotated_to: some },
      }),
    ],
  },
  revokeApiKey: {
    given: newKey,
    call: async (api, id) => {
      await api.users.revokeApiKey({ id });
      await api.users.revokeApiKey({ id });
    },
    expected: (id) => [
      entry("revoke", "api_key", id, {
        before: { revoked_at: null },
        after: { revoked_at: some, user_id: admin.id },
      }),
    ],
  },
  createAuditLog: {
    call: (api) =>
      api.audit.createAuditLog({ action: "deploy", entityType: "model", entityId: "m", changes: { to: 2 } }),
    expected: () => [entry("deploy", "model", "m", { to: 2 })],
  },
};

test.each([
  ["delete", "benchmark", false],
  ["attempt", "job", false],
  ["delete", "model", true],
  ["review", "benchmark", true],
])("an outside system may say %s of %s: %s", async (action, entityType, may) => {
  const { audit } = clients(admin.secret);
  const answer = audit.createAuditLog({ action, entityType, entityId: "x" });
  if (may) expect((await answer).auditLog).toMatchObject({ action, entityType, external: true });
  else
    await expect(answer).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining(
        `the service records "${action}" of entity_type "${entityType}" itself`,
      ),
    });
});

test.each(Object.entries(cases))("%s", async (_method, { given, call, expected }) => {
  const api = clients(admin.secret);
  const before = given ? await given(api) : "";
  await fresh();
  const first = requestIds + 1;
  const answer = await call(api, before);
  const entries = await fresh();
  expect(
    entries.map(({ action, entity_type, entity_id, changes }) => ({
      action,
      entity_type,
      entity_id,
      changes,
    })),
  ).toEqual(expected(before, answer as never));
  const ids = Array.from({ length: requestIds - first + 1 }, (_, index) => `call-${first + index}`);
  for (const entry of entries) {
    expect(entry).toMatchObject({
      user_id: admin.id,
      api_key_id: admin.keyId,
      actor: "ada",
      ip_address: "127.0.0.1",
      user_agent: expect.stringContaining("grpc-node-js"),
    });
    expect(ids).toContain(entry.request_id);
  }
  expect(await unqueued()).toEqual([]);
});

test("login, a failed one, and logout", async () => {
  await fresh();
  const { sessionToken } = await clients("").users.login({ email: "ADA@example.com", password });
  expect(await fresh()).toMatchObject([
    {
      action: "login",
      entity_type: "user",
      entity_id: admin.id,
      user_id: admin.id,
      actor: "ada",
      ip_address: "127.0.0.1",
    },
  ]);
  await expect(clients("").users.login({ email: "ada@example.com", password: "wrong" })).rejects.toThrow();
  await expect(clients("").users.login({ email: "nobody@example.com", password: "wrong" })).rejects.toThrow();
  expect(await fresh()).toMatchObject([
    { action: "login_failed", entity_type: "user", entity_id: admin.id, user_id: null },
    { action: "login_failed", entity_type: "user", entity_id: null, user_id: null },
  ]);
  await clients(sessionToken).users.logout({});
  expect(await fresh()).toMatchObject([
    { action: "logout", entity_type: "session", user_id: admin.id, api_key_id: null },
  ]);
});

test("every method that changes something is above", () => {
  // Reads; what is recorded as attempts; what is not recorded (design: heartbeats and progress); and those
  // tested elsewhere.
  const others =
    /^(get|batchGet|list|watch|export|compare|whoAmI)|^(heartbeat|claimJobs|completeJobs|failJobs|releaseJobs|updateJobProgress)$|^(login|logout|cleanupAuditLogs|verifyAuditLog)$/;
  const methods = [BenchmarkService, JobService, WorkerService, UserService, AuditService].flatMap(
    (service) => service.methods.map(({ localName }) => localName),
  );
  expect(methods.filter((name) => !others.test(name)).sort()).toEqual(Object.keys(cases).sort());
});

test("evaluations that come with completed jobs are recorded as the worker's user's", async () => {
  const api = clients(admin.secret);
  const benchmarkId = await newBenchmark(api);
  await api.jobs.createJob({ jobType: "grade", benchmarkId });
  await newWorker(api, "grader");
  const { leases } = await api.jobs.claimJobs({ workerId: "grader", maxJobs: 1, jobTypes: ["grade"] });
  await fresh();
  const [lease] = leases;
  const evaluations = ["a", "b"].map((sampleId) => ({ benchmarkId, sampleId, input: "i", output: "o" }));
  await api.jobs.completeJobs({
    workerId: "grader",
    items: [{ jobId: lease?.job?.id ?? "", epoch: lease?.epoch ?? 0, evaluations }],
  });
  expect(await fresh()).toMatchObject([
    {
      action: "add_evaluations",
      entity_id: benchmarkId,
      user_id: admin.id,
      changes: { after: { count: 2 } },
    },
  ]);
});

test("no secret is in any entry", async () => {
  const planted = "sUpErSeCrEt0123456789abcdef";
  const api = clients(admin.secret);
  const { secret } = await api.users.createApiKey({ name: "planted" });
  const { sessionToken } = await clients("").users.login({ email: "ada@example.com", password });
  const hidden = { api_key: planted, nested: [{ password: planted }], url: `https://u:${planted}@host/` };
  await api.jobs.createJob({ jobType: "t", payload: { ...hidden, header: `Bearer ${planted}` } });
  await api.benchmarks.createBenchmark({ ...benchmark, metadata: hidden });
  await api.audit.createAuditLog({ action: "a", entityType: "t", changes: { ...hidden, key: secret } });
  await expect(clients(`ltb_${planted}_${planted}`).users.whoAmI({})).rejects.toThrow();
  await denials.flush();
  const { rows } = await client.query<{ text: string }>("select l::text as text from audit_logs l");
  const { rows: hashes } = await client.query<{ hash: string }>(
    `select password_hash as hash from users where password_hash <> ''
     union all select encode(key_hash, 'hex') from api_keys union all select encode(token_hash, 'hex') from sessions`,
  );
  const secrets = [
    planted,
    password,
    newPassword,
    admin.secret,
    secret,
    sessionToken,
    ...hashes.map(({ hash }) => hash),
  ];
  expect(secrets.every((one) => one.length > 10)).toBe(true);
  const text = rows.map((row) => row.text).join("\n");
  expect(secrets.filter((one) => text.includes(one))).toEqual([]);
  expect(text).toContain("[redacted]");
});

test("denied calls are recorded, together where they are many", async () => {
  await fresh();
  const viewer = await db.users.create({ username: "vi", email: "vi@example.com", role: "viewer" });
  const { apiKey, secret = "" } = await db.users.createApiKey({ userId: viewer.id, name: "k", scopes: [] });
  await fresh();
  const api = clients(secret);
  // One after the other they may take longer than the service keeps them together.
  const refused = Array.from({ length: 30 }, () => api.benchmarks.createBenchmark(benchmark));
  for (const { status } of await Promise.allSettled(refused)) expect(status).toBe("rejected");
  await expect(clients("").jobs.createJob({ jobType: "t" })).rejects.toThrow();
  await denials.flush();
  const found: Entry[] = await fresh();
  expect(found).toHaveLength(2);
  expect(found).toMatchObject([
    {
      action: "denied",
      entity_type: "method",
      entity_id: "ltb.v1.BenchmarkService/CreateBenchmark",
      user_id: viewer.id,
      api_key_id: apiKey.id,
      changes: { after: { code: "PERMISSION_DENIED", count: 30 } },
    },
    {
      action: "denied",
      entity_id: "ltb.v1.JobService/CreateJob",
      user_id: null,
      ip_address: "127.0.0.1",
      changes: { after: { code: "UNAUTHENTICATED", count: 1 } },
    },
  ]);
});

/** Entries that the sealer will not find. */
async function unqueued(): Promise<unknown[]> {
  const { rows } = await client.query(
    `select id, action from audit_logs l
     where not exists (select from audit_unsealed u where entry_kind = 'audit_log' and l.id = any (u.entry_ids))`,
  );
  return rows;
}
