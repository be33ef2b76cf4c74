import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { withOrigin, withSignal } from "../../src/call-scope.ts";
import { deleteEvaluationBatch, inIndexOrder } from "../../src/evaluations/delete/delete-batch.ts";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { Database } from "../../src/storage.ts";
import { fill } from "../evaluations/support.ts";
import { clients, freeAddress, launchServer } from "../faults/server.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { onlooker, urlOf } from "../harness/postgres.ts";

const { config, db, client } = await testDatabase();

const newBenchmark = async () => (await db.benchmarks.create(sample)).id;

const evaluation = (benchmarkId: string) => ({ benchmarkId, input: "i", output: "o" });

async function stored(benchmarkId: string): Promise<number> {
  const { rows } = await client.query("select count(*)::int as n from evaluations where benchmark_id = $1", [
    benchmarkId,
  ]);
  return rows[0].n;
}

async function exists(id: string): Promise<boolean> {
  const { rows } = await client.query(
    `select exists (select from benchmarks where id = $1) or exists (select from benchmark_deletions where benchmark_id = $1)
      or exists (select from evaluations where benchmark_id = $1)
      or exists (select from benchmark_count_deltas where benchmark_id = $1)
      as any`,
    [id],
  );
  return rows[0].any;
}

async function entries(id: string): Promise<{ action: string; actor: string; changes: { before: Entry } }[]> {
  const { rows } = await client.query(
    `select action, actor, request_id, changes from audit_logs
    where entity_type = 'benchmark' and entity_id = $1 and action <> 'create' order by created_at, id`,
    [id],
  );
  return rows;
}

interface Entry {
  count: number;
  completed_iterations: number;
}

/** Runs `work` while a deletion stands still before the evaluation of this sample. */
async function stoppedBefore(id: string, sample: string, work: () => Promise<unknown>): Promise<void> {
  const gate = await onlooker(config);
  await gate.query("begin");
  await gate.query("select from evaluations where benchmark_id = $1 and sample_id = $2 for update", [
    id,
    sample,
  ]);
  await work();
  await gate.query("rollback");
  await gate.end();
}

async function waitsForLock(): Promise<void> {
  const waiting = "select from pg_locks where not granted and locktype in ('transactionid', 'tuple')";
  await expect.poll(async () => (await client.query(waiting)).rowCount).toBeGreaterThan(0);
}

/** Asked for by ada, who stops waiting at this sample. */
async function deletedUpTo(id: string, sample: string): Promise<void> {
  await stoppedBefore(id, sample, async () => {
    const stop = new AbortController();
    const call = withOrigin({ actor: "ada", requestId: "r1" }, () =>
      withSignal({ signal: stop.signal }, () => db.benchmarks.delete(id)),
    );
    call.catch(() => undefined);
    await waitsForLock();
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: Code.Canceled });
  });
}

describe("with small batches", () => {
  const mutable = limits as { -readonly [Name in keyof typeof limits]: number };
  const { deleteFirstRows, deleteBatchRows, deleteBatchMs, deleteRoundMs } = limits;
  // However slow the machine is.
  beforeEach(() =>
    Object.assign(mutable, { deleteFirstRows: 50, deleteBatchRows: 50, deleteBatchMs: 60_000 }),
  );
  afterEach(() => Object.assign(mutable, { deleteFirstRows, deleteBatchRows, deleteBatchMs, deleteRoundMs }));

  test("no transaction deletes more than a batch, and the trail says who asked for each", async () => {
    const id = await newBenchmark();
    await fill(client, id, 333);
    await withOrigin({ actor: "ada", requestId: "r1" }, () => db.benchmarks.delete(id));
    expect(await exists(id)).toBe(false);
    const told = await entries(id);
    expect(told).toHaveLength(8);
    expect(told.every((entry) => entry.actor === "ada")).toBe(true);
    const batches = told.filter(({ action }) => action === "delete_evaluations");
    expect(batches.map(({ changes }) => changes.before.count)).toEqual([50, 50, 50, 50, 50, 50, 33]);
    expect(told.at(-1)).toMatchObject({ action: "delete", request_id: "r1" });
  });

  test("a caller whose time is up leaves the rest to maintenance, which does it in his name", async () => {
    const id = await newBenchmark();
    await fill(client, id, 3_000);
    await deletedUpTo(id, "s120");
    expect(await stored(id)).toBe(2_900);
    await expect
      .poll(async () => {
        await db.maintain();
        return exists(id);
      })
      .toBe(false);
    const told = await entries(id);
    expect(told.every((entry) => entry.actor === "ada")).toBe(true);
    const batches = told.filter(({ action }) => action === "delete_evaluations");
    expect(batches.reduce((sum, { changes }) => sum + changes.before.count, 0)).toBe(3_000);
    expect(told.at(-1)?.action).toBe("delete");
  });

  test("a round of maintenance ends in time, however much is left", async () => {
    const id = await newBenchmark();
    await fill(client, id, 500);
    await deletedUpTo(id, "s60");
    Object.assign(mutable, { deleteRoundMs: 0 });
    await db.maintain();
    expect(await stored(id)).toBe(400);
    await db.benchmarks.delete(id);
  });

  test("meanwhile it can be read, with counts that shrink, and takes no evaluations", async () => {
    const id = await newBenchmark();
    await fill(client, id, 1_000);
    await deletedUpTo(id, "s60");
    const left = 950;
    expect(await stored(id)).toBe(left);
    expect(await db.benchmarks.get(id)).toMatchObject({ id, completedIterations: left });
    expect((await db.benchmarks.list({}, { limit: 10 })).items).toContainEqual(
      expect.objectContaining({ id }),
    );
    expect((await db.evaluations.list({ benchmarkId: id }, { limit: 1000 })).items).toHaveLength(left);
    expect((await db.evaluations.summarize(id)).evaluationCount).toBe(left);
    await expect(db.evaluations.create(evaluation(id))).rejects.toMatchObject({
      code: Code.NotFound,
      message: `benchmark ${id} is being deleted`,
    });
    const other = await newBenchmark();
    const sent = [evaluation(id), evaluation(other), { ...evaluation(id), sampleId: "s1000" }];
    const refused = {
      outcome: "rejected",
      field: "benchmark_id",
      reason: `benchmark ${id} is being deleted`,
    };
    expect(await db.evaluations.createMany(sent)).toEqual([
      refused,
      expect.objectContaining({ outcome: "created" }),
      refused,
    ]);
    expect(await stored(id)).toBe(left);
    // Asked for again, it is waited for.
    await db.benchmarks.delete(id);
    expect(await exists(id)).toBe(false);
    await expect(db.benchmarks.delete(id)).rejects.toMatchObject({ code: Code.NotFound });
  });

  test("several calls and two servers at once share the work, and each call answers when it is done", async () => {
    const second = await Database.connect(config);
    const ids = await Promise.all([newBenchmark(), newBenchmark()]);
    for (const id of ids) await fill(client, id, 2_000);
    let running = true;
    const server = async (of: Database) => {
      while (running) await of.maintain();
    };
    const servers = [server(db), server(second)];
    const calls = [db, second].flatMap((of) =>
      ids.map(async (id) => {
        await of.benchmarks.delete(id);
        expect(await exists(id)).toBe(false);
      }),
    );
    await Promise.all(calls);
    running = false;
    await Promise.all(servers);
    for (const id of ids) {
      const told = await entries(id);
      const batches = told.filter(({ action }) => action === "delete_evaluations");
      expect(batches.reduce((sum, { changes }) => sum + changes.before.count, 0)).toBe(2_000);
      expect(told.filter(({ action }) => action === "delete")).toHaveLength(1);
    }
    await second.close();
  });
});

test("batches of rows that take long to delete get smaller, and grow again", async () => {
  const { nextBatchRows } = await import("../../src/evaluations/delete/delete-batch.ts");
  expect(nextBatchRows(1_000, 10 * limits.deleteBatchMs)).toBe(100);
  expect(nextBatchRows(100, limits.deleteBatchMs / 10)).toBe(200);
  expect(nextBatchRows(limits.deleteBatchRows, 1)).toBe(limits.deleteBatchRows);
  expect(nextBatchRows(1, 1_000_000)).toBe(1);
  expect(nextBatchRows(1, 0)).toBe(2);
});

test.each([
  ["all", "Backward using idx_evaluations_benchmark"],
  ["dated", "using idx_evaluations_dated"],
  ["undated", "Backward using idx_evaluations_benchmark"],
] as const)("batches of %s are read %s, also before statistics know of their rows", async (which, index) => {
  const id = await newBenchmark();
  await fill(client, await newBenchmark(), 10_000);
  await client.query("analyze evaluations");
  await fill(client, id, 5_000);
  // As an imported log is: these rows are older than their benchmark, but were stored just now.
  await client.query(
    "update evaluations set stored_at = now(), created_at = now() - interval '400 days' where benchmark_id = $1",
    [id],
  );
  const { sql, values } = deleteEvaluationBatch({
    benchmarkId: id,
    which,
    after: null,
    before: new Date(Date.now() - 86_400_000 * 365).toISOString(),
    rows: 100,
    reason: { action: "delete_evaluations" },
  });
  await client.query("begin");
  await client.query(inIndexOrder().sql);
  const { rows } = await client.query(`explain (analyze, timing off) ${sql}`, [...values]);
  await client.query("rollback");
  const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).toContain(`Index Scan ${index} on evaluations`);
  expect(plan).toMatch(/Tid Scan on evaluations/);
  // What is not due is not passed over, which would cost a look at all of it each minute.
  const batch = plan.slice(plan.indexOf("CTE batch"), plan.indexOf("CTE gone")).split("Index Scan").at(-1);
  if (which !== "all") expect(batch).not.toContain("Rows Removed by Filter");
  await db.benchmarks.delete(id);
});

test("nobody waits for it who writes elsewhere, and it waits for none of them", async () => {
  const id = await newBenchmark();
  const other = await newBenchmark();
  await fill(client, id, 20_000);
  // Open all the time, with rows of its own.
  const writer = await onlooker(config);
  await writer.query("begin");
  await fill(writer, other, 10);
  let deleting = true;
  const deletion = db.benchmarks.delete(id).then(() => {
    deleting = false;
  });
  let written = 0;
  while (deleting) {
    await db.evaluations.createMany([evaluation(other)]);
    await db.evaluations.list({ benchmarkId: other }, { limit: 1 });
    written++;
  }
  await deletion;
  expect(await exists(id)).toBe(false);
  // The deletion is many short steps, between which others get their turn.
  expect(written).toBeGreaterThan(1);
  await writer.query("commit");
  await writer.end();
  expect(await stored(other)).toBe(10 + written);
});

test("what a transaction stores that had begun before goes too", async () => {
  const id = await newBenchmark();
  await fill(client, id, 100);
  const writer = await onlooker(config);
  await writer.query("begin");
  await writer.query(
    `insert into evaluations (id, benchmark_id, content_hash, provider, model, input, output)
    values ($1, $2, decode(md5('x'), 'hex'), 'p', 'm', 'i', 'o')`,
    [newId(), id],
  );
  const deletion = db.benchmarks.delete(id);
  let isDone = false;
  deletion.then(() => {
    isDone = true;
  });
  // It has come to the row that nobody else can see yet, and waits.
  await waitsForLock();
  expect(isDone).toBe(false);
  await writer.query("commit");
  await writer.end();
  await deletion;
  expect(await exists(id)).toBe(false);
});

test("evaluations that are re-scored and deleted meanwhile are no obstacle", async () => {
  const id = await newBenchmark();
  await fill(client, id, 5_000);
  const { items } = await db.evaluations.list({ benchmarkId: id, orderBy: "newest" }, { limit: 60 });
  const deletion = db.benchmarks.delete(id);
  for (const [index, item] of items.entries()) {
    const change =
      index % 2 ? db.evaluations.update(item.id, { score: 2 }, id) : db.evaluations.delete(item.id, id);
    await change.catch((error) => expect(error.code).toBe(Code.NotFound));
  }
  await deletion;
  expect(await exists(id)).toBe(false);
});

test("within a transaction it is undone with it", async () => {
  const id = await newBenchmark();
  await fill(client, id, 100);
  const undo = new Error("undo");
  const work = db.transaction(async ({ benchmarks }) => {
    await benchmarks.delete(id);
    throw undo;
  });
  await expect(work).rejects.toBe(undo);
  expect(await stored(id)).toBe(100);
  expect((await db.evaluations.create(evaluation(id))).benchmarkId).toBe(id);
});

test("a server that is killed in the middle leaves a deletion that another one finishes", async () => {
  const id = await newBenchmark();
  await fill(client, id, 6_000);
  const url = urlOf(config);
  const address = await freeAddress();
  const first = await launchServer(url, address);
  await stoppedBefore(id, "s3500", async () => {
    const call = clients(address).benchmarks.deleteBenchmark({ id }, { timeoutMs: 60_000 });
    call.catch(() => undefined);
    await waitsForLock();
    first.kill("SIGKILL");
    await expect(call).rejects.toBeInstanceOf(ConnectError);
  });
  const left = await stored(id);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(6_000);
  const second = await launchServer(url, await freeAddress());
  await expect.poll(() => exists(id)).toBe(false);
  second.kill("SIGKILL");
  const told = await entries(id);
  const batches = told.filter(({ action }) => action === "delete_evaluations");
  expect(batches.reduce((sum, { changes }) => sum + changes.before.count, 0)).toBe(6_000);
});
