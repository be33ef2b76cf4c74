import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { newId } from "../../src/ids.ts";
import { limits } from "../../src/limits.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";

const { db, client } = await testDatabase();

async function benchmarkWith(errors: readonly string[]) {
  const { id: benchmarkId } = await db.benchmarks.create(sample);
  const at = (index: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, index)).toISOString();
  const rows = errors.map((error, index) => ({ benchmarkId, input: "i", error, createdAt: at(index) }));
  const stored = await db.evaluations.createMany([...rows, { benchmarkId, input: "i", output: "o" }]);
  return { benchmarkId, ids: stored.map((result) => ("id" in result ? result.id : "")) };
}

const messagesOf = async (...errors: string[]) => {
  const { groups } = await db.evaluations.listFailureGroups((await benchmarkWith(errors)).benchmarkId);
  return groups.map(({ message }) => message).toSorted();
};

test("failures of one cause are one group, with when they came and the latest of them", async () => {
  const errors = [
    "timeout after 30 s",
    "HTTP 500",
    "timeout after 31.5 s\nat line 7",
    "timeout after 9 s",
    "timeout after 1 s",
  ];
  const { benchmarkId, ids } = await benchmarkWith(errors);
  expect(await db.evaluations.listFailureGroups(benchmarkId)).toEqual({
    groups: [
      {
        ...{ message: "timeout after # s", count: 4, example: "timeout after 1 s" },
        ...{ firstAt: "2026-01-01T00:00:00.000000Z", lastAt: "2026-01-01T00:00:04.000000Z" },
        evaluationIds: [ids[4], ids[3], ids[2]],
      },
      expect.objectContaining({ message: "HTTP 500", count: 1, evaluationIds: [ids[1]] }),
    ],
    ...{ groupsLeftOut: 0, failuresRead: 5, more: false },
  });
  const { groups, groupsLeftOut } = await db.evaluations.listFailureGroups(benchmarkId, { limit: 1 });
  expect([groups.length, groupsLeftOut]).toEqual([1, 1]);
});

test.each([
  [
    ["HTTP 429", "HTTP 503", "code=503."],
    ["HTTP 429", "HTTP 503", "code=503."],
  ],
  [["took 503.5", "took 12:30:01", "took 1,024", "took 503,5", "took 7"], ["took #"]],
  [["job 01890a5d-ac96-774b-bcce-b302099a8057", "job 01890A5D-AC96-774B-BCCE-B302099A8058"], ["job #"]],
  [["at 0xdeadBEEF", "at 0x1", "at 9f86d081884c7d659a2feaa0"], ["at #"]],
  [
    ["effaced", "decade deadbeefcafe"],
    ["decade deadbeefcafe", "effaced"],
  ],
  [["\n \r\n  first\r\nsecond", "first\nother"], ["first"]],
  [["Traceback (most recent call last):\n  File \"a.py\", line 12\nKeyError: 'x'\n"], ["KeyError: 'x'"]],
  [["エラー 12 件", "エラー 7 件"], ["エラー # 件"]],
  [[" "], [""]],
])("what differs between errors of one cause is left out: %j", async (errors, messages) => {
  expect(await messagesOf(...errors)).toEqual(messages);
});

test("lines of any length are cut, no character in two", async () => {
  const long = "🙂".repeat(20_000 / 2);
  const [message = ""] = await messagesOf(long.slice(0, 15_000));
  expect([...message]).toHaveLength(limits.failureLineLength);
  expect(message.isWellFormed()).toBe(true);
  const end = `${"z".repeat(3000)}: last`;
  expect((await messagesOf(`Traceback (most recent call last):\n${end}`))[0]).toMatch(/^z+: last$/);
});

test("of nothing there are no groups, and of no benchmark there is nothing", async () => {
  const { benchmarkId } = await benchmarkWith([]);
  const none = { groups: [], groupsLeftOut: 0, failuresRead: 0, more: false };
  expect(await db.evaluations.listFailureGroups(benchmarkId)).toEqual(none);
  await expect(db.evaluations.listFailureGroups(newId())).rejects.toMatchObject({ code: Code.NotFound });
  for (const limit of [0, 201])
    await expect(db.evaluations.listFailureGroups(benchmarkId, { limit })).rejects.toMatchObject({
      violations: [{ field: "limit" }],
    });
});

test("the newest of many are read, by their index", async () => {
  const { benchmarkId } = await benchmarkWith([]);
  await client.query(
    `insert into evaluations (id, benchmark_id, created_at, content_hash, provider, model, input, output, error)
    select md5(i::text)::uuid, $1, '2026-01-01'::timestamptz + make_interval(secs => i), '\\x00000000000000000000000000000000',
      'p', 'm', 'i', 'o', 'failed ' || i || case when i > 1000 then ' late' else '' end
    from generate_series(1, 21000) i`,
    [benchmarkId],
  );
  const found = await db.evaluations.listFailureGroups(benchmarkId);
  expect(found).toMatchObject({ failuresRead: 20_000, more: true, groupsLeftOut: 0 });
  expect(found.groups).toMatchObject([{ message: "failed # late", count: 20_000 }]);
});
