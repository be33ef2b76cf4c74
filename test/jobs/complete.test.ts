import { setTimeout as sleep } from "node:timers/promises";
import { create, fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import type { NewEvaluationSchema } from "../../gen/ltb/v1/evaluation_pb.ts";
import { LeaseOutcome } from "../../gen/ltb/v1/job_pb.ts";
import { CompleteJobsItemSchema } from "../../gen/ltb/v1/job_service_pb.ts";
import { completeJobs } from "../../src/jobs/finish/complete.ts";
import { sample, unknownId } from "../harness/examples.ts";
import { within } from "../harness/waiting.ts";
import { queue } from "./support.ts";

const q = queue();
let benchmarkId: string;
beforeEach(async () => {
  await q.reset();
  await q.worker("w");
  benchmarkId = (await q.db.benchmarks.create(sample)).id;
});

async function claimed(count = 1) {
  await q.db.jobs.createMany(Array.from({ length: count }, () => ({ jobType: "t", benchmarkId })));
  const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: count });
  return leases.map(({ id, epoch }) => ({ jobId: id, epoch }));
}

type Item = MessageInitShape<typeof CompleteJobsItemSchema>;

type Evaluation = MessageInitShape<typeof NewEvaluationSchema>;

async function complete(items: Item[]) {
  const messages = items.map((item) => create(CompleteJobsItemSchema, item));
  return (await completeJobs(q.db, "w", messages)).results;
}

const evaluation = (sampleId: string, score = 1) => ({ sampleId, input: "2 + 2", output: "4", score });
const count = async () => (await q.db.benchmarks.get(benchmarkId)).completedIterations;

describe("a completion with evaluations", () => {
  test("stores them with the job's benchmark", async () => {
    const [first, second] = await claimed(2);
    const evaluations = [evaluation("a"), evaluation("b")];
    expect(await complete([{ ...first, evaluations }])).toMatchObject([
      { outcome: LeaseOutcome.OK, evaluationsInserted: 2 },
    ]);
    const others = [evaluation("a"), evaluation("b", 0), evaluation("c")];
    expect(await complete([{ ...second, evaluations: others }])).toMatchObject([
      { evaluationsInserted: 1, evaluationsDuplicate: 1, evaluationsConflict: 1 },
    ]);
    expect(await count()).toBe(3);
  });

  test.each([
    ["without sample ids", () => ({ input: "2 + 2", output: "4" })],
    ["with sample ids", (n: number) => evaluation(`s${n}`)],
    ["with other sample ids than the first time", (n: number, time: number) => evaluation(`s${n} ${time}`)],
  ])("sent again, %s, stores nothing and is answered as the first was", async (_, make) => {
    const [a, b] = await claimed(2);
    const items = (time: number) =>
      [a, b].map((ref, job) => ({ ...ref, evaluations: [0, 1, 2].map((n) => make(3 * job + n, time)) }));
    const first = await complete(items(1));
    expect(first).toMatchObject([{ evaluationsInserted: 3 }, { evaluationsInserted: 3 }]);
    expect(await complete(items(2))).toEqual(first);
    expect(await complete([{ ...a }])).toEqual(first.slice(0, 1));
    expect(await count()).toBe(6);
  });

  test.each<[string, Evaluation[], LeaseOutcome]>([
    ["beside another", [evaluation("b")], LeaseOutcome.OK],
    ["beside one that is rejected", [{ ...evaluation("b"), score: Number.NaN }], LeaseOutcome.REJECTED],
    ["beside one without evaluations", [], LeaseOutcome.OK],
  ])("%s brings its worker the next job, in the same transaction", async (_, evaluations, outcome) => {
    const [first, second] = await claimed(2);
    await q.db.jobs.create({ jobType: "t" });
    const items = [
      { ...first, evaluations },
      { ...second, evaluations: [evaluation("a")] },
    ].map((item) => create(CompleteJobsItemSchema, item));
    const claim = { workerId: "w", maxJobs: 5 };
    const { results, leases = [] } = await completeJobs(q.db, "w", items, { claim });
    expect(results.map((result) => result.outcome)).toEqual([outcome, LeaseOutcome.OK]);
    expect(leases).toHaveLength(1);
    const { rows } = await q.client.query(
      `select xmin::text from job_leases where job_id = $1
      union select xmin::text from evaluations where benchmark_id = $2 and sample_id = 'a'`,
      [leases[0]?.id, benchmarkId],
    );
    expect(rows).toHaveLength(1);
  });

  test("sent twice at once stores its evaluations once", async () => {
    const [ref] = await claimed();
    const item = { ...ref, evaluations: [{ input: "2 + 2", output: "4" }] };
    const results = await Promise.all([1, 2, 3, 4].map(() => complete([item])));
    expect(new Set(results.map(([result]) => result?.evaluationsInserted))).toEqual(new Set([1]));
    expect(await complete([item, item])).toMatchObject([
      { evaluationsInserted: 1 },
      { evaluationsInserted: 1 },
    ]);
    expect(await count()).toBe(1);
  });

  test("of a lease that is not held stores nothing", async () => {
    const [ref = { jobId: "", epoch: 0 }] = await claimed();
    const evaluations = [evaluation("a")];
    expect(await complete([{ ...ref, epoch: 9, evaluations }])).toMatchObject([
      { outcome: LeaseOutcome.STALE },
    ]);
    await q.db.jobs.cancel(ref.jobId);
    expect(await complete([{ ...ref, evaluations }])).toMatchObject([{ outcome: LeaseOutcome.CANCELLED }]);
    expect(await count()).toBe(0);
  });

  test("sent again after the job was deleted does not hold up the others", async () => {
    const [gone = { jobId: "", epoch: 0 }, here = { jobId: "", epoch: 0 }] = await claimed(2);
    await complete([{ ...gone, evaluations: [evaluation("a")] }]);
    await q.db.jobs.delete(gone.jobId);
    const results = await complete([{ ...gone, evaluations: [evaluation("a")] }, here]);
    expect(results).toMatchObject([
      { outcome: LeaseOutcome.OK, evaluationsInserted: 1 },
      { outcome: LeaseOutcome.OK },
    ]);
    expect(await count()).toBe(1);
  });

  test("many share one transaction, and one that is rejected does not hold up the others", async () => {
    const refs = await claimed(50);
    const items = refs.map((ref, i) => ({ ...ref, evaluations: [evaluation(`s${i}`)] }));
    const odd = {
      jobId: refs[7]?.jobId ?? "",
      epoch: refs[7]?.epoch ?? 0,
      evaluations: [evaluation("fine"), { ...evaluation("odd"), score: Number.NaN }],
    };
    const results = await complete(items.with(7, odd));
    expect(results[7]).toMatchObject({ outcome: LeaseOutcome.REJECTED, field: "evaluations[1].score" });
    expect(results.filter(({ outcome }) => outcome === LeaseOutcome.OK)).toHaveLength(49);
    expect(await count()).toBe(49);
    expect(await q.db.jobs.get(refs[7]?.jobId ?? "")).toMatchObject({ status: "failed" });
    const { rows } = await q.client.query(
      "select count(distinct xmin::text)::int as transactions from job_attempts",
    );
    expect(rows).toEqual([{ transactions: 1 }]);
  });

  test("wakes a claim that waits for the slot", async () => {
    await q.client.query("update worker_slots set capacity = 1");
    const [ref = { jobId: "", epoch: 0 }] = await claimed();
    await q.db.jobs.create({ jobType: "t" });
    const waiting = q.db.jobs.claim({ workerId: "w", waitMs: 5_000 });
    await complete([{ ...ref, evaluations: [evaluation("a")] }]);
    const { leases } = await within(1_000, waiting, () => q.client.query("select"));
    expect(leases).toHaveLength(1);
  });
});

describe("a result that can never be stored", () => {
  const nul = { kind: { case: "stringValue", value: "\0" } } as const;
  const tooLarge = { kind: { case: "stringValue", value: "x".repeat(1_100_000) } } as const;
  const wrong = { ...evaluation("c"), score: Number.NaN };
  type Content = { result?: MessageInitShape<typeof ValueSchema>; evaluations?: Evaluation[] };
  const wrongs: [string, Content, string][] = [
    ["has too large a result", { result: tooLarge }, "result"],
    ["has a result that is no JSON", { result: nul }, "result"],
    [
      "has a wrong evaluation",
      { evaluations: [evaluation("a"), evaluation("b"), wrong] },
      "evaluations[2].score",
    ],
    ["has evaluations, and a wrong result", { result: nul, evaluations: [evaluation("a")] }, "result"],
    ["has a wrong metric", { evaluations: [{ metrics: { a: Number.NaN } }] }, "evaluations[0].metrics"],
  ];

  test.each(wrongs)("as it %s, fails its job at once and for good", async (_, item, field) => {
    await q.client.query("update worker_slots set capacity = 1");
    await q.db.jobs.setLimit({ limitKey: "k", maxRunning: 1 });
    const { id } = await q.db.jobs.create({ jobType: "t", benchmarkId, limitKey: "k", uniqueKey: "u" });
    await q.db.jobs.claim({ workerId: "w" });
    const ref = { jobId: id, epoch: 1 };
    const first = await complete([{ ...ref, ...item }]);
    expect(first).toMatchObject([{ ...{ jobId: id, outcome: LeaseOutcome.REJECTED }, field }]);
    const [{ reason = "" } = {}] = first;
    const job = { status: "failed", retryCount: 0, error: `result rejected: ${field}: ${reason}` };
    expect(reason).not.toBe("");
    const after = await q.db.jobs.get(id);
    expect(after).toMatchObject(job);
    expect(await q.db.jobs.attempts(id)).toMatchObject([{ outcome: "failed", error: job.error }]);
    expect(await count()).toBe(0);
    expect(await complete([{ ...ref, ...item }])).toEqual(first);
    expect(await q.other.jobs.fail("w", [{ ...ref, error: "e" }])).toMatchObject([
      { outcome: "ok", status: "failed", runAt: null },
    ]);
    expect(await q.db.jobs.get(id)).toEqual(after);
    const next = await q.db.jobs.create({ jobType: "t", limitKey: "k", uniqueKey: "u" });
    expect((await q.db.jobs.claim({ workerId: "w" })).leases).toMatchObject([{ id: next.id }]);
  });

  test.each(wrongs.slice(1))("as it %s, twice in one call, is answered twice", async (_, item) => {
    const [ref] = await claimed();
    const [first, second] = await complete([
      { ...ref, ...item },
      { ...ref, ...item },
    ]);
    expect(first).toMatchObject({ outcome: LeaseOutcome.REJECTED });
    expect(second).toEqual(first);
    expect(await count()).toBe(0);
  });

  test.each(wrongs)("as it %s, of a lease that is not held is none of this worker's", async (_, item) => {
    const [ref = { jobId: "", epoch: 0 }, cancelled = ref, other = ref] = await claimed(3);
    await q.db.jobs.cancel(cancelled.jobId);
    await q.db.jobs.complete("w", [other]);
    const ends = [{ ...ref, epoch: 9 }, cancelled, { jobId: unknownId, epoch: 1 }, other];
    expect(await complete(ends.map((end) => ({ ...end, ...item })))).toMatchObject([
      { outcome: LeaseOutcome.STALE, field: "", reason: "" },
      { outcome: LeaseOutcome.CANCELLED },
      { outcome: LeaseOutcome.NOT_FOUND },
      // Stored evaluations, which a repeat does not read, or not.
      { outcome: item.result ? LeaseOutcome.STALE : LeaseOutcome.OK },
    ]);
    expect(await q.db.jobs.get(ref.jobId)).toMatchObject({ status: "running", epoch: 1 });
  });
});

test("items of every kind are answered in their place", async () => {
  const [a, b, c, d] = await claimed(4);
  const results = await complete([
    { ...a, evaluations: [evaluation("a")] },
    { ...b },
    { jobId: "no id", epoch: 1 },
    { jobId: "no id", epoch: 1, evaluations: [evaluation("x")] },
    { ...c, evaluations: [{ ...evaluation("c"), input: "", sampleId: "s".repeat(256) }] },
    { ...d, result: { kind: { case: "stringValue", value: "\0" } } },
  ]);
  expect(results).toMatchObject([
    { jobId: a?.jobId, outcome: LeaseOutcome.OK },
    { jobId: b?.jobId, outcome: LeaseOutcome.OK },
    { jobId: "no id", outcome: LeaseOutcome.REJECTED, field: "job_id" },
    { jobId: "no id", outcome: LeaseOutcome.REJECTED, field: "job_id" },
    { jobId: c?.jobId, outcome: LeaseOutcome.REJECTED, field: "evaluations[0].sample_id" },
    { jobId: d?.jobId, outcome: LeaseOutcome.REJECTED, field: "result" },
  ]);
});

test("too many items, or evaluations in all, are refused", async () => {
  const item = { jobId: "no id", epoch: 1 };
  const evaluations = Array.from({ length: 501 }, (_, i) => evaluation(`${i}`));
  for (const items of [
    Array.from({ length: 1_001 }, () => item),
    [],
    [
      { ...item, evaluations },
      { ...item, evaluations },
    ],
  ]) {
    await expect(complete(items)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [{ field: "items" }],
    });
  }
});

describe("a result", () => {
  const completedWith = async (result: MessageInitShape<typeof ValueSchema>) => {
    const [ref = { jobId: "", epoch: 0 }] = await claimed();
    const [{ outcome, field } = {}] = await complete([{ ...ref, result }]);
    return { outcome, field, result: (await q.db.jobs.get(ref.jobId)).result };
  };

  test.each([
    null,
    "text",
    0,
    false,
    [],
    [1, [null, {}]],
    { a: { b: [{ c: "d" }] }, e: null },
    JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}'),
  ])("of %j is kept as it is", async (json) => {
    const { outcome, result } = await completedWith(fromJson(ValueSchema, json));
    expect(outcome).toBe(LeaseOutcome.OK);
    expect(JSON.stringify(result)).toBe(JSON.stringify(json));
  });

  test("that is no JSON rejects its item", async () => {
    const kind = { case: "numberValue", value: Number.NaN } as const;
    expect(await completedWith({ kind })).toEqual({
      outcome: LeaseOutcome.REJECTED,
      field: "result",
      result: null,
    });
  });
});

test("a completion waits for the renewal of its lease, and is accepted", async () => {
  const refs = await claimed(3);
  const renewal = await q.client.connect();
  try {
    await renewal.query("begin");
    await renewal.query("update job_leases set expires_at = expires_at + interval '1 s'");
    let isDone = false;
    const completion = q.db.jobs.complete("w", refs).finally(() => {
      isDone = true;
    });
    await sleep(100);
    expect(isDone).toBe(false);
    await renewal.query("commit");
    expect(await completion).toEqual([{ outcome: "ok" }, { outcome: "ok" }, { outcome: "ok" }]);
  } finally {
    renewal.release();
  }
});
