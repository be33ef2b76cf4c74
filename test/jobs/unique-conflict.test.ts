import { beforeEach, describe, expect, test } from "vitest";
import type { NewJob } from "../../src/jobs/input.ts";
import { queue } from "./support.ts";

const q = queue();

beforeEach(() => q.reset());

const keyed = { jobType: "t", uniqueKey: "k" };
const finding: NewJob = { ...keyed, onUniqueConflict: "return_existing" };
const replacing: NewJob = { ...keyed, onUniqueConflict: "replace" };

const entriesOf = async (id: string) =>
  (await q.db.audit.list({ entityType: "job", entityId: id })).items.map(({ action }) => action);

describe("a creation whose unique key another job has", () => {
  test("is refused", async () => {
    const { id } = await q.db.jobs.create(keyed);
    for (const job of [keyed, { ...keyed, onUniqueConflict: "refuse" } as const])
      await expect(q.db.jobs.submit(job)).rejects.toMatchObject({
        reason: "UNIQUE_KEY_TAKEN",
        metadata: { id },
      });
  });

  test("answers that job as it is, pending or running", async () => {
    const first = await q.db.jobs.submit({ ...finding, payload: { n: 1 } });
    expect(first.existing).toBe(false);
    const again = await q.db.jobs.submit({ ...finding, payload: { n: 2 }, priority: 5 });
    expect(again).toEqual({ job: await q.db.jobs.get(first.job.id), existing: true });
    expect(again.job).toMatchObject({ payload: { n: 1 }, version: 1 });
    await q.worker("w");
    const { leases } = await q.db.jobs.claim({ workerId: "w" });
    expect(await q.db.jobs.submit(finding)).toMatchObject({
      job: { id: first.job.id, status: "running" },
      existing: true,
    });
    await q.db.jobs.complete("w", [{ jobId: first.job.id, epoch: leases[0]?.epoch ?? 0 }]);
    expect(await q.db.jobs.submit(finding)).toMatchObject({ existing: false });
    expect(await entriesOf(first.job.id)).toEqual(["attempt", "create"]);
  });

  test("replaces a pending job, which keeps its id and age", async () => {
    const first = await q.db.jobs.create({ ...keyed, payload: { n: 1 }, limitKey: "l", metadata: { m: 1 } });
    const other = await q.db.jobs.create({ jobType: "t" });
    const { job, existing } = await q.db.jobs.submit({
      ...replacing,
      payload: { n: 2 },
      requiredTags: ["a"],
    });
    expect(existing).toBe(true);
    expect(job).toMatchObject({
      id: first.id,
      createdAt: first.createdAt,
      payload: { n: 2 },
      limitKey: null,
      metadata: null,
      requiredTags: ["a"],
      version: 2,
    });
    await q.worker("w", { tags: ["a"] });
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 2 });
    expect(leases.map(({ id }) => id)).toEqual([first.id, other.id]);
    expect(await entriesOf(first.id)).toEqual(["update", "create"]);
  });

  test("puts a pending job off with each one, so the last decides (debounce)", async () => {
    const { id } = await q.db.jobs.create({ ...keyed, delayMs: 60_000 });
    for (const n of [1, 2, 3]) await q.db.jobs.create({ ...replacing, payload: { n }, delayMs: 3_600_000 });
    const job = await q.db.jobs.get(id);
    expect(job).toMatchObject({ payload: { n: 3 }, version: 4 });
    expect(Date.parse(job.runAt ?? "") - Date.now()).toBeGreaterThan(3_500_000);
    expect(await q.db.jobs.getStats()).toMatchObject({ total: 1, scheduled: 1 });
  });

  test("does not replace a job that runs, or is another user's", async () => {
    const { id: ann } = await q.db.users.create({ username: "ann", email: "ann@example.com" });
    const { id: ben } = await q.db.users.create({ username: "ben", email: "ben@example.com" });
    const { id } = await q.db.jobs.create({ ...keyed, createdBy: ann });
    const by = (createdBy: string) =>
      q.db.jobs.submit({ ...replacing, createdBy, priority: 9 }, undefined, { permittedTo: createdBy });
    await expect(by(ben)).rejects.toMatchObject({ reason: "UNIQUE_KEY_TAKEN", metadata: { id } });
    expect(await q.db.jobs.get(id)).toMatchObject({ priority: 0, version: 1 });
    expect(await by(ann)).toMatchObject({ job: { id, priority: 9 }, existing: true });
    await q.worker("w");
    await q.db.jobs.claim({ workerId: "w" });
    await expect(by(ann)).rejects.toMatchObject({ reason: "UNIQUE_KEY_TAKEN" });
    await q.db.users.delete(ann);
    await q.db.users.delete(ben);
  });
});

test("a batch answers each position, also where two of it have one key", async () => {
  const { id } = await q.db.jobs.create({ ...keyed, uniqueKey: "there" });
  const submitted = await q.db.jobs.submitMany([
    { ...finding, uniqueKey: "there" },
    { ...finding, uniqueKey: "new", payload: { n: 1 } },
    { ...replacing, uniqueKey: "new", payload: { n: 2 } },
    { jobType: "t" },
  ]);
  expect(submitted.map(({ existing }) => existing)).toEqual([true, false, true, false]);
  expect(submitted[0]?.job.id).toBe(id);
  expect(submitted[2]?.job).toMatchObject({ id: submitted[1]?.job.id, payload: { n: 2 } });
  expect(await q.db.jobs.getStats()).toMatchObject({ total: 3 });
  const refused = [
    { ...finding, uniqueKey: "more" },
    { ...keyed, uniqueKey: "there" },
  ];
  await expect(q.db.jobs.submitMany(refused)).rejects.toThrow(/^jobs\[1\]: unique_key "there"/);
  expect(await q.db.jobs.getStats()).toMatchObject({ total: 3 });
});

test("a repeat of the request tells the same again, also of a job that has changed since", async () => {
  const request = { requestId: "r" };
  await q.db.jobs.create(keyed);
  for (let time = 0; time < 2; time++) {
    expect(await q.db.jobs.submit(finding, request)).toMatchObject({ existing: true });
    const many = await q.db.jobs.submitMany([finding, { jobType: "t" }], { requestId: "many" });
    expect(many.map(({ existing }) => existing)).toEqual([true, false]);
  }
  expect(await q.db.jobs.getStats()).toMatchObject({ total: 2 });
});

test.each(["return_existing", "replace"] as const)(
  "many at the same time make one job (%s)",
  async (policy) => {
    for (let round = 0; round < 10; round++) {
      const job: NewJob = { jobType: "t", uniqueKey: `k${round}`, onUniqueConflict: policy };
      const all = await Promise.all(
        Array.from({ length: 12 }, (_, n) => {
          const db = n % 2 ? q.db : q.other;
          const submit = { ...job, payload: { n } };
          return n % 3 ? db.jobs.submit(submit) : db.jobs.submitMany([submit]).then(([one]) => one);
        }),
      );
      expect(new Set(all.map((one) => one?.job.id)).size).toBe(1);
      expect(all.filter((one) => one?.existing === false)).toHaveLength(1);
    }
    expect(await q.db.jobs.getStats()).toMatchObject({ total: 10 });
  },
);

test("a job that ends meanwhile frees its key for a new one", async () => {
  await q.worker("w");
  for (let round = 0; round < 20; round++) {
    const { id } = await q.db.jobs.create(keyed);
    const [{ job, existing }] = await Promise.all([q.other.jobs.submit(finding), q.db.jobs.cancel(id)]);
    expect(existing).toBe(job.id === id);
    if (!existing) await q.db.jobs.cancel(job.id);
  }
});

test.each([
  [{ onUniqueConflict: "replace" }, /on_unique_conflict: needs a unique_key/],
  [{ uniqueKey: "k", onUniqueConflict: "other" }, /on_unique_conflict: must be/],
])("%j is refused by the name of the field", async (job, message) => {
  await expect(q.db.jobs.create({ jobType: "t", ...job } as NewJob)).rejects.toThrow(message);
});
