import { createHash } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type DeniedCall, DeniedCalls } from "../../src/audit/denied-calls.ts";
import { changesText, difference, recordAudit } from "../../src/audit/record.ts";
import { type Origin, withOrigin } from "../../src/call-scope.ts";
import { ServiceError } from "../../src/errors.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { anySecret, withoutSecrets } from "../../src/secrets.ts";
import { run } from "../database/support.ts";
import { unknownId } from "../harness/examples.ts";
import { silentLog } from "../harness/log.ts";
import { eventually } from "../harness/waiting.ts";
import { benchmarkInput, store } from "./support.ts";

const own = store();
const s = store();

const origin = (name: string): Origin => ({
  userId: newId(),
  actor: name,
  ipAddress: "192.0.2.1",
  requestId: name,
});

describe("a change that fails leaves no entry", () => {
  const refused: Record<string, () => Promise<unknown>> = {
    "a benchmark whose id is taken": async () => {
      const { id } = await s.db.benchmarks.create(benchmarkInput);
      await s.fresh();
      await s.db.benchmarks.create({ ...benchmarkInput, id });
    },
    "an update to a status that cannot be": async () => {
      const { id } = await s.db.benchmarks.create(benchmarkInput);
      await s.db.benchmarks.update(id, { status: "completed" });
      await s.fresh();
      await s.db.benchmarks.update(id, { status: "running" });
    },
    "an update of another version": async () => {
      const { id } = await s.db.benchmarks.create(benchmarkInput);
      await s.fresh();
      await s.db.benchmarks.update(id, { name: "x" }, { expectedVersion: 7 });
    },
    "a deletion of nothing": async () => s.db.benchmarks.delete(unknownId),
    "an evaluation without its benchmark": async () =>
      s.db.evaluations.create({ benchmarkId: unknownId, input: "i", output: "o" }),
    "a job without its benchmark": async () => s.db.jobs.create({ jobType: "t", benchmarkId: unknownId }),
    "a job whose unique key is taken": async () => {
      await s.db.jobs.create({ jobType: "t", uniqueKey: "k" });
      await s.fresh();
      await s.db.jobs.create({ jobType: "t", uniqueKey: "k" });
    },
    "a batch with one such job": async () =>
      s.db.jobs.createMany([{ jobType: "t" }, { jobType: "t", uniqueKey: "k" }]),
    "a retry of a pending job": async () => {
      const { id } = await s.db.jobs.create({ jobType: "t" });
      await s.fresh();
      await s.db.jobs.retry(id);
    },
    "a limit that is not there": async () => s.db.jobs.deleteLimit("none"),
    "a drain of nobody": async () => s.db.workers.drain("nobody"),
    "a deregistration of nobody": async () => s.db.workers.deregister("nobody"),
    "a user whose email is taken": async () => {
      await s.db.users.create({ email: "a@example.com", username: "a" });
      await s.fresh();
      await s.db.users.create({ email: "a@example.com", username: "b" });
    },
    "an entry of an unknown user": async () =>
      s.db.audit.create({ action: "a", entityType: "t", userId: unknownId }),
    "a transaction that is rolled back midway": async () => {
      await s.fresh();
      await s.db.transaction(async ({ benchmarks, jobs, workers }) => {
        const { id } = await benchmarks.create(benchmarkInput);
        await benchmarks.update(id, { name: "x" });
        await jobs.create({ jobType: "t" });
        await workers.register({ workerId: "w" });
        throw new ServiceError(9, "CONFLICT", "changed my mind");
      });
    },
  };
  test.each(Object.entries(refused))("%s", async (_name, attempt) => {
    await s.fresh();
    await expect(attempt()).rejects.toThrow(ServiceError);
    expect(await s.fresh()).toEqual([]);
  });

  test("the entries of a transaction are committed with it, by whoever made each", async () => {
    await s.fresh();
    await s.db.transaction(async ({ benchmarks, jobs }) => {
      await withOrigin(origin("first"), () => benchmarks.create(benchmarkInput));
      await withOrigin(origin("second"), () => jobs.create({ jobType: "t" }));
      expect(await s.fresh()).toEqual([]);
    });
    expect((await s.fresh()).map(({ actor, entity_type }) => [actor, entity_type])).toEqual([
      ["first", "benchmark"],
      ["second", "job"],
    ]);
  });

  test("a change is undone if its entry cannot be written", async () => {
    const broken = own.db;
    await run(
      broken.executor,
      "alter table audit_logs add constraint broken check (entity_type <> 'benchmark')",
    );
    await expect(broken.benchmarks.create(benchmarkInput)).rejects.toThrow();
    await run(broken.executor, "alter table audit_logs drop constraint broken");
    expect(await broken.benchmarks.count()).toBe(0);
    expect(await own.fresh()).toEqual([]);
  });
});

describe("what is sent twice leaves one entry", () => {
  const ofAda = { requestId: "r", actor: unknownId };
  const repeated: Record<string, () => Promise<unknown>> = {
    benchmark: () => s.db.benchmarks.create(benchmarkInput, ofAda),
    job: () => s.db.jobs.create({ jobType: "t" }, ofAda),
    "batch of jobs": () => s.db.jobs.createMany([{ jobType: "t" }], ofAda),
    entry: () => s.db.audit.create({ action: "a", entityType: "t" }, ofAda),
    user: () => s.db.users.create({ email: "c@example.com", username: "c" }, ofAda),
  };
  test.each(Object.entries(repeated))("%s, by its request id, which the entry has", async (_name, create) => {
    await s.fresh();
    await create();
    await Promise.all([create(), create()]);
    expect(await s.fresh()).toMatchObject([{ request_id: "r", actor: "service" }]);
  });

  test("evaluations, by their samples: only the rows that were inserted are counted and hashed", async () => {
    const { id: benchmarkId } = await s.db.benchmarks.create(benchmarkInput);
    const rows = ["a", "b", "c"].map((sampleId) => ({ benchmarkId, sampleId, input: "i", output: "o" }));
    await s.db.evaluations.createMany(rows.slice(0, 1));
    await s.fresh();
    await s.db.evaluations.createMany(rows);
    await s.db.evaluations.createMany(rows);
    const [entry, ...others] = await s.fresh();
    expect(others).toEqual([]);
    const { rows: stored } = await s.client.query<{ id: string; content_hash: Buffer }>(
      "select id, content_hash from evaluations where sample_id in ('b', 'c') order by id",
    );
    const digest = createHash("sha256").update(Buffer.concat(stored.map((row) => row.content_hash)));
    expect(entry?.changes?.after).toEqual({
      benchmark_id: benchmarkId,
      count: 2,
      first_id: stored[0]?.id,
      last_id: stored[1]?.id,
      sha256: digest.digest("hex"),
    });
  });

  test("evaluations of several benchmarks: one entry for each", async () => {
    const ids = await Promise.all([1, 2].map(async () => (await s.db.benchmarks.create(benchmarkInput)).id));
    await s.fresh();
    const rows = ids.flatMap((benchmarkId) => [1, 2].map(() => ({ benchmarkId, input: "i", output: "o" })));
    await s.db.evaluations.createMany(rows);
    expect((await s.fresh()).map(({ entity_id }) => entity_id).sort()).toEqual(ids.sort());
  });
});

test("jobs that many callers create by one statement each have their own caller", async () => {
  await s.fresh();
  const made = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const by = origin(`user-${index}`);
      const { id } = await withOrigin(by, () => s.db.jobs.create({ jobType: "t", payload: { index } }));
      return { id, by, index };
    }),
  );
  const entries = await s.fresh();
  expect(entries).toHaveLength(60);
  for (const { id, by, index } of made) {
    expect(entries.filter(({ entity_id }) => entity_id === id)).toMatchObject([
      {
        user_id: by.userId,
        actor: by.actor,
        ip_address: by.ipAddress,
        request_id: by.requestId,
        changes: { after: { payload: { index } } },
      },
    ]);
  }
  const { rows } = await s.client.query(
    "select count(distinct created_at)::integer as statements from audit_logs where actor like 'user-%'",
  );
  expect(rows[0].statements).toBeLessThan(30);
});

test("what nobody called for is the service's own; a caller without a name is not", async () => {
  await s.fresh();
  await s.db.jobs.create({ jobType: "t" });
  await withOrigin({ ipAddress: "192.0.2.7" }, () => s.db.jobs.create({ jobType: "t" }));
  expect(await s.fresh()).toMatchObject([
    { actor: "service", ip_address: null },
    { actor: null, ip_address: "192.0.2.7" },
  ]);
});

test("an origin that does not fit is cut rather than failing the change", async () => {
  await s.fresh();
  const long = { actor: "a".repeat(300), userAgent: "\ud800u".repeat(900), requestId: "r".repeat(300) };
  await withOrigin(long, () => s.db.benchmarks.create({ ...benchmarkInput, name: "half \ud800" }));
  const [entry] = await s.fresh();
  expect(entry).toMatchObject({ changes: { after: { name: "half \ufffd" } } });
  expect([entry?.actor?.length, entry?.user_agent?.length, entry?.request_id?.length]).toEqual([
    255, 1024, 128,
  ]);
});

test("heartbeats, progress, claims and completions leave no entry; the attempt is kept", async () => {
  await s.db.workers.register({ workerId: "busy", jobTypes: ["work"] });
  const { id } = await s.db.jobs.create({ jobType: "work" });
  await s.fresh();
  const { leases } = await s.db.jobs.claim({ workerId: "busy", maxJobs: 1 });
  const lease = { jobId: id, epoch: leases[0]?.epoch ?? 0 };
  await s.db.workers.heartbeat({ workerId: "busy", leases: [lease] });
  await s.db.jobs.progress("busy", [{ ...lease, progress: 0.5 }]);
  await s.db.jobs.complete("busy", [{ ...lease, result: 1 }]);
  await s.db.maintain();
  expect(await s.fresh()).toEqual([]);
  expect(await s.db.jobs.attempts(id)).toHaveLength(1);
});

describe("what is kept of values", () => {
  const kept = (after: object) => JSON.parse(changesText({ after }) ?? "null").after;

  test("fields as the protos spell them, without those that are unset", () => {
    expect(kept({ maxRetries: 3, runAt: undefined, benchmarkId: null })).toEqual({
      max_retries: 3,
      benchmark_id: null,
    });
  });

  test("large ones by size and hash: of a string itself, of a document with its keys in order", () => {
    const text = "é".repeat(1_100);
    const sha256 = (of: string) => createHash("sha256").update(of).digest("hex");
    expect(kept({ text })).toEqual({ text: { bytes: 2_200, sha256: sha256(text) } });
    const long = "x".repeat(2_100);
    const sorted = JSON.stringify({ a: [{ c: 1, d: 2 }], b: long });
    const summary = { bytes: sorted.length, sha256: sha256(sorted) };
    expect(kept({ payload: { b: long, a: [{ d: 2, c: 1 }] } })).toEqual({ payload: summary });
    expect(kept({ payload: { a: [{ c: 1, d: 2 }], b: long } })).toEqual({ payload: summary });
    expect(kept({ text: "x".repeat(2_048) })).toEqual({ text: "x".repeat(2_048) });
  });

  test("deep ones too, so that no entry has more levels than a document may have", () => {
    const nested = (levels: number): object => (levels === 1 ? { a: 1 } : { a: nested(levels - 1) });
    expect(kept({ payload: nested(30) })).toEqual({ payload: nested(30) });
    expect(kept({ payload: nested(31) })).toEqual({
      payload: { bytes: JSON.stringify(nested(31)).length, sha256: expect.any(String) },
    });
  });

  test.each([
    [
      {
        apiKey: "s",
        api_key: "s",
        "x-api-key": "s",
        accessToken: "s",
        client_secret: { a: 1 },
        Authorization: "s",
      },
    ],
    [{ password_hash: "s", keyHash: "s", passphrase: ["s"], sessionCookie: "s", credentials: { user: "u" } }],
  ])("secrets by the names of their fields: %j", (secrets) => {
    expect(Object.values(withoutSecrets(secrets, anySecret) as object)).toEqual(
      Object.keys(secrets).map(() => "[redacted]"),
    );
  });

  test("no others", () => {
    const plain = {
      max_tokens: 3,
      input_tokens: 4,
      token: 5,
      tokenizer: "bpe",
      keys: ["a"],
      key: "k",
      secret: null,
      passes: "all",
      url: "https://example.com:8080/a@b",
      email: "ada@example.com",
      hash: "0123",
    };
    expect(withoutSecrets(plain, anySecret)).toEqual(plain);
  });

  test.each([
    ["our own keys", "key ltb_4fJ2kQ9sLx0B_0123456789abcdefABCDEF is", "key [redacted] is"],
    ["bearer tokens", "Bearer abc.def-ghi_jkl", "[redacted]"],
    ["hashes of passwords", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", "[redacted]"],
    ["bcrypt", "was $2b$12$abcdefghijklmnopqrstuv", "was [redacted]"],
    ["URLs", "postgres://me:hunter2@db/x", "postgres[redacted]db/x"],
    ["keys of providers", "sk-proj-0123456789abcdefghij", "[redacted]"],
  ])("secrets by their looks: %s", (_name, text, expected) => {
    expect(kept({ note: text, list: [{ deep: text }] })).toEqual({
      note: expected,
      list: [{ deep: expected }],
    });
  });

  test("a difference has what changed, and null for what is unset", () => {
    const before = { a: 1, b: { x: 1, y: 2 }, c: "c", d: null, at: 1 };
    const after = { a: 1, b: { y: 2, x: 1 }, c: null, d: "d", at: 2 };
    expect(difference<Record<string, unknown>>(before, after, ["at"])).toEqual({
      before: { c: "c", d: null },
      after: { c: null, d: "d" },
    });
    expect(difference(before, before)).toBeUndefined();
  });
});

describe("denied calls", () => {
  const denied = (userId: string | undefined, method = "m"): DeniedCall => ({
    method,
    error: new ServiceError(Code.PermissionDenied, "NOT_OWNER", "no"),
    origin: { userId, ipAddress: "192.0.2.1" },
  });
  let calls: DeniedCalls;
  const logged: string[] = [];
  beforeAll(() => {
    calls = new DeniedCalls(s.db.executor, {
      ...silentLog,
      warn: (_details, message) => void logged.push(message),
    });
  });
  afterAll(() => calls.flush());

  test("of however many callers are few entries, and all are counted", async () => {
    await s.fresh();
    for (let i = 0; i < 5_000; i++) calls.recordDenied(denied(newId()));
    await calls.flush();
    const entries = await s.fresh();
    expect(entries).toHaveLength(201);
    const counts = entries.map(({ changes }) => Number(changes?.after?.count));
    expect(counts.reduce((sum, count) => sum + count)).toBe(5_000);
    expect(entries.find(({ actor }) => actor === "several")).toMatchObject({ user_id: null, entity_id: "m" });
  });

  test("of strangers are one entry a minute for each of a few addresses, with the methods in it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const mine = new DeniedCalls(s.db.executor, silentLog);
    const error = new ServiceError(Code.Unauthenticated, "CREDENTIAL_MISSING", "no");
    const tryAll = (ipAddress: string) => {
      for (let n = 0; n < 70; n++) mine.recordDenied({ method: `m${n % 30}`, error, origin: { ipAddress } });
    };
    const written = async (rows: number) => {
      const found: Awaited<ReturnType<typeof s.fresh>> = [];
      await eventually(async () => found.push(...(await s.fresh())) >= rows);
      return found;
    };
    await s.fresh();
    tryAll("192.0.2.1");
    // The first ones are recorded soon.
    await vi.advanceTimersByTimeAsync(limits.deniedIntervalMs);
    const [first] = await written(1);
    expect(first).toMatchObject({
      ip_address: "192.0.2.1",
      entity_id: null,
      changes: { after: { count: 70 } },
    });
    const methods = Object(first?.changes?.after?.methods);
    expect(methods).toMatchObject({ m0: 3, m10: 2 });
    expect(Object.keys(methods)).toHaveLength(limits.deniedMethods + 1);
    for (let n = 0; n < 100; n++) tryAll(`198.51.100.${n}`);
    await vi.advanceTimersByTimeAsync(limits.deniedStrangersMs / 2);
    expect(await s.fresh()).toEqual([]);
    await vi.advanceTimersByTimeAsync(limits.deniedStrangersMs / 2 + limits.deniedIntervalMs);
    const rows = await written(limits.deniedStrangers + 1);
    expect(rows).toHaveLength(limits.deniedStrangers + 1);
    expect(rows.reduce((sum, { changes }) => sum + Number(changes?.after?.count), 0)).toBe(7_000);
    expect(rows.filter(({ actor }) => actor === "several")).toHaveLength(1);
  });

  test("are kept while the database does not take them", async () => {
    await s.fresh();
    await run(s.db.executor, "alter table audit_unsealed rename to away");
    const user = newId();
    calls.recordDenied(denied(user));
    await calls.flush();
    await run(s.db.executor, "alter table away rename to audit_unsealed");
    expect(logged).toHaveLength(1);
    calls.recordDenied(denied(user));
    await calls.flush();
    expect(await s.fresh()).toMatchObject([{ user_id: user, changes: { after: { count: 2 } } }]);
  });
});

test("entries are written by one statement, and wait for the sealer in one row", async () => {
  const { rows: before } = await s.client.query("select count(*)::integer as n from audit_unsealed");
  await recordAudit(
    s.db.executor,
    Array.from({ length: 50 }, (_, index) => ({
      action: "update",
      entityType: "job",
      entityId: String(index),
    })),
  );
  await recordAudit(s.db.executor, []);
  const { rows } = await s.client.query("select entry_ids from audit_unsealed order by id");
  expect(rows).toHaveLength(before[0].n + 1);
  expect(rows.at(-1).entry_ids).toHaveLength(50);
});
