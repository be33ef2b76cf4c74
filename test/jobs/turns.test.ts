import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import type { NewJob } from "../../src/jobs/input.ts";
import { QueueMaintenance } from "../../src/jobs/upkeep/maintenance.ts";
import { tidyTurns } from "../../src/jobs/upkeep/turns.ts";
import { limits } from "../../src/limits.ts";
import { Database } from "../../src/storage.ts";
import { queue } from "./support.ts";

const q = queue();
beforeEach(async () => {
  await q.reset();
  await q.worker("w", { capacity: 100_000 });
});

const jobs = (count: number, fairKey?: string, job: Partial<NewJob> = {}): NewJob[] =>
  Array.from({ length: count }, () => ({ jobType: "t", fairKey, ...job }));

const create = (count: number, fairKey?: string, job: Partial<NewJob> = {}, db = q.db) =>
  db.jobs.createMany(jobs(count, fairKey, job));

/** The keys of the next jobs to start, which start by this; "-" for none. */
async function start(maxJobs: number, db = q.db): Promise<string> {
  const { leases } = await db.jobs.claim({ workerId: "w", maxJobs });
  return leases.map(({ fairKey }) => fairKey ?? "-").join("");
}

/** The keys of those that wait, in the order of their start. */
async function waiting(db = q.db): Promise<string> {
  const { items } = await db.jobs.list({ status: "pending", orderBy: "priority" }, { limit: 1_000 });
  return items.map(({ fairKey }) => fairKey ?? "-").join("");
}

const turnRows = async () =>
  (await q.client.query("select fair_key from job_fair_turns order by next_turn")).rows.map(
    (row) => row.fair_key,
  );

const share = (keys: string, key: string) => keys.split(key).length - 1;

describe("jobs of different keys", () => {
  test("take turns, however many wait of one", async () => {
    await create(1_000, "a");
    await create(50, "b", {}, q.other);
    const first = (await start(50)) + (await start(50, q.other));
    expect(share(first, "b")).toBe(50);
    expect(await start(3)).toBe("aaa");
    await create(2, "c");
    expect(await start(6)).toMatch(/^(a?c){2}a*$/);
  });

  test("take turns when they start one at a time, and each in the order of its creation", async () => {
    const a = await create(4, "a");
    const b = await create(2, "b");
    const started: string[] = [];
    for (let i = 0; i < 6; i++) {
      const { leases } = await (i % 2 ? q.db : q.other).jobs.claim({ workerId: "w" });
      started.push(leases[0]?.id ?? "");
    }
    const at = (list: readonly { id: string }[]) => list.map(({ id }) => started.indexOf(id));
    expect([at(a), at(b)]).toEqual([
      [0, 2, 4, 5],
      [1, 3],
    ]);
  });

  test("created one at a time or together stand alike", async () => {
    for (const key of ["a", "a", "a", "b", "b"]) await q.db.jobs.create({ jobType: "t", fairKey: key });
    await q.db.jobs.createMany(["a", "b", "c", "c"].flatMap((key) => jobs(1, key)));
    expect(await waiting()).toBe("abcabcaba");
  });

  test("take turns by weight", async () => {
    await create(300, "a", { fairWeight: 2 });
    await create(300, "b");
    await create(300, "c", { fairWeight: 0.5 });
    const keys = await start(210);
    expect(share(keys, "a")).toBeGreaterThanOrEqual(119);
    expect(share(keys, "a")).toBeLessThanOrEqual(121);
    expect(share(keys, "b")).toBeGreaterThanOrEqual(59);
    expect(share(keys, "b")).toBeLessThanOrEqual(61);
  });

  test("take turns within a priority only", async () => {
    await create(3, "a");
    await create(2, "b");
    await create(3, "a", { priority: 1 });
    expect(await waiting()).toBe("aaaababa");
    expect(await start(8)).toBe("aaaababa");
  });

  test("and those without a key, which take turns as if they had one in common", async () => {
    await create(1, "a");
    await create(5);
    await create(2, "b");
    expect(await waiting()).toMatch(/^(a-b|a?-b)-b---$/);
  });

  test("in any script, and with a key as long as it may be", async () => {
    const long = "ключ🔑".repeat(60).slice(0, limits.nameLength);
    const [job] = await create(1, long, { fairWeight: 100 });
    expect(job).toMatchObject({ fairKey: long, fairWeight: 100 });
    expect(await q.db.jobs.get(job?.id ?? "")).toMatchObject({ fairKey: long, fairWeight: 100 });
    expect((await q.db.jobs.list({ fairKey: long })).items).toHaveLength(1);
    expect((await q.db.jobs.list({ fairKey: "other" })).items).toEqual([]);
  });

  test.each([
    [{ fairKey: "" }, "fair_key"],
    [{ fairKey: "x".repeat(256) }, "fair_key"],
    [{ fairWeight: 0 }, "fair_weight"],
    [{ fairWeight: 100.1 }, "fair_weight"],
    [{ fairWeight: Number.NaN }, "fair_weight"],
  ])("that cannot be are refused: %o", async (job, field) => {
    await expect(q.db.jobs.create({ jobType: "t", ...job })).rejects.toMatchObject({
      violations: [{ field }],
    });
  });
});

describe("jobs without keys", () => {
  test("start by age where no job of their lane has one", async () => {
    const first = await create(3);
    await create(2, "a", { jobType: "u" });
    const { rows } = await q.client.query("select turn from job_ready where job_id = any ($1)", [
      first.map(({ id }) => id),
    ]);
    expect(rows).toEqual([{ turn: "0" }, { turn: "0" }, { turn: "0" }]);
    expect(await turnRows()).toEqual(["a"]);
  });

  test("that were there before the first with one start before it", async () => {
    await create(3);
    await create(2, "a");
    expect(await start(5)).toBe("---aa");
  });

  test("get one by the setting", async () => {
    for (const fairBy of ["user", "benchmark"] as const) {
      const db = await Database.connect(q.config, { fairBy });
      try {
        const { id } = await db.benchmarks.create({ name: fairBy, provider: "p", model: "m", dataset: "d" });
        const user = "00000000-0000-7000-8000-000000000001";
        const job = await db.jobs.create({ jobType: "t", createdBy: user, benchmarkId: id });
        expect(job.fairKey).toBe(fairBy === "user" ? user : id);
        expect((await db.jobs.create({ jobType: "t", fairKey: "own", createdBy: user })).fairKey).toBe("own");
        expect((await db.jobs.create({ jobType: "t" })).fairKey).toBeNull();
      } finally {
        await db.close();
      }
    }
  });
});

describe("in several lanes of a type", () => {
  test("a key that is new in one is as well off as in the others", async () => {
    await create(1_000, "a");
    await start(300);
    await create(20, "b", { requiredTags: [], limitKey: "k" });
    expect(share(await start(45), "b")).toBe(20);
    // So is one that comes to a lane that was empty for a while.
    await start(300);
    await create(20, "b", { limitKey: "k" });
    expect(share(await start(45), "b")).toBe(20);
    expect(share(await start(45), "a")).toBe(45);
  });

  test("one that was used alone does not hold up a key for what it had there", async () => {
    await create(500, "a", { limitKey: "k" });
    await start(500);
    await create(20, "a", { limitKey: "k" });
    await create(20, "b", { limitKey: "k" });
    expect(await start(6)).toBe("ababab");
  });
});

describe("a job", () => {
  test("takes its turn when it is due", async () => {
    await create(1, "b", { delayMs: 3_600_000 });
    await create(3, "a");
    await start(2);
    expect(await turnRows()).toEqual(["a"]);
    await q.makeDue();
    await q.maintain();
    expect([...(await waiting())].sort().join("")).toBe("ab");
    await create(2, "b");
    expect(await waiting()).toMatch(/^(ab|ba)bb$/);
  });

  test("that has failed, or was given back once or for later, stands with the first", async () => {
    for (const how of ["fail", "release", "snooze"] as const) {
      await q.reset();
      await q.worker("w");
      await create(10, "a");
      const { leases } = await q.db.jobs.claim({ workerId: "w" });
      const [{ id = "", epoch = 0 } = {}] = leases;
      await create(10, "b");
      await start(4);
      const end = { jobId: id, epoch };
      if (how === "fail") await q.db.jobs.fail("w", [{ ...end, error: "e", retryAfterMs: 0 }]);
      else await q.db.jobs.release("w", [{ ...end, delayMs: how === "snooze" ? 1 : 0 }]);
      await q.makeDue();
      await q.maintain();
      const { leases: next } = await q.db.jobs.claim({ workerId: "w" });
      expect(next.map((job) => job.id)).toEqual([id]);
      // It has had its turn: what comes now is no better off.
      await create(1, "c");
      expect(await start(3)).toContain("c");
    }
  });

  test("whose lease has expired goes behind those of its key", async () => {
    const [first] = await create(3, "a");
    await create(1, "b");
    await q.db.jobs.claim({ workerId: "w" });
    await q.expire();
    await q.maintain();
    await q.makeDue();
    await q.maintain();
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 10 });
    expect(leases.map(({ id }) => id).indexOf(first?.id ?? "")).toBe(3);
  });

  test("that is retried by hand takes its turn anew", async () => {
    await create(20, "a");
    const { leases } = await q.db.jobs.claim({ workerId: "w", maxJobs: 20 });
    await q.db.jobs.fail(
      "w",
      leases.map(({ id: jobId, epoch }) => ({ jobId, epoch, error: "e", retryable: false })),
    );
    await create(3, "b");
    await q.db.jobs.retryMany({ statuses: ["failed"], jobType: "t" });
    expect(share(await start(7), "b")).toBe(3);
  });

  test("that is cancelled or deleted leaves the line, and gives its turn back", async () => {
    await create(1, "b");
    await create(1_000, "a");
    await create(20, "b");
    expect(await q.db.jobs.cancelMany({ fairKey: "a" })).toMatchObject({ affected: 1_000 });
    await create(5, "a");
    expect(share(await start(10), "a")).toBe(5);
    await create(2, "a");
    const [last] = await create(1, "c");
    await q.db.jobs.delete(last?.id ?? "");
    await expect(q.db.jobs.get(last?.id ?? "")).rejects.toMatchObject({ reason: "NOT_FOUND" });
    expect(await waiting()).not.toContain("c");
  });

  test("that is changed keeps its turn in its line, and takes another in another", async () => {
    const [one] = await create(3, "a");
    await create(2, "b");
    const change = (changes: Parameters<typeof q.db.jobs.update>[1]) =>
      q.db.jobs.update(one?.id ?? "", changes);
    await change({ payload: { a: 1 }, maxRetries: 1 });
    expect(await waiting()).toBe("ababa");
    const { items } = await q.db.jobs.list({ status: "pending", orderBy: "priority" });
    expect(items[0]?.id).toBe(one?.id);
    await change({ priority: 1 });
    await create(1, "a");
    expect(await waiting()).toMatch(/^a(ab|ba){2}a$/);
    await change({ limitKey: "k", priority: 0 });
    await change({ delayMs: 3_600_000 });
    await change({ delayMs: 0 });
    expect(await start(10)).toHaveLength(6);
  });

  test("that depends on another takes its turn once that has ended", async () => {
    const [first] = await create(1, "x");
    await create(3, "b", { dependsOn: [first?.id ?? ""] });
    await create(3, "a");
    const { leases } = await q.db.jobs.claim({ workerId: "w" });
    await start(1);
    await q.db.jobs.complete(
      "w",
      leases.map(({ id: jobId, epoch }) => ({ jobId, epoch })),
    );
    await q.maintain();
    await expect.poll(() => waiting()).toMatch(/^(ab|ba){2}b$/);
  });

  test("that another program inserts takes turns too", async () => {
    await create(5, "a");
    const insert = (key: string | null) =>
      q.client.query("insert into jobs (id, job_type, payload, fair_key) values ($1, 't', '{}', $2)", [
        newId(),
        key,
      ]);
    await insert("b");
    await insert("b");
    await insert(null);
    expect(await waiting()).toBe("ab-abaaa");
    expect(
      (await q.client.query("select fair_key from pending_jobs(4)")).rows.map((row) => row.fair_key),
    ).toEqual(["a", "b", null, "a"]);
  });
});

describe("many at once", () => {
  test("creations of the same keys in different orders do not deadlock, and lose no turn", async () => {
    const keys = ["a", "b", "c", "d", "e"];
    await Promise.all(
      Array.from({ length: 20 }, (_, round) => {
        const order = round % 2 ? keys : keys.toReversed();
        return (round % 3 ? q.db : q.other).jobs.createMany(order.flatMap((key) => jobs(4, key)));
      }),
    );
    const started = await start(1_000);
    expect(started).toHaveLength(400);
    for (let round = 0; round < 80; round++)
      expect([...started.slice(round * 5, round * 5 + 5)].sort().join("")).toBe("abcde");
  });

  test("claims of two servers and creations go on side by side", async () => {
    await create(300, "a");
    const taken: string[] = [];
    await Promise.all([
      ...Array.from({ length: 10 }, () => create(10, "b", {}, q.other)),
      ...[q.db, q.other].map(async (db) => {
        for (let i = 0; i < 20; i++) taken.push(await start(5, db));
      }),
    ]);
    const started = taken.join("") + (await start(1_000));
    expect([share(started, "a"), share(started, "b")]).toEqual([300, 100]);
  });
});

describe("keys", () => {
  test("that have gone are forgotten, and the line goes on where it was", async () => {
    for (let i = 0; i < 30; i++) await create(3, `k${i}`);
    await create(100, "a");
    await start(150);
    await tidyTurns(q.db.executor);
    expect(await turnRows()).toEqual(["a"]);
    await create(5, "b");
    expect(share(await start(11), "b")).toBe(5);
    await start(1_000);
    await create(1, "c");
    await start(1);
    await tidyTurns(q.db.executor);
    expect(await turnRows()).toHaveLength(1);
    await create(3, "a");
    await create(3, "b");
    expect(await start(6)).toBe("ababab");
  });

  test("of several lines are each forgotten by the time of theirs", async () => {
    await create(10, "a");
    await create(10, "b", { priority: 1 });
    await create(10, "a", { jobType: "u" });
    await start(10);
    await Promise.all([tidyTurns(q.db.executor), tidyTurns(q.other.executor)]);
    expect(await turnRows()).toHaveLength(3);
    await new QueueMaintenance(q.db.executor, q.db.queue).run();
  });
});

/** Start-time fair queueing as it is in the paper, for one line. */
class ReferenceLine {
  readonly #finish = new Map<string, number>();
  #waiting: { key: string; start: number; place: number }[] = [];
  #time = 0;
  #place = 0;

  add(key: string, weight: number): void {
    const start = Math.max(this.#finish.get(key) ?? 0, this.#now());
    this.#finish.set(key, start + Math.round(1_000_000 / weight));
    this.#waiting.push({ key, start, place: this.#place++ });
  }

  take(count: number): string {
    this.#waiting.sort((a, b) => a.start - b.start || a.place - b.place);
    const taken = this.#waiting.splice(0, count);
    if (this.#waiting.length === 0) this.#time = Math.max(this.#time, ...this.#finish.values());
    return taken.map(({ key }) => key).join("");
  }

  #now(): number {
    return this.#waiting.length > 0 ? Math.min(...this.#waiting.map(({ start }) => start)) : this.#time;
  }
}

test("random jobs start as the model of the paper says", { timeout: 120_000 }, async () => {
  const weights: Record<string, number> = { a: 1, b: 2, c: 0.3, d: 1 };
  const key = fc.constantFrom("a", "b", "c", "d");
  const step = fc.oneof(
    fc.array(key, { minLength: 1, maxLength: 30 }),
    fc.integer({ min: 1, max: 25 }),
    fc.constant("tidy" as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: "max" }), async (steps) => {
      await q.reset();
      await q.worker("w", { capacity: 100_000 });
      const line = new ReferenceLine();
      for (const [index, step] of steps.entries()) {
        const db = index % 2 ? q.db : q.other;
        if (step === "tidy") await tidyTurns(db.executor);
        else if (typeof step === "number") expect(await start(step, db)).toBe(line.take(step));
        else {
          for (const key of step) line.add(key, weights[key] ?? 1);
          await db.jobs.createMany(step.flatMap((key) => jobs(1, key, { fairWeight: weights[key] ?? 1 })));
        }
      }
      expect(await start(1_000)).toBe(line.take(1_000));
    }),
    { numRuns: 25 },
  );
});
