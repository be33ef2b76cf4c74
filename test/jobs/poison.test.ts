import { beforeEach, describe, expect, test } from "vitest";
import type { NewJob } from "../../src/jobs/input.ts";
import { limits } from "../../src/limits.ts";
import { jsonValueOf } from "../../src/validation.ts";
import { queue } from "./support.ts";

// Jobs that take their worker down: it dies (its leases expire), or is told to stop and gives them back.

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w", { capacity: 4 });
});

const create = (name: string, count: number, more: Partial<NewJob> = {}) =>
  q.db.jobs.createMany(
    Array.from({ length: count }, () => ({ jobType: "t", payload: { name }, maxRetries: 5, ...more })),
  );

/** Claims up to four jobs; answers their names, and the leases as they are named to the service. */
async function claim() {
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 4 });
  return {
    names: leases.map(({ payload }) => jsonValueOf(payload).name),
    ends: leases.map(({ id, epoch }) => ({ jobId: id, epoch })),
  };
}

/** Runs what was claimed as a worker does that poison stops, by `stop`; good jobs are done by then. */
async function run(stop: (ends: { jobId: string; epoch: number }[]) => Promise<unknown>): Promise<number> {
  const { names, ends } = await claim();
  const good = ends.filter((_, index) => names[index] === "good");
  const poison = ends.filter((_, index) => names[index] !== "good");
  if (good.length > 0) await q.db.jobs.complete("w", good);
  if (poison.length > 0) await stop(poison);
  await q.makeDue();
  await q.maintain();
  return good.length;
}

const die = async (ends: { jobId: string }[]) => {
  await q.expire(ends.map(({ jobId }) => jobId));
  await q.maintain();
};

describe.each([
  ["dies", die, 1],
  [
    "gives jobs back as it stops",
    (ends: { jobId: string; epoch: number }[]) => q.db.jobs.release("w", ends),
    2,
  ],
  ["leaves the registry", () => leave(), 2],
])("a worker that %s", (_, stop, rounds) => {
  test("does so no more often than needed before the jobs run that wait behind the poison", async () => {
    await create("poison", 4);
    await create("good", 8);
    for (let round = 0; round < rounds; round++) expect(await run(stop)).toBe(0);
    expect(await run(stop)).toBe(4);
    expect(await run(stop)).toBe(4);
  });

  test("does not do so for ever", async () => {
    const [job] = await create("poison", 1, { maxRetries: 2 });
    for (let round = 0; round < limits.freeReleases + 3; round++) await run(stop);
    const { status, retryCount, error } = await q.db.jobs.get(job?.id ?? "");
    expect({ status, retryCount }).toEqual({ status: "failed", retryCount: 2 });
    expect(error).toMatch(/the lease expired|given back by workers more than 10 times/);
    expect((await claim()).names).toEqual([]);
  });
});

async function leave(): Promise<void> {
  await q.db.workers.deregister("w");
  await q.db.workers.register({ workerId: "w", capacity: 4 });
}

test("a job that is given back keeps its place once, and then goes behind those of its priority", async () => {
  await create("first", 1);
  await create("second", 1);
  await create("low", 1, { priority: -1 });
  const give = async () => {
    const { names, ends } = await claim();
    // One after the other, so that the new places are in this order.
    for (const end of ends) await q.db.jobs.release("w", [end]);
    return names;
  };
  expect(await give()).toEqual(["first", "second", "low"]);
  await create("third", 1);
  expect(await give()).toEqual(["first", "second", "third", "low"]);
  expect(await give()).toEqual(["third", "first", "second", "low"]);
});

test("a job that fails keeps its place, and so does one that never reached its worker", async () => {
  await create("first", 1);
  await create("second", 1);
  for (let time = 0; time < limits.freeReleases + 2; time++) {
    const { names, ends } = await claim();
    expect(names).toEqual(["first", "second"]);
    await q.db.queue.writes.release(ends.map((end) => ({ ...end, workerId: "w", byWorker: false })));
  }
  const { ends } = await claim();
  await q.db.jobs.fail(
    "w",
    ends.map((end) => ({ ...end, error: "e", retryAfterMs: 0 })),
  );
  await q.maintain();
  expect((await claim()).names).toEqual(["first", "second"]);
});

test("a retry by hand gives all retries and free releases back", async () => {
  const [job] = await create("poison", 1, { maxRetries: 0 });
  const id = job?.id ?? "";
  for (let time = 0; time <= limits.freeReleases; time++) await q.db.jobs.release("w", (await claim()).ends);
  expect(await q.db.jobs.get(id)).toMatchObject({ status: "failed" });
  await q.db.jobs.retry(id);
  await q.db.jobs.release("w", (await claim()).ends);
  expect(await q.db.jobs.get(id)).toMatchObject({ status: "pending", retryCount: 0 });
});
