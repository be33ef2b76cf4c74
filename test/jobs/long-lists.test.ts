import { beforeAll, expect, test } from "vitest";
import { limits } from "../../src/limits.ts";
import { queue } from "./support.ts";

const q = queue();

// More jobs than one page may look at, the few of another type at both ends.
beforeAll(async () => {
  await q.worker("w", { capacity: 10_000 });
  await q.db.jobs.create({ jobType: "rare" });
  for (let made = 0; made < limits.scanRows + 500; made += 500) {
    await q.db.jobs.createMany(Array.from({ length: 500 }, () => ({ jobType: "common" })));
  }
  await q.db.jobs.create({ jobType: "rare" });
});

async function walk(filter: Parameters<typeof q.db.jobs.list>[0], limit = 1_000) {
  const sizes: number[] = [];
  const ids = new Set<string>();
  let after: Awaited<ReturnType<typeof q.db.jobs.list>>["next"];
  do {
    const { items, next } = await q.db.jobs.list(filter, { limit, after });
    sizes.push(items.length);
    for (const { id } of items) ids.add(id);
    after = next;
  } while (after !== undefined && sizes.length < 50);
  expect(ids.size).toBe(sizes.reduce((sum, size) => sum + size, 0));
  return sizes;
}

test("a page looks at a bounded number of jobs, may be short or empty, and the next goes on", async () => {
  expect(await walk({ jobType: "rare" })).toEqual([1, 1]);
  expect(await walk({ jobType: "none" })).toEqual([0, 0]);
  expect((await walk({ jobType: "common" })).reduce((sum, size) => sum + size, 0)).toBe(
    limits.scanRows + 500,
  );
});

test("also of running and of ended jobs", async () => {
  const ends = [];
  for (let i = 0; i < 6; i++) {
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 1_000 });
    ends.push(...leases.map(({ id, epoch }) => ({ jobId: id, epoch })));
  }
  expect(ends).toHaveLength(limits.scanRows + 502);
  expect((await walk({ status: "running" })).reduce((sum, size) => sum + size, 0)).toBe(ends.length);
  expect((await walk({ status: "running", jobType: "rare" })).reduce((sum, size) => sum + size, 0)).toBe(2);
  while (ends.length > 0) await q.db.jobs.complete("w", ends.splice(0, 1_000));
  expect(await walk({ status: "completed", jobType: "rare" })).toEqual([1, 1]);
  expect((await walk({ status: "completed", workerId: "w" })).reduce((sum, size) => sum + size, 0)).toBe(
    limits.scanRows + 502,
  );
  expect(await walk({ status: "completed", workerId: "v" })).toEqual([0]);
});
