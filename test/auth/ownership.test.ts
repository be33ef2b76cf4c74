import { beforeAll, describe, expect, test } from "vitest";
import { UserRole } from "../../gen/ltb/v1/user_pb.ts";
import type { RunningService } from "../../src/serve.ts";
import { unknownId } from "../harness/examples.ts";
import { bench, type Caller, clients, listeners, outcome } from "./support.ts";

let service: RunningService;
let db: Awaited<ReturnType<typeof bench>>["db"];
let newKey: Awaited<ReturnType<typeof bench>>["newKey"];
const callers = {} as Record<"ann" | "ben" | "worker" | "other" | "admin" | "viewer", Caller>;
let as: Record<keyof typeof callers, ReturnType<typeof clients>>;
beforeAll(async () => {
  const { serve, caller, ...own } = await bench();
  ({ db, newKey } = own);
  service = await serve();
  callers.ann = await caller("user");
  callers.ben = await caller("user");
  callers.worker = await caller("worker");
  callers.other = await caller("worker");
  callers.admin = await caller("admin");
  callers.viewer = await caller("viewer");
  as = Object.fromEntries(
    Object.entries(callers).map(([name, { key }]) => [name, clients(listeners.gRPC(service, key))]),
  ) as typeof as;
});

const created = { name: "b", provider: "p", model: "m", dataset: "d" };
const row = (sampleId: string) => ({ sampleId, input: "i", output: "o", score: 1 });

async function benchmarkOf(name: keyof typeof callers): Promise<string> {
  return (await as[name].benchmarks.createBenchmark(created)).benchmark?.id ?? "";
}

async function jobOf(name: keyof typeof callers, benchmarkId = ""): Promise<string> {
  return (await as[name].jobs.createJob({ jobType: "t", benchmarkId })).job?.id ?? "";
}

describe("benchmarks and evaluations", () => {
  test("what is made carries its maker, and only that one and admins change it", async () => {
    const { benchmark } = await as.ann.benchmarks.createBenchmark(created);
    const id = benchmark?.id ?? "";
    expect(benchmark?.createdBy).toBe(callers.ann.userId);
    expect((await as.ben.benchmarks.getBenchmark({ id })).benchmark?.id).toBe(id);
    const change = { id, description: "new" };
    expect(await outcome(as.ben.benchmarks.updateBenchmark(change))).toBe("NOT_OWNER");
    expect(await outcome(as.ben.benchmarks.updateBenchmark({ ...change, id: id.toUpperCase() }))).toBe(
      "NOT_OWNER",
    );
    expect(await outcome(as.ann.benchmarks.updateBenchmark({ ...change, id: id.toUpperCase() }))).toBe("OK");
    expect(await outcome(as.ben.benchmarks.deleteBenchmark({ id }))).toBe("NOT_OWNER");
    expect(await outcome(as.admin.benchmarks.updateBenchmark({ id, description: "x" }))).toBe("OK");
    expect(await outcome(as.ann.benchmarks.deleteBenchmark({ id }))).toBe("OK");
  });

  test("what does not exist, or is no id, is for the handler to tell", async () => {
    const id = unknownId;
    expect(await outcome(as.ann.benchmarks.deleteBenchmark({ id }))).toBe("NOT_FOUND");
    for (const bad of ["", "x", `{${id}}`, id.replaceAll("-", ""), `${id} `])
      expect(await outcome(as.ann.benchmarks.deleteBenchmark({ id: bad }))).toBe("INVALID_ARGUMENT");
    expect(await outcome(as.ann.jobs.cancelJob({ id }))).toBe("NOT_FOUND");
    expect(await outcome(as.ann.benchmarks.deleteEvaluation({ id }))).toBe("NOT_FOUND");
    expect(await outcome(as.ann.users.revokeApiKey({ id }))).toBe("NOT_FOUND");
  });

  test("every item of a batch is looked at, whether it names its benchmark itself or not", async () => {
    const [own, foreign] = [await benchmarkOf("ann"), await benchmarkOf("ben")];
    const batch = (benchmarkId: string, ...each: string[]) =>
      outcome(
        as.ann.benchmarks.batchCreateEvaluations({
          benchmarkId,
          evaluations: each.map((benchmarkId, index) => ({ benchmarkId, ...row(`${index}`) })),
        }),
      );
    expect(await batch(own, "", "")).toBe("OK");
    expect(await batch(foreign, "", "")).toBe("NOT_OWNER");
    expect(await batch(own, "", own, foreign)).toBe("NOT_OWNER");
    expect(await batch("", own, own, foreign, own)).toBe("NOT_OWNER");
    // A default that no item uses is nobody's business.
    expect(await batch(foreign, own)).toBe("OK");
    expect(await batch(own, "not an id", own)).toBe("OK");
    expect((await db.benchmarks.get(foreign)).completedIterations).toBe(0);
  });

  test("each message of a stream is looked at; what came before stays", async () => {
    const [own, foreign] = [await benchmarkOf("ann"), await benchmarkOf("ben")];
    async function* messages(...ids: string[]) {
      for (const [index, benchmarkId] of ids.entries())
        yield { benchmarkId, evaluations: [row(`s${index}`)] };
    }
    expect(await outcome(as.ann.benchmarks.streamEvaluations(messages(own, own)))).toBe("OK");
    expect(await outcome(as.ann.benchmarks.streamEvaluations(messages(own, foreign, own)))).toBe("NOT_OWNER");
    expect(await outcome(as.worker.benchmarks.streamEvaluations(messages(own, foreign)))).toBe("OK");
    expect((await db.benchmarks.get(foreign)).completedIterations).toBe(1);
  });

  test("an evaluation belongs to the benchmark's maker, also where another benchmark has one with the same id", async () => {
    const [own, foreign] = [await benchmarkOf("ann"), await benchmarkOf("ben")];
    const id = "01890a5d-ac96-774b-bcce-b30209900001";
    await as.ben.benchmarks.createEvaluation({ id, benchmarkId: foreign, ...row("1") });
    expect(await outcome(as.ann.benchmarks.updateEvaluation({ id, score: 0 }))).toBe("NOT_OWNER");
    expect(await outcome(as.ann.benchmarks.deleteEvaluation({ id, benchmarkId: foreign }))).toBe("NOT_OWNER");
    // Naming one's own benchmark does not reach the other's evaluation.
    expect(await outcome(as.ann.benchmarks.deleteEvaluation({ id, benchmarkId: own }))).toBe("NOT_FOUND");
    await as.ann.benchmarks.createEvaluation({ id, benchmarkId: own, ...row("1") });
    expect(await outcome(as.ann.benchmarks.deleteEvaluation({ id }))).toBe("NOT_OWNER");
    expect(await outcome(as.ann.benchmarks.deleteEvaluation({ id, benchmarkId: own }))).toBe("OK");
    expect((await as.ben.benchmarks.getEvaluation({ id, benchmarkId: foreign })).evaluation?.score).toBe(1);
    expect(await outcome(as.worker.benchmarks.updateEvaluation({ id, score: 0 }))).toBe("ROLE_REQUIRED");
  });

  test("a benchmark that is made again under its id by another user is that user's", async () => {
    const id = await benchmarkOf("ann");
    expect(await outcome(as.ann.benchmarks.updateBenchmark({ id, description: "a" }))).toBe("OK");
    await as.ann.benchmarks.deleteBenchmark({ id });
    await as.ben.benchmarks.createBenchmark({ ...created, id });
    expect(await outcome(as.ben.benchmarks.updateBenchmark({ id, description: "b" }))).toBe("OK");
    expect(await outcome(as.ann.benchmarks.updateBenchmark({ id, description: "a" }))).toBe("NOT_OWNER");
  });

  test("a baseline is pinned, replaced and removed by the makers of its benchmarks alone", async () => {
    const benchmarkOn = async (name: "ann" | "ben", dataset: string) =>
      (await as[name].benchmarks.createBenchmark({ ...created, dataset })).benchmark?.id ?? "";
    const [own, foreign] = [await benchmarkOn("ann", "pinned"), await benchmarkOn("ben", "pinned")];
    const set = (name: keyof typeof callers, benchmarkId: string) =>
      outcome(as[name].benchmarks.setBaseline({ benchmarkId }));
    const unset = (name: keyof typeof callers, dataset: string) =>
      outcome(as[name].benchmarks.unsetBaseline({ dataset }));
    expect(await set("ann", foreign)).toBe("NOT_OWNER");
    expect(await set("ann", foreign.toUpperCase())).toBe("NOT_OWNER");
    expect(await set("ann", own)).toBe("OK");
    expect(await set("ben", foreign)).toBe("NOT_OWNER");
    expect(await unset("ben", "pinned")).toBe("NOT_OWNER");
    const { baseline } = await as.ben.benchmarks.getBaseline({ dataset: "pinned" });
    expect(baseline).toMatchObject({ benchmarkId: own, setBy: callers.ann.userId });
    expect(await set("admin", foreign)).toBe("OK");
    expect(await set("ann", own)).toBe("NOT_OWNER");
    expect(await unset("ann", "pinned")).toBe("NOT_OWNER");
    expect(await unset("ben", "pinned")).toBe("OK");
    expect(await unset("ann", "pinned")).toBe("OK");
    expect(await set("ann", unknownId)).toBe("NOT_FOUND");
    expect(await set("ann", "x")).toBe("INVALID_ARGUMENT");
    for (const dataset of ["", "a\0b", "x".repeat(256)])
      expect(await unset("ann", dataset)).toBe("INVALID_ARGUMENT");
  });

  test("what nobody made is an admin's to change", async () => {
    const { id } = await db.benchmarks.create(created);
    expect(await outcome(as.ann.benchmarks.deleteBenchmark({ id }))).toBe("NOT_OWNER");
    expect(await outcome(as.admin.benchmarks.deleteBenchmark({ id }))).toBe("OK");
  });
});

describe("jobs", () => {
  test("update, cancel, retry and delete take the job's maker; results are not written into others' benchmarks", async () => {
    const id = await jobOf("ann");
    for (const call of ["updateJob", "cancelJob", "retryJob", "deleteJob"] as const)
      expect(await outcome(as.ben.jobs[call]({ id }))).toBe("NOT_OWNER");
    expect(await outcome(as.ann.jobs.updateJob({ id, priority: 1 }))).toBe("OK");
    expect(await outcome(as.ann.jobs.cancelJob({ id }))).toBe("OK");
    expect(await outcome(as.admin.jobs.retryJob({ id }))).toBe("OK");
    const foreign = await benchmarkOf("ann");
    expect(await outcome(as.ben.jobs.createJob({ jobType: "t", benchmarkId: foreign }))).toBe("NOT_OWNER");
    const jobs = [{ jobType: "t" }, { jobType: "t", benchmarkId: foreign }];
    expect(await outcome(as.ben.jobs.batchCreateJobs({ jobs }))).toBe("NOT_OWNER");
    expect(await outcome(as.ann.jobs.batchCreateJobs({ jobs }))).toBe("OK");
  });

  test("bulk changes reach one's own jobs only, and still need a filter", async () => {
    const jobType = "bulk";
    const make = (name: "ann" | "ben") => as[name].jobs.createJob({ jobType });
    await Promise.all([make("ann"), make("ann"), make("ben")]);
    expect(await outcome(as.ann.jobs.cancelJobs({}))).toBe("INVALID_ARGUMENT");
    expect((await as.ann.jobs.cancelJobs({ jobType })).affected).toBe(2);
    expect((await as.ann.jobs.retryJobs({ jobType })).affected).toBe(2);
    expect(await as.ben.jobs.cancelJobs({ jobType, dryRun: true })).toMatchObject({
      affected: 1,
      notPermitted: 2,
    });
    expect(await as.ben.jobs.cancelJobs({ jobType })).toMatchObject({ affected: 1, notPermitted: 2 });
    expect((await as.admin.jobs.cancelJobs({ jobType })).affected).toBe(2);
    expect((await as.admin.jobs.retryJobs({ jobType })).affected).toBe(3);
  });
});

describe("workers", () => {
  test("a worker is its registrant's: nobody else registers, drains or works in its name", async () => {
    const workerId = "w1";
    await as.worker.workers.registerWorker({ workerId, jobTypes: ["none"] });
    expect((await db.workers.getByWorkerId(workerId)).createdBy).toBe(callers.worker.userId);
    const lease = { jobId: unknownId, epoch: 1 };
    const calls = (client: ReturnType<typeof clients>) => ({
      register: () => client.workers.registerWorker({ workerId, jobTypes: ["none"] }),
      beat: () => client.workers.heartbeat({ workerId }),
      claim: () => client.jobs.claimJobs({ workerId }),
      complete: () => client.jobs.completeJobs({ workerId, items: [lease] }),
      fail: () => client.jobs.failJobs({ workerId, items: [{ ...lease, error: "e" }] }),
      release: () => client.jobs.releaseJobs({ workerId, items: [lease] }),
      progress: () => client.jobs.updateJobProgress({ workerId, items: [lease] }),
      drain: () => client.workers.drainWorker({ workerId }),
      deregister: () => client.workers.deregisterWorker({ workerId }),
    });
    for (const [name, call] of Object.entries(calls(as.other)))
      expect(await outcome(call()), name).toBe("NOT_OWNER");
    for (const [name, call] of Object.entries(calls(as.worker)))
      expect(await outcome(call()), name).toBe("OK");
    // Gone, its name is free.
    expect(await outcome(as.worker.workers.heartbeat({ workerId }))).toBe("NOT_FOUND");
    expect(await outcome(as.other.workers.registerWorker({ workerId }))).toBe("OK");
    expect(await outcome(as.worker.workers.heartbeat({ workerId }))).toBe("NOT_OWNER");
    expect(await outcome(as.admin.workers.drainWorker({ workerId }))).toBe("OK");
  });

  test("one that was registered without authentication is whose registers it first", async () => {
    const workerId = "old";
    await db.workers.register({ workerId });
    expect(await outcome(as.worker.workers.heartbeat({ workerId }))).toBe("NOT_OWNER");
    expect(await outcome(as.worker.workers.registerWorker({ workerId }))).toBe("OK");
    expect(await outcome(as.worker.workers.heartbeat({ workerId }))).toBe("OK");
    expect(await outcome(as.other.workers.registerWorker({ workerId }))).toBe("NOT_OWNER");
  });

  test("a worker completes other users' jobs with evaluations", async () => {
    const workerId = "w2";
    const benchmarkId = await benchmarkOf("ann");
    await as.ann.jobs.createJob({ jobType: "evaluate", benchmarkId });
    await as.worker.workers.registerWorker({ workerId, jobTypes: ["evaluate"] });
    const { leases } = await as.worker.jobs.claimJobs({ workerId });
    const items = leases.map(({ job, epoch }) => ({
      jobId: job?.id ?? "",
      epoch,
      evaluations: [row("1")],
    }));
    expect(items).toHaveLength(1);
    const { results } = await as.worker.jobs.completeJobs({ workerId, items });
    expect(results[0]?.evaluationsInserted).toBe(1);
  });
});

describe("users, keys and audit entries", () => {
  test("one's own record but for role, active and email_verified", async () => {
    const { userId: id } = callers.ann;
    const update = (change: object) => outcome(as.ann.users.updateUser({ id, ...change }));
    expect(await update({ metadata: { a: 1 } })).toBe("OK");
    for (const change of [
      { role: UserRole.ADMIN },
      { role: UserRole.UNSPECIFIED },
      { active: true },
      { emailVerified: true },
      { updateMask: { paths: ["email_verified"] } },
      { updateMask: { paths: ["role"] } },
    ])
      expect(await update(change), JSON.stringify(change)).toBe("ROLE_REQUIRED");
    expect(await update({ updateMask: { paths: ["emailVerified"] } })).toBe("INVALID_ARGUMENT");
    expect(await outcome(as.ben.users.updateUser({ id, metadata: {} }))).toBe("NOT_OWNER");
    expect(await outcome(as.admin.users.updateUser({ id, emailVerified: true }))).toBe("OK");
  });

  test("nobody learns which other users there are", async () => {
    const { userId, username } = callers.ann;
    const get = (key: { case: "id" | "email" | "username"; value: string }) =>
      outcome(as.ann.users.getUser({ key }));
    expect(await get({ case: "id", value: userId })).toBe("OK");
    expect(await get({ case: "username", value: username.toUpperCase() })).toBe("OK");
    expect(await get({ case: "email", value: ` ${username}@EXAMPLE.org ` })).toBe("OK");
    for (const value of [callers.ben.userId, unknownId])
      expect(await get({ case: "id", value })).toBe("NOT_OWNER");
    for (const value of [callers.ben.username, "nobody"])
      expect(await get({ case: "username", value })).toBe("NOT_OWNER");
    for (const value of [`${callers.ben.username}@example.org`, "nobody@example.org"])
      expect(await get({ case: "email", value })).toBe("NOT_OWNER");
  });

  test("one's own keys only", async () => {
    const { userId } = callers.ann;
    const { apiKey } = await as.ann.users.createApiKey({ name: "mine" });
    expect(apiKey?.userId).toBe(userId);
    const id = apiKey?.id ?? "";
    expect(await outcome(as.ben.users.createApiKey({ userId, name: "not mine" }))).toBe("NOT_OWNER");
    expect(await outcome(as.ben.users.listApiKeys({ userId }))).toBe("NOT_OWNER");
    expect(await outcome(as.ben.users.revokeApiKey({ id }))).toBe("NOT_OWNER");
    expect(await outcome(as.ben.users.rotateApiKey({ id }))).toBe("NOT_OWNER");
    expect((await as.ann.users.listApiKeys({})).apiKeys.map((key) => key.id)).toContain(id);
    expect(await outcome(as.viewer.users.createApiKey({ name: "mine" }))).toBe("OK");
    expect(await outcome(as.ann.users.revokeApiKey({ id }))).toBe("OK");
  });

  test("one's own audit entries only", async () => {
    const { userId } = callers.ben;
    expect(await outcome(as.ann.audit.listAuditLogs({ userId }))).toBe("NOT_OWNER");
    const entry = { action: "deploy", entityType: "site", userId };
    expect(await outcome(as.ann.audit.createAuditLog(entry))).toBe("NOT_OWNER");
    expect(await outcome(as.ann.audit.getAuditLog({ id: callers.ann.userId }))).toBe("NOT_FOUND");
  });
});

describe("keys with scopes", () => {
  test("reach as far as their scopes and their user's role both do", async () => {
    const { userId } = callers.ann;
    const reader = clients(listeners.HTTP(service, (await newKey(userId, ["jobs:read"])).key));
    expect(await outcome(reader.jobs.listJobs({}))).toBe("OK");
    expect(await outcome(reader.jobs.createJob({ jobType: "t" }))).toBe("SCOPE_REQUIRED");
    expect(await outcome(reader.benchmarks.listBenchmarks({}))).toBe("SCOPE_REQUIRED");
    expect(await outcome(reader.users.whoAmI({}))).toBe("OK");
    const queue = clients(listeners.HTTP(service, (await newKey(userId, ["queue:write"])).key));
    expect(await outcome(queue.jobs.pauseJobs({ jobType: "t" }))).toBe("ROLE_REQUIRED");
    // A key makes no key, and renews none, that reaches further than itself.
    const keys = clients(listeners.HTTP(service, (await newKey(userId, ["keys:write"])).key));
    const wide = await newKey(userId);
    expect(await outcome(keys.users.createApiKey({ name: "wide" }))).not.toBe("OK");
    expect(await outcome(keys.users.rotateApiKey({ id: wide.keyId }))).not.toBe("OK");
    expect(await outcome(keys.users.createApiKey({ name: "narrow", scopes: ["keys:write"] }))).toBe("OK");
  });
});
