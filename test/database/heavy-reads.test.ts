import { setImmediate as turn } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import { afterAll, describe, expect, test } from "vitest";
import { withOrigin, withSignal } from "../../src/call-scope.ts";
import { HeavyReads } from "../../src/database/heavy-reads.ts";
import { limits } from "../../src/limits.ts";
import { bootstrapMean } from "../../src/statistics/bootstrap.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";
import { run, running } from "./support.ts";

const mutable = limits as { -readonly [Name in keyof typeof limits]: number };
const { heavyReadMs } = limits;
afterAll(() => {
  mutable.heavyReadMs = heavyReadMs;
});

const { client, connect } = await testDatabase({ poolSize: 12 });

/** Heavy reads of several keys, which wait until they are aborted. */
function sleepers(db: Parameters<typeof run>[0]) {
  const abort = new AbortController();
  const outcomes: Promise<unknown>[] = [];
  return {
    read: (keyId: string) =>
      outcomes.push(
        withOrigin({ keyId, requestId: "r" }, () =>
          withSignal(abort, () => run(db, "select pg_sleep(600)")).catch((error: unknown) => error),
        ),
      ),
    async end() {
      abort.abort();
      for (const outcome of await Promise.all(outcomes))
        expect(outcome).toMatchObject({ reason: "CANCELLED" });
    },
  };
}

test("so many run at once, fewer of one key, and the end of one makes room", async () => {
  const db = await connect();
  const heavy = new HeavyReads(12).bound(db.executor);
  const asleep = async () => (await running(client, "%pg_sleep(600)%")).length;
  const greedy = sleepers(heavy);
  for (let n = 0; n < 10; n++) greedy.read("greedy");
  await eventually(async () => (await asleep()) === 2);
  const others = sleepers(heavy);
  for (let n = 0; n < 10; n++) others.read(`other ${n}`);
  await eventually(async () => (await asleep()) === 4);
  await greedy.end();
  await eventually(async () => (await asleep()) === 4);
  expect(db.poolStats()).toMatchObject({ used: 4, waiting: 0 });
  await others.end();
  expect(await run(heavy, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("each ends after so long, whatever deadline its caller has", async () => {
  const db = await connect();
  const heavy = new HeavyReads(12).bound(db.executor);
  mutable.heavyReadMs = 50;
  await expect(run(heavy, "select pg_sleep(600)")).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
    reason: "DEADLINE_EXCEEDED",
  });
  mutable.heavyReadMs = heavyReadMs;
  expect(await running(client, "%pg_sleep(600)%")).toEqual([]);
});

describe("while every heavy read waits for a lock", () => {
  test("jobs are claimed, renewed and completed, and light reads answered", async () => {
    const db = await connect();
    const { id } = await db.benchmarks.create(sample);
    const { id: other } = await db.benchmarks.create(sample);
    await db.evaluations.create({ benchmarkId: id, input: "i", output: "o", score: 1 });
    await db.workers.register({ workerId: "w", address: "", capacity: 10 });
    const { id: jobId } = await db.jobs.create({ jobType: "t" });
    await client.query("begin; lock table evaluations in access exclusive mode");
    const abort = new AbortController();
    const call = <T>(keyId: string, work: () => Promise<T>) =>
      withOrigin({ keyId, requestId: "r" }, () => withSignal(abort, work).catch((error: unknown) => error));
    const reads = ["a", "b", "c", "d", "e"].flatMap((key) => [
      call(key, () => db.evaluations.summarize(id, [], { exact: true })),
      call(key, () => db.evaluations.compare({ baselineId: id, candidateIds: [other] })),
      call(key, () => db.evaluations.list({ benchmarkId: id, provider: "p" })),
      call(key, () => db.evaluations.list({ benchmarkId: id, metadata: { a: 1 } })),
    ]);
    try {
      await eventually(() => db.poolStats().used === 4);
      const { leases } = await db.jobs.claim({ workerId: "w", jobTypes: ["t"] });
      const held = leases.map(({ epoch }) => ({ jobId, epoch }));
      expect(await db.workers.heartbeat({ workerId: "w", leases: held })).toMatchObject({ lost: [] });
      expect(await db.jobs.complete("w", held)).toMatchObject([{ outcome: "ok" }]);
      expect(await db.benchmarks.get(id)).toMatchObject({ id });
    } finally {
      await client.query("rollback");
      abort.abort();
      await Promise.all(reads);
    }
  });
});

test("resampling ends when its caller goes", async () => {
  const blocks = Array.from({ length: limits.bootstrapBlocks }, (_, index) => ({ count: 1, sum: index }));
  const abort = new AbortController();
  const resampling = bootstrapMean(blocks, limits.bootstrapSamples, 1, abort.signal);
  await turn();
  abort.abort();
  await expect(resampling).rejects.toThrow(/aborted|gone/);
});
