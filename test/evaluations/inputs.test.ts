import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { benchmarkTasks } from "../../src/benchmarks/maintenance.ts";
import { sql } from "../../src/database/statement/sql.ts";
import type { NewEvaluation } from "../../src/evaluations/input.ts";
import {
  benchmarkFingerprint,
  fingerprintDeltas,
  fingerprintRow,
  fingerprintSums,
  returnedHashes,
} from "../../src/evaluations/inputs/parts.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { fill } from "./support.ts";

const { db, client } = await testDatabase();

type Row = Partial<NewEvaluation>;
const newBenchmark = async (dataset = "d", name = "n", repetitions = 0) =>
  (await db.benchmarks.create({ ...sample, dataset, name, repetitions })).id;
const store = (benchmarkId: string, rows: readonly Row[]) =>
  db.evaluations.createMany(rows.map((row) => ({ benchmarkId, input: "i", output: "o", ...row })));

async function foldCounts() {
  const task = benchmarkTasks(db.executor, async () => false).find(
    ({ name }) => name === "counts of benchmarks",
  );
  await task?.run();
}

/** The fingerprint that is kept, and that of a recount, as of one moment. */
async function fingerprints(benchmarkId: string) {
  const row = z.object({ ...fingerprintRow, counted: z.string() });
  const { counted, ...kept } = await db.executor.one(sql.type(row)`
    select ${benchmarkFingerprint}, (
      select concat_ws(' ', c.named_samples, c.ids_hash, c.inputs_hash) from (
        select ${fingerprintSums()}
        from (select ${returnedHashes} from evaluations where benchmark_id = ${benchmarkId}) e
      ) c
    ) as counted
    from benchmarks b ${fingerprintDeltas} where b.id = ${benchmarkId}`);
  return { kept: `${kept.namedSamples} ${kept.idsHash} ${kept.inputsHash}`, counted };
}

const text = fc.constantFrom("", "a", "b");
const row = fc.record({
  sampleId: fc.option(fc.constantFrom("s1", "s2", "s3", "s4")),
  input: text,
  expected: fc.option(text),
});
const step = fc.oneof(
  fc.record({ kind: fc.constant("insert"), rows: fc.array(row, { minLength: 1, maxLength: 6 }) }),
  fc.record({ kind: fc.constant("repeat"), rows: fc.array(row, { minLength: 1, maxLength: 3 }) }),
  fc.record({ kind: fc.constant("change"), which: fc.nat(), expected: fc.option(text) }),
  fc.record({ kind: fc.constant("remove"), which: fc.nat() }),
  fc.record({ kind: fc.constantFrom("fold", "cleanup", "sql", "undone", "count") }),
);
type Step = { kind: string; rows?: Row[]; which?: number; expected?: string | null };

async function run(benchmarkId: string, { kind, rows = [], which = 0, expected = null }: Step) {
  if (kind === "insert") return store(benchmarkId, rows);
  if (kind === "repeat")
    return store(
      benchmarkId,
      rows.map((row) => ({ ...row, ...(row.sampleId && { repetition: 1 }) })),
    );
  if (kind === "fold") return foldCounts();
  if (kind === "cleanup") return db.evaluations.cleanup(0, benchmarkId);
  if (kind === "count") return db.benchmarks.update(benchmarkId, { completedIterations: 3 });
  if (kind === "undone")
    return db
      .transaction(async ({ evaluations }) => {
        await evaluations.create({ benchmarkId, sampleId: "s9", input: "i", output: "o" });
        throw new Error("undone");
      })
      .catch((error) => expect(error.message).toBe("undone"));
  if (kind === "sql")
    return client.query(
      `insert into evaluations (id, benchmark_id, sample_id, repetition, provider, model, input, output, expected)
      select md5(random()::text)::uuid, $1, sample_id, r, 'p', 'm', 'i', 'o', 'e'
      from (values ('s1', 0), ('s2', 1), (null, 0)) v (sample_id, r) on conflict do nothing`,
      [benchmarkId],
    );
  const { items } = await db.evaluations.list({ benchmarkId });
  const id = items[which % Math.max(items.length, 1)]?.id;
  if (id === undefined) return;
  if (kind === "remove") return db.evaluations.delete(id, benchmarkId);
  return db.evaluations.update(id, { expected, score: 1 }, benchmarkId);
}

test("a fingerprint is that of a recount after any mix of inserts, retries, changes, deletions and folds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const benchmarkId = await newBenchmark();
      for (const step of steps) {
        await run(benchmarkId, step as Step);
        const { kept, counted } = await fingerprints(benchmarkId);
        expect(kept, JSON.stringify(step)).toBe(counted);
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

test("and while several write, score again, delete and fold at once", async () => {
  const benchmarkId = await newBenchmark();
  const steps = fc.sample(fc.array(step, { minLength: 8, maxLength: 8 }), 5) as Step[][];
  const unlessGone = (error: unknown) => expect(error).toMatchObject({ reason: "NOT_FOUND" });
  await Promise.all(
    steps.map(async (own) => {
      for (const step of own) await run(benchmarkId, step).catch(unlessGone);
    }),
  );
  const { kept, counted } = await fingerprints(benchmarkId);
  expect(kept).toBe(counted);
});

test("order does not matter to it; samples, inputs and expected answers do, and what was deleted does not", async () => {
  const rows = ["s1", "s2", "s3"].map((sampleId) => ({ sampleId, input: `${sampleId}?`, expected: "e" }));
  const of = async (given: readonly Row[]) => {
    const id = await newBenchmark();
    await store(id, given);
    return [id, (await fingerprints(id)).kept] as const;
  };
  const [id, first] = await of(rows);
  expect((await of(rows.toReversed()))[1]).toBe(first);
  await store(id, [{ sampleId: "s4" }]);
  const [added] = (await db.evaluations.list({ benchmarkId: id, sampleId: "s4" })).items;
  await db.evaluations.delete(added?.id ?? "", id);
  await store(id, [{ sampleId: "s1", repetition: 1, input: "another" }, { input: "without id" }]);
  expect((await fingerprints(id)).kept).toBe(first);
  const others = await Promise.all(
    [
      rows.slice(1),
      rows.map((row, index) => ({ ...row, input: rows[(index + 1) % 3]?.input ?? "" })),
      rows.map((row) => ({ ...row, expected: "f" })),
      rows.map((row) => ({ ...row, sampleId: `${row.sampleId}'` })),
    ].map(of),
  );
  expect(new Set([first, ...others.map(([, kept]) => kept)]).size).toBe(5);
});

test("inputs and expected answers are not changed by SQL", async () => {
  const id = await newBenchmark();
  await store(id, [{ sampleId: "s" }]);
  for (const column of ["input", "expected"])
    await expect(
      client.query(`update evaluations set ${column} = 'x' where benchmark_id = $1`, [id]),
    ).rejects.toThrow(/nor their inputs changed/);
});

describe("leaderboards compare inputs", () => {
  const questions = (count: number, change: (n: number) => Row | undefined = () => ({})) =>
    Array.from({ length: count }, (_, n) => {
      const row = change(n);
      return row && { sampleId: `s${n}`, input: `question ${n}`, expected: `${n}`, score: n % 2, ...row };
    }).filter((row) => row !== undefined);

  async function board(dataset: string, entries: Record<string, readonly Row[]>) {
    for (const [name, rows] of Object.entries(entries)) {
      const repetitions = rows.some(({ repetition = 0 }) => repetition > 0) ? 2 : 0;
      await store(await newBenchmark(dataset, name, repetitions), rows);
    }
    return read(dataset);
  }

  async function read(dataset: string) {
    const page = await db.evaluations.leaderboard({ dataset });
    const nameOf = (id: string | null) =>
      page.entries.find(({ benchmarkId }) => benchmarkId === id)?.benchmarkName;
    return {
      reference: nameOf(page.inputsReferenceId),
      entries: Object.fromEntries(
        page.entries.map(({ benchmarkName, inputsCompared, differentInputs }) => [
          benchmarkName,
          [inputsCompared, differentInputs],
        ]),
      ),
    };
  }

  test("with those that most have: another input or expected answer differs, a missing one does not", async () => {
    const { reference, entries } = await board("differ", {
      one: questions(6),
      two: questions(6).toReversed(),
      "another input": questions(6, (n) => (n === 3 ? { input: "other" } : {})),
      "other prompts": questions(6, (n) => ({ input: `Think. question ${n}` })),
      "another answer": questions(6, (n) => (n < 2 ? { expected: "x" } : {})),
      "no answers": questions(6, () => ({ expected: null })),
      "no inputs": questions(6, () => ({ input: "" })),
      "neither ids": questions(6, () => ({ sampleId: null })),
      "other ids": questions(6, (n) => ({ sampleId: `${n}` })),
    });
    expect(["one", "two"]).toContain(reference);
    expect(entries).toEqual({
      one: [6, 0],
      two: [6, 0],
      "another input": [6, 1],
      "other prompts": [6, 6],
      "another answer": [6, 2],
      "no answers": [6, 0],
      "no inputs": [6, 0],
      "neither ids": [null, null],
      "other ids": [null, null],
    });
  });

  test("an unfinished one has fewer samples and no other inputs, unless those that it has differ", async () => {
    expect(
      await board("unfinished", {
        whole: questions(8),
        unfinished: questions(8, (n) => (n % 3 === 0 ? {} : undefined)),
        "more of others": questions(12, (n) => (n === 2 ? { input: "other" } : {})),
        "whole too": questions(8),
        failed: questions(8, (n) => (n > 5 ? { score: null, output: null, error: "e" } : {})),
        repeated: questions(8).flatMap((row) => [row, { ...row, repetition: 1 }]),
      }),
    ).toMatchObject({
      entries: {
        whole: [8, 0],
        unfinished: [3, 0],
        "more of others": [8, 1],
        "whole too": [8, 0],
        failed: [8, 0],
        repeated: [8, 0],
      },
    });
  });

  test("a change of an answer, a deletion and a fold show at once", async () => {
    await board("change", { one: questions(4), two: questions(4) });
    const { entries } = await db.evaluations.leaderboard({ dataset: "change" });
    const two = entries.find(({ benchmarkName }) => benchmarkName === "two")?.benchmarkId ?? "";
    const [stored] = (await db.evaluations.list({ benchmarkId: two, sampleId: "s1" })).items;
    await db.evaluations.update(stored?.id ?? "", { expected: "other" }, two);
    const other = await read("change");
    expect(Object.values(other.entries).sort()).toEqual([
      [4, 0],
      [4, 1],
    ]);
    await foldCounts();
    expect(await read("change")).toEqual(other);
    await db.evaluations.delete(stored?.id ?? "", two);
    expect(Object.values((await read("change")).entries).sort()).toEqual([
      [3, 0],
      [4, 0],
    ]);
  });

  test("without sample ids nothing is known", async () => {
    expect(await board("no ids", { one: questions(2, () => ({ sampleId: undefined })) })).toEqual({
      reference: undefined,
      entries: { one: [null, null] },
    });
  });

  test("each page with the same one as the first, or with another once that is gone", async () => {
    const same = Object.fromEntries([1, 2, 3].map((n) => [`same ${n}`, questions(4, () => ({ score: 1 }))]));
    await board("pages", { ...same, other: questions(4, () => ({ score: 0, input: "other" })) });
    const page = (after?: Parameters<typeof db.evaluations.leaderboard>[1]) =>
      db.evaluations.leaderboard({ dataset: "pages" }, { limit: 3, ...after });
    const first = await page();
    const second = await page({ after: first.next });
    expect(second.inputsReferenceId).toBe(first.inputsReferenceId);
    expect(second.entries).toMatchObject([{ benchmarkName: "other", inputsCompared: 4, differentInputs: 4 }]);
    await db.benchmarks.delete(first.inputsReferenceId ?? "");
    const third = await page({ after: first.next });
    expect(third.inputsReferenceId).toBe(third.entries[0]?.benchmarkId);
    expect(third.entries).toMatchObject([{ inputsCompared: 4, differentInputs: 0 }]);
  });

  test("of more samples than are compared, the first; that others differ is known by the fingerprint", async () => {
    const count = limits.comparedInputs + 10;
    const ids = [];
    for (const last of ["'i'", "case when i = 9999 then 'other' else 'i' end"]) {
      const id = await newBenchmark("large");
      ids.push(id);
      await fill(client, id, count, { input: last });
      await store(id, [{ score: 1 }, { score: 1 }]);
    }
    await client.query("analyze evaluations");
    const differences = async () => {
      const { entries } = await db.evaluations.leaderboard({ dataset: "large" });
      return entries.map(({ inputsCompared, differentInputs }) => [inputsCompared, differentInputs]).sort();
    };
    // s9999 is the last in the order of text.
    expect(await differences()).toEqual([
      [limits.comparedInputs, 1],
      [count, 0],
    ]);
    await db.evaluations.delete(
      (await db.evaluations.list({ benchmarkId: ids[1] ?? "", sampleId: "s9999" })).items[0]?.id ?? "",
    );
    expect(await differences()).toEqual([
      [limits.comparedInputs, 0],
      [count, 0],
    ]);
  });
});
