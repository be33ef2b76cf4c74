import { beforeEach, expect, test } from "vitest";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w");
});

async function claimed(count: number) {
  await q.db.jobs.createMany(Array.from({ length: count }, () => ({ jobType: "t" })));
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: count });
  return leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
}

/** Ids and epochs of the attempts that each statement left for the sealer, in the order of the statements. */
async function unsealed(): Promise<{ jobId: string; epoch: number }[][]> {
  const { rows } = await q.client.query<{ entry_ids: string[]; epochs: number[] }>(
    "select entry_ids::text[], epochs from audit_unsealed where entry_kind = 'job_attempt' order by id",
  );
  return rows.map(({ entry_ids, epochs }) =>
    entry_ids.map((jobId, place) => ({ jobId, epoch: epochs[place] ?? 0 })),
  );
}

type Refs = { jobId: string; epoch: number }[];
const endings: [string, (refs: Refs) => Promise<unknown>][] = [
  ["complete", (refs) => q.db.jobs.complete("w", refs)],
  [
    "fail",
    (refs) =>
      q.db.jobs.fail(
        "w",
        refs.map((ref) => ({ ...ref, error: "e" })),
      ),
  ],
  ["release", (refs) => q.db.jobs.release("w", refs)],
  ["cancelMany", () => q.db.jobs.cancelMany({ jobType: "t" })],
  ["expiry", () => q.expire().then(() => q.maintain())],
];

test.each(endings)("%s names the attempts that it ends, by one row a statement", async (_, end) => {
  const refs = await claimed(20);
  expect(await unsealed()).toEqual([]);
  await end(refs);
  const [named = [], ...others] = await unsealed();
  expect(others).toEqual([]);
  expect(named.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1))).toEqual(refs);
});

test("the epoch of an attempt is that of its lease", async () => {
  const [first] = await claimed(1);
  await q.db.jobs.release("w", first ? [first] : []);
  const { leases } = await q.db.jobs.claim({ workerId: "w" });
  const second = leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
  await q.db.jobs.complete("w", second);
  expect(await unsealed()).toEqual([[{ ...first, epoch: 1 }], [{ ...first, epoch: 2 }]]);
});

test("what ends no attempt names none", async () => {
  const [ref = { jobId: "", epoch: 0 }] = await claimed(1);
  await q.db.jobs.complete("w", [{ ...ref, epoch: 7 }]);
  await q.db.jobs.fail("nobody", [{ ...ref, error: "e" }]);
  await q.db.jobs.release("w", [{ ...ref, epoch: 7 }]);
  const pending = await q.db.jobs.create({ jobType: "t" });
  await q.db.jobs.cancel(pending.id);
  await q.maintain();
  expect(await unsealed()).toEqual([]);
});
