import fc from "fast-check";
import { expect, test } from "vitest";
import type { Database } from "../../src/storage.ts";
import { contradictions } from "./history/check.ts";
import { QueueClient, type Shared } from "./history/client.ts";
import { type Schedule, schedule } from "./history/commands.ts";
import { History } from "./history/record.ts";
import { disagreements, queue } from "./support.ts";

const q = queue();

// LTB_SCHEDULES=1000 looks longer; LTB_SEED repeats a run as far as concurrency can be repeated.
const runs = Number(process.env.LTB_SCHEDULES ?? 30);
const seed = process.env.LTB_SEED === undefined ? Date.now() : Number(process.env.LTB_SEED);

const workers = [
  { workerId: "w0", capacity: 3, tags: [] },
  { workerId: "w1", capacity: 4, tags: ["gpu"] },
  { workerId: "w2", capacity: 6, tags: ["gpu", "big"] },
];

let given = 0;

async function play({ clients }: Schedule): Promise<string[]> {
  await q.reset();
  for (const { workerId, ...options } of workers) await q.worker(workerId, options);
  const shared: Shared = { history: new History(), onlooker: q.client, ids: [] };
  const server = (index: number): Database => (index % 2 === 0 ? q.db : q.other);
  await Promise.all(
    clients.map((commands, index) =>
      new QueueClient(server(index), `w${index % workers.length}`, shared).follow(commands),
    ),
  );
  given += shared.history.created.filter(({ givenTo }) => givenTo !== null).length;
  await q.settled();
  const before = await disagreements(q.client);
  const stuck = await finishAll(shared);
  await q.settled();
  return [
    ...before,
    ...stuck,
    ...(await disagreements(q.client)),
    ...(await contradictions(shared.history, q.client)),
  ];
}

/** Nothing may be stuck: a worker that does everything right brings every job to its end. */
async function finishAll(shared: Shared): Promise<string[]> {
  await q.worker("last", { tags: ["gpu", "big"] });
  const worker = new QueueClient(q.db, "last", shared);
  const live = async () => {
    const { rows } = await q.client.query(
      "select id, status from jobs where status in ('pending', 'running')",
    );
    return rows.map((row) => JSON.stringify(row));
  };
  for (let round = 0; round < 10 && (await live()).length > 0; round++) {
    await q.expire();
    await q.maintain();
    await q.makeDue();
    await q.maintain();
    const { length } = await live();
    const claims = Array.from({ length: Math.ceil(length / 4) }, () => [
      { op: "claim" as const, max: 4, narrow: false, waitMs: 0 },
      { op: "complete" as const, pick: 1, items: 4, next: 0 },
      { op: "maintain" as const },
    ]);
    await worker.follow(claims.flat());
  }
  return (await live()).map((job) => `is stuck: ${job}`);
}

test(
  `${runs} random schedules over two servers leave no contradiction`,
  async () => {
    let played = 0;
    await fc.assert(
      fc.asyncProperty(schedule, async (one) => {
        expect(await play(one)).toEqual([]);
        played++;
      }),
      // What was found may not happen again with fewer commands, so shrinking is kept short.
      {
        numRuns: runs,
        seed,
        interruptAfterTimeLimit: runs * 10_000,
        markInterruptAsFailure: true,
        endOnFailure: runs > 100,
      },
    );
    expect(played).toBeGreaterThanOrEqual(runs);
    // A job is given to a claim that waits at that moment; in a few schedules there may be none.
    if (runs >= 100) expect(given).toBeGreaterThan(0);
  },
  runs * 10_000 + 20_000,
);
