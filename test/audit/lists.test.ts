import { beforeAll, describe, expect, test } from "vitest";
import { attemptId, jobsOfAttemptId } from "../../src/audit/attempt.ts";
import type { AuditFilter, AuditPosition } from "../../src/audit/input.ts";
import type { AuditLog } from "../../src/audit/rows.ts";
import { listLogs, scanEnd } from "../../src/audit/statements.ts";
import { withOrigin } from "../../src/call-scope.ts";
import { unknownId } from "../harness/examples.ts";
import { benchmarkInput, store } from "./support.ts";

const s = store();
const user = "01890a5d-ac96-774b-bcce-000000000001";
const other = "01890a5d-ac96-774b-bcce-000000000002";

async function all(filter: AuditFilter, limit: number, order?: "newest" | "oldest"): Promise<AuditLog[]> {
  const items: AuditLog[] = [];
  let after: AuditPosition | undefined;
  do {
    const page = await s.db.audit.list(filter, { limit, after, ...(order && { order }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

const key = ({ createdAt, id }: AuditLog) => `${createdAt} ${id}`;

describe("an entry of an outside system", () => {
  test("is answered as it is stored, with the caller's origin as its default", async () => {
    const { id: userId } = await s.db.users.create({ email: "u@example.com", username: "u" });
    const given = {
      id: unknownId,
      action: "deploy",
      entityType: "model",
      entityId: "gpt-4",
      changes: { to: [1, null], token: "t" },
      userId,
      ipAddress: "2001:db8::1",
      userAgent: "ci",
    };
    const log = await s.db.audit.create(given);
    expect(log).toMatchObject({
      ...given,
      changes: { to: [1, null], token: "[redacted]" },
      actor: "u",
      external: true,
      sealed: false,
    });
    expect(await s.db.audit.get(unknownId)).toEqual(log);
    const [own] = (await s.db.audit.list({ entityType: "user", entityId: userId })).items;
    expect(own).toMatchObject({ action: "create", external: false });
    const caller = {
      userId: user,
      keyId: other,
      actor: "ada",
      ipAddress: "192.0.2.1",
      userAgent: "a",
      requestId: "r",
    };
    const short = await withOrigin(caller, () => s.db.audit.create({ action: "a", entityType: "t" }));
    expect(short).toMatchObject({
      userId: user,
      apiKeyId: other,
      actor: "ada",
      ipAddress: "192.0.2.1",
      userAgent: "a",
      requestId: "r",
    });
    expect([short.entityId, short.changes]).toEqual([null, null]);
  });

  test.each([
    [{ action: "" }, "action"],
    [{ action: "a".repeat(101) }, "action"],
    [{ entityType: "" }, "entity_type"],
    [{ entityId: "e".repeat(256) }, "entity_id"],
    [{ ipAddress: "1.2.3" }, "ip_address"],
    [{ ipAddress: "localhost" }, "ip_address"],
    [{ userAgent: "u".repeat(1_025) }, "user_agent"],
    [{ userId: "me" }, "user_id"],
    [{ changes: { a: "\ud800" } }, "changes"],
    [{ changes: { a: "x".repeat(1_100_000) } }, "changes"],
  ])("with %j is refused", async (wrong, field) => {
    const input = { action: "a", entityType: "t", ...wrong };
    await expect(s.db.audit.create(input)).rejects.toMatchObject({ violations: [{ field }] });
  });

  test("whose id is taken is refused", async () => {
    await expect(s.db.audit.create({ id: unknownId, action: "a", entityType: "t" })).rejects.toMatchObject({
      reason: "ALREADY_EXISTS",
    });
  });
});

describe("the history of a job", () => {
  let jobId: string;
  beforeAll(async () => {
    const create = () => s.db.jobs.create({ jobType: "h", maxRetries: 5 });
    ({ id: jobId } = await withOrigin({ userId: user, actor: "ada" }, create));
    await s.db.workers.register({ workerId: "hw", jobTypes: ["h"] });
    for (const error of ["e".repeat(3_000), "sk-0123456789abcdefghij is wrong"]) {
      const { leases } = await s.db.jobs.claim({ workerId: "hw", maxJobs: 1 });
      await s.db.jobs.fail("hw", [
        { jobId, epoch: leases[0]?.epoch ?? 0, error, retryable: true, retryAfterMs: 0 },
      ]);
      await s.db.maintain();
    }
    await s.db.jobs.cancel(jobId, "enough");
  });

  test("has its changes and its attempts, newest first", async () => {
    const history = await s.db.audit.listByEntity("job", jobId, 10);
    expect(history).toMatchObject([
      { action: "cancel", actor: "service" },
      {
        action: "attempt",
        entityType: "job",
        entityId: jobId,
        actor: "hw",
        userId: null,
        changes: {
          after: { epoch: 2, attempt: 2, worker_id: "hw", outcome: "failed", error: "[redacted] is wrong" },
        },
      },
      {
        action: "attempt",
        changes: {
          after: {
            epoch: 1,
            started_at: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
            ended_at: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
            error: { bytes: 3_000, sha256: expect.any(String) },
          },
        },
      },
      { action: "create", actor: "ada", userId: user },
    ]);
    for (const entry of history) expect(await s.db.audit.get(entry.id)).toEqual(entry);
    expect(new Set(history.map(({ id }) => id)).size).toBe(4);
    expect(await all({ entityType: "job", entityId: jobId }, 1)).toEqual(history);
    expect(await all({ entityType: "job", entityId: jobId }, 3, "oldest")).toEqual(history.toReversed());
  });

  test("by action, user and time", async () => {
    const history = await s.db.audit.listByEntity("job", jobId, 10);
    const entity = { entityType: "job", entityId: jobId };
    const actions = async (filter: AuditFilter) =>
      (await all({ ...entity, ...filter }, 2)).map(({ action }) => action);
    expect(await actions({ action: "attempt" })).toEqual(["attempt", "attempt"]);
    expect(await actions({ action: "cancel" })).toEqual(["cancel"]);
    expect(await actions({ userId: user })).toEqual(["create"]);
    const middle = history[1]?.createdAt ?? "";
    expect(await actions({ after: middle })).toEqual(["cancel", "attempt"]);
    expect(await actions({ before: middle })).toEqual(["attempt", "create"]);
    expect(await all({ action: "attempt" }, 1)).toHaveLength(2);
  });
});

test.each([
  ["01890a5d-ac96-774b-bcce-b302ffffffff", 1, "01890a5d-ac96-774b-bcce-b302fffffffe"],
  ["01890a5d-ac96-774b-bcce-b30200000000", 2_147_483_647, "01890a5d-ac96-774b-bcce-b3027fffffff"],
  ["01890a5d-ac96-774b-bcce-b30280000000", 3, "01890a5d-ac96-774b-bcce-b30280000003"],
])("the id of an attempt at job %s in epoch %i", (jobId, epoch, id) => {
  expect(attemptId(jobId, epoch)).toBe(id);
  const { first, last } = jobsOfAttemptId(id);
  expect(first <= jobId && jobId <= last).toBe(true);
});

test.each([
  [{ entityId: "x" }, "entity_type"],
  [{ userId: "x" }, "user_id"],
  [{ after: "yesterday" }, "after"],
])("a list by %j is refused", async (filter, field) => {
  await expect(s.db.audit.list(filter)).rejects.toMatchObject({ violations: [{ field }] });
});

test("what is not there is NOT_FOUND; a job's own id is no entry's", async () => {
  await expect(s.db.audit.get("01890a5d-ac96-774b-bcce-ffffffffffff")).rejects.toMatchObject({
    reason: "NOT_FOUND",
  });
  const { id } = await s.db.jobs.create({ jobType: "t" });
  await expect(s.db.audit.get(id)).rejects.toMatchObject({ reason: "NOT_FOUND" });
});

describe("of a million entries", () => {
  const entries = 1_000_000;
  beforeAll(async () => {
    // A job each, with one attempt each for a tenth of them; every hundredth entry is the user's, and every
    // second has the time of the one before.
    await s.client.query(
      `insert into audit_logs (id, user_id, created_at, action, entity_type, entity_id, changes, external)
       select md5('log' || n)::uuid, case when n % 100 = 0 then $1::uuid else $2::uuid end,
         '2026-01-01Z'::timestamptz + (n / 2) * interval '1 ms',
         case when n % 100000 = 0 then 'rare' else 'create' end, case when n % 250000 = 7 then 'unusual' else 'job' end,
         md5('job' || n)::uuid::text, '{"after": {"job_type": "t"}}', false
       from generate_series(1, ${entries}) n`,
      [user, other],
    );
    await s.client.query(
      `insert into job_attempts (job_id, started_at, ended_at, epoch, outcome, worker_id)
       select md5('job' || n)::uuid, t, t, 1, 'completed', 'w'
       from generate_series(10, ${entries}, 10) n cross join lateral (select '2026-01-01Z'::timestamptz + (n / 2) * interval '1 ms' as t) t`,
    );
    await s.client.query("vacuum analyze audit_logs, job_attempts");
  });

  const old = { createdAt: "2026-01-01T00:03:00.000000Z", id: unknownId, epoch: 0 };
  const jobId = "(select md5('job5000')::uuid)";

  test.each([
    ["all", {}, ["idx_audit_logs_created_at", "idx_job_attempts_ended_at"]],
    ["by user", { userId: user }, ["idx_audit_logs_user"]],
    ["by user and time", { userId: user, after: "2026-01-01T00:01:00Z" }, ["idx_audit_logs_user"]],
    ["by entity", { entityType: "job", entityId: jobId }, ["idx_audit_logs_entity", "job_attempts_pkey"]],
    ["attempts", { action: "attempt" }, ["idx_job_attempts_ended_at"]],
  ])("%s: a page reads its index and no more than the page", async (_name, given, indexes) => {
    const filter = { ...given };
    if ("entityId" in filter) {
      const { rows } = await s.client.query(`select ${jobId}::text as id`);
      filter.entityId = rows[0].id;
    }
    for (const order of ["newest", "oldest"] as const) {
      for (const after of [undefined, old]) {
        const plan = await explain(listLogs({ filter, order, limit: 51, after }));
        expect(plan.indexes).toEqual(indexes);
        expect(plan.mostRows).toBeLessThan(250);
      }
    }
  });

  test("other filters: a page looks at 5,000 entries, and the next goes on", async () => {
    for (const filter of [{ action: "rare" }, { entityType: "unusual" }]) {
      const plan = await explain(scanEnd(filter, "newest", old));
      expect(plan.indexes).toEqual(["idx_audit_logs_created_at"]);
      expect(plan.mostRows).toBeLessThanOrEqual(5_000);
    }
    const page = await s.db.audit.list({ action: "rare", before: "2026-02-01T00:00:00Z" }, { limit: 5 });
    expect(page.next).toBeDefined();
    expect(await all({ action: "rare", before: "2026-02-01T00:00:00Z" }, 5)).toHaveLength(10);
    expect(await all({ entityType: "unusual" }, 5)).toHaveLength(4);
    expect(await all({ userId: user, action: "rare" }, 5, "oldest")).toHaveLength(10);
  });

  test("pages follow each other without a gap or a repeat, through entries and attempts of the same time", async () => {
    const filter = { after: "2026-01-01T00:02:00Z", before: "2026-01-01T00:02:01Z" };
    const small = await all(filter, 7);
    expect(small).toHaveLength(2_000 + 200);
    expect(new Set(small.map(key)).size).toBe(small.length);
    expect(small.map(({ createdAt }) => createdAt)).toEqual(
      small
        .map(({ createdAt }) => createdAt)
        .toSorted()
        .toReversed(),
    );
    expect((await all(filter, 1_000)).map(key)).toEqual(small.map(key));
    expect((await all(filter, 13, "oldest")).map(key)).toEqual(small.toReversed().map(key));
  });

  test("an export has everything once, oldest first, in pages of bounded size, and goes on after any of them", async () => {
    const filter = { before: "2026-01-01T00:00:05Z" };
    const pages = [];
    for await (const page of s.db.audit.export(filter)) pages.push(page);
    const whole = pages.flatMap(({ items }) => items.map(key));
    expect(new Set(whole).size).toBe(9_999 + 999);
    expect(whole).toEqual(whole.toSorted());
    expect(pages.length).toBeGreaterThan(10);
    const rest = [];
    for await (const { items } of s.db.audit.export(filter, pages[3]?.next)) rest.push(...items.map(key));
    expect(rest).toEqual(pages.slice(4).flatMap(({ items }) => items.map(key)));
  });
});

test("a page of large entries ends before it grows beyond a message", async () => {
  const changes = { text: "x".repeat(900_000) };
  for (let i = 0; i < 6; i++)
    await s.db.audit.create({ action: "large", entityType: "t", entityId: "large", changes });
  const sizes: number[] = [];
  let after: AuditPosition | undefined;
  do {
    const page = await s.db.audit.list({ entityType: "t", entityId: "large" }, { limit: 10, after });
    sizes.push(page.items.length);
    after = page.next;
  } while (after);
  expect(sizes).toEqual([3, 3]);
});

test("entries are sealed once the sealer has taken them", async () => {
  const { id } = await s.db.benchmarks.create(benchmarkInput);
  const sealed = async () => (await s.db.audit.listByEntity("benchmark", id, 1))[0]?.sealed;
  expect(await sealed()).toBe(false);
  await s.client.query("delete from audit_unsealed where id <> (select max(id) from audit_unsealed)");
  expect(await sealed()).toBe(false);
  await s.client.query("delete from audit_unsealed");
  expect(await sealed()).toBe(true);
});

interface Plan {
  "Index Name"?: string;
  "Relation Name"?: string;
  "Node Type": string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  Plans?: Plan[];
}

/** Which indexes of the two tables a statement reads, and the most rows that one step of it sees. */
async function explain(query: { sql: string; values: readonly unknown[] }) {
  const text = `explain (analyze, format json) ${query.sql}`;
  const { rows } = await s.client.query(text, [...query.values]);
  const indexes = new Set<string>();
  let mostRows = 0;
  const visit = (node: Plan) => {
    expect(node["Node Type"] === "Seq Scan" ? node["Relation Name"] : "").not.toMatch(
      /audit_logs|job_attempts/,
    );
    const index = node["Index Name"] ?? "";
    if (/audit_logs|job_attempts/.test(index)) {
      indexes.add(index);
      const seen = node["Actual Rows"] * node["Actual Loops"] + (node["Rows Removed by Filter"] ?? 0);
      mostRows = Math.max(mostRows, seen);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(rows[0]["QUERY PLAN"][0].Plan);
  return { indexes: [...indexes].sort(), mostRows };
}
