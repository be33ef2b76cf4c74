import { beforeEach, describe, expect, test } from "vitest";
import type { BulkFilter, JobFilter, NewJob } from "../../src/jobs/input.ts";
import { queue } from "./support.ts";

const q = queue();

beforeEach(() => q.reset());

type Match = BulkFilter & JobFilter;

/** What each of the jobs differs by from those that no filter names. */
const jobs: Record<string, Partial<NewJob>> = {
  plain: {},
  gpu: { requiredTags: ["gpu", "linux"] },
  cpu: { requiredTags: ["cpu"] },
  nested: { metadata: { run: { commit: "abc", tries: 3 }, who: "Zoë" } },
  shallow: { metadata: { commit: "abc" } },
};

const errors: Record<string, string> = {
  plain: "timeout after 30 s",
  gpu: "429: Rate Limit of 100% (a_b) reached",
  cpu: "rate limit reached",
  nested: "ошибка: нет ответа 🦆",
  shallow: "a\\b",
};

const cases: [what: string, filter: Match, names: string[]][] = [
  ["one tag", { requiredTags: ["gpu"] }, ["gpu"]],
  ["several tags, all of which", { requiredTags: ["linux", "gpu"] }, ["gpu"]],
  ["tags of different jobs", { requiredTags: ["gpu", "cpu"] }, []],
  ["a key within an object", { metadata: { run: { commit: "abc" } } }, ["nested"]],
  ["a key at the top", { metadata: { commit: "abc" } }, ["shallow"]],
  ["a number", { metadata: { run: { tries: 3 } } }, ["nested"]],
  ["a number that is a text", { metadata: { run: { tries: "3" } } }, []],
  ["another script", { metadata: { who: "Zoë" } }, ["nested"]],
  ["any metadata", { metadata: {} }, ["nested", "shallow"]],
  ["an error in another case", { errorContains: "RATE limit" }, ["gpu", "cpu"]],
  ["signs of patterns as they stand", { errorContains: "100% (a_b)" }, ["gpu"]],
  ["an underscore is no other character", { errorContains: "a-b" }, []],
  ["a backslash", { errorContains: "a\\b" }, ["shallow"]],
  ["an error in another script", { errorContains: "нет ответа 🦆" }, ["nested"]],
  ["all of them at once", { requiredTags: ["gpu"], errorContains: "429" }, ["gpu"]],
];

async function failAll(): Promise<Map<string, string>> {
  const names = Object.keys(jobs);
  const made = await q.db.jobs.createMany(names.map((name) => ({ jobType: "t", ...jobs[name] })));
  const nameOf = new Map(made.map(({ id }, index) => [id, names[index] ?? ""]));
  await q.worker("w", { tags: ["gpu", "linux", "cpu"] });
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 10 });
  const failures = leases.map(({ id, epoch }) => {
    return { jobId: id, epoch, error: errors[nameOf.get(id) ?? ""] ?? "", retryable: false };
  });
  await q.db.jobs.fail("w", failures);
  return nameOf;
}

describe("lists and bulk changes find the same jobs", () => {
  test.each(cases)("by %s", async (_, filter, names) => {
    const nameOf = await failAll();
    const wanted: Match = { ...filter, jobType: "t" };
    for (const list of [wanted, { ...wanted, status: "failed" } as const]) {
      const { items } = await q.db.jobs.list(list);
      expect(items.map(({ id }) => nameOf.get(id)).sort()).toEqual([...names].sort());
    }
    const affected = names.length;
    expect(await q.db.jobs.retryMany(wanted, { dryRun: true })).toMatchObject({ affected });
    expect(await q.db.jobs.retryMany(wanted)).toMatchObject({ affected, skipped: 0 });
    const { items } = await q.db.jobs.list({ status: "pending" });
    expect(items.map(({ id }) => nameOf.get(id)).sort()).toEqual([...names].sort());
    // A retry has no error any more.
    const { errorContains: _error, ...without } = wanted;
    expect(await q.db.jobs.cancelMany(without, "", { dryRun: true })).toMatchObject({ affected });
  });
});

test("jobs that wait for a retry are cancelled by the error of their last attempt", async () => {
  await q.worker("w");
  const [first, second] = await q.db.jobs.createMany([{ jobType: "t" }, { jobType: "t" }]);
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 2 });
  const error = (id: string) => (id === first?.id ? "quota exceeded" : "reset by peer");
  await q.db.jobs.fail(
    "w",
    leases.map(({ id, epoch }) => ({ jobId: id, epoch, error: error(id) })),
  );
  expect(await q.db.jobs.cancelMany({ errorContains: "QUOTA" })).toMatchObject({ affected: 1 });
  expect(await q.db.jobs.get(first?.id ?? "")).toMatchObject({ status: "cancelled" });
  expect(await q.db.jobs.get(second?.id ?? "")).toMatchObject({ status: "pending" });
});

test("retries find jobs by their creator and by when they ended", async () => {
  await failAll();
  const { rows } = await q.client.query("select clock_timestamp()::text as now");
  const now = new Date(`${rows[0].now}`).toISOString();
  const counted = { dryRun: true };
  expect(await q.db.jobs.retryMany({ endedBefore: now }, counted)).toMatchObject({ affected: 5 });
  expect(await q.db.jobs.retryMany({ endedAfter: "2999-01-01T00:00:00Z" }, counted)).toMatchObject({
    affected: 0,
  });
  const { id: createdBy } = await q.db.users.create({ username: "alice", email: "alice@example.com" });
  await q.client.query("update jobs set created_by = $1 where metadata is not null", [createdBy]);
  expect(await q.db.jobs.retryMany({ createdBy }, counted)).toMatchObject({ affected: 2, notPermitted: 0 });
});

test("a page by error or metadata looks at 1,000 jobs, and says where to go on", async () => {
  const { id } = await q.db.jobs.create({ jobType: "t", metadata: { wanted: true } });
  for (let batch = 0; batch < 2; batch++)
    await q.db.jobs.createMany(Array.from({ length: 1_000 }, () => ({ jobType: "t", metadata: {} })));
  let pages = 0;
  const found: string[] = [];
  let after: Awaited<ReturnType<typeof q.db.jobs.list>>["next"];
  do {
    const page = await q.db.jobs.list({ metadata: { wanted: true } }, { after });
    found.push(...page.items.map((job) => job.id));
    after = page.next;
    pages++;
  } while (after);
  expect(found).toEqual([id]);
  expect(pages).toBe(3);
  expect(await q.db.jobs.cancelMany({ metadata: { wanted: true } })).toMatchObject({ affected: 1 });
  await q.reset();
});

test.each([
  [{ errorContains: "" }, "error_contains"],
  [{ errorContains: "x".repeat(1_025) }, "error_contains"],
  [{ errorContains: "\0" }, "error_contains"],
  [{ requiredTags: Array.from({ length: 65 }, (_, n) => `t${n}`) }, "required_tags"],
  [{ requiredTags: [""] }, "required_tags"],
])("bad filters are refused by the name of their field: %j", async (filter, field) => {
  await expect(q.db.jobs.list(filter)).rejects.toThrow(field);
  await expect(q.db.jobs.retryMany(filter)).rejects.toThrow(field);
});
