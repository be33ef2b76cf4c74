import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import { createSqlTag } from "slonik";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseTimestamp } from "../../src/database/connection/driver.ts";
import {
  camelCase,
  columnsOf,
  type Fragment,
  StatementText,
  snakeCase,
  sql,
} from "../../src/database/statement/sql.ts";
import { arrayOf, binaryArray, type ElementType, table } from "../../src/database/statement/table.ts";
import { newId } from "../../src/ids.ts";
import { jsonValueOf } from "../../src/validation.ts";
import { testDatabase } from "../harness/database.ts";
import { sample } from "../harness/examples.ts";
import { eventually } from "../harness/waiting.ts";
import { run } from "./support.ts";

const { db, client } = await testDatabase({ poolSize: 1 });

describe("times", () => {
  test.each([
    ["2026-01-31 12:00:00+00", "2026-01-31T12:00:00.000000Z"],
    ["2026-01-31 12:00:00.1+00", "2026-01-31T12:00:00.100000Z"],
    ["2026-01-31 12:00:00.000001+00", "2026-01-31T12:00:00.000001Z"],
    ["2026-02-01 05:29:59.999999+05:30", "2026-01-31T23:59:59.999999Z"],
    ["2026-01-31 19:00:00.000009-04:30", "2026-01-31T23:30:00.000009Z"],
    ["1900-01-01 00:19:32+00:19:32", "1900-01-01T00:00:00.000000Z"],
    ["1900-01-01 00:00:30+00:00:30", "1900-01-01T00:00:00.000000Z"],
    ["1899-12-31 23:58:45-00:01:15", "1900-01-01T00:00:00.000000Z"],
    ["0001-01-01 00:00:00+00", "0001-01-01T00:00:00.000000Z"],
    ["9999-12-31 23:59:59.999999+00", "9999-12-31T23:59:59.999999Z"],
  ])("%s is %s", (text, iso) => {
    expect(parseTimestamp(text)).toBe(iso);
  });

  test.each(["0044-03-15 12:00:00+00 BC", "infinity", "-infinity", "12:00:00", ""])(
    "%j is refused",
    (text) => {
      expect(() => parseTimestamp(text)).toThrow(RangeError);
    },
  );

  test.each(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia", "Europe/Amsterdam"])(
    "are the same whatever the session's time zone: %s",
    async (zone) => {
      for (const time of [
        "2026-01-31T12:00:00.000001Z",
        "1890-06-01T00:00:00.999999Z",
        "2026-07-01T23:59:59.5Z",
      ]) {
        const [row] = await db.executor.transaction(async (tx) => {
          await run(tx, `set local time zone '${zone}'`);
          return run(tx, `select '${time}'::timestamptz as time`);
        });
        expect(row?.time).toBe(time === "2026-07-01T23:59:59.5Z" ? "2026-07-01T23:59:59.500000Z" : time);
      }
    },
  );

  test("a list's cursor skips no row that shares its millisecond, or its very time, with another", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 12; i++) ids.push((await db.benchmarks.create({ ...sample, provider: "micro" })).id);
    for (const [index, id] of ids.entries()) {
      // Four times, three rows each, all within one microsecond-grained millisecond.
      const time = `2026-01-31 12:00:00.00000${Math.floor(index / 3)}+00`;
      await client.query("update benchmarks set created_at = $2 where id = $1", [id, time]);
    }
    for (const orderBy of ["oldest", "newest"] as const) {
      const seen: string[] = [];
      let after: Awaited<ReturnType<typeof db.benchmarks.list>>["next"];
      do {
        const page = await db.benchmarks.list({ provider: "micro", orderBy }, { limit: 2, after });
        seen.push(...page.items.map(({ id }) => id));
        after = page.next;
      } while (after);
      expect(seen).toEqual(orderBy === "oldest" ? ids : ids.toReversed());
    }
  });

  test.each(["2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-04-31T00:00:00Z"])(
    "a day that does not exist is refused by its field: %s",
    async (startedAt) => {
      const { id } = await db.benchmarks.create(sample);
      await expect(db.benchmarks.update(id, { startedAt })).rejects.toMatchObject({
        code: Code.InvalidArgument,
        violations: [{ field: "started_at" }],
      });
    },
  );
});

test("bigints are numbers, and never a wrong one", async () => {
  const [row] = await run(db.executor, "select 9007199254740991::bigint as most, (-1)::bigint as least");
  expect(row).toEqual({ most: Number.MAX_SAFE_INTEGER, least: -1 });
  await expect(run(db.executor, "select 9007199254740993::bigint as beyond")).rejects.toThrow(RangeError);
});

describe("JSON", () => {
  test.each([
    [{}],
    [{ empty: "", zero: 0, no: false, nothing: null, list: [], object: {} }],
    [{ ключ: "значение", "emoji 👩‍🔬": "a\u2028b\u0001\n\t\"'\\" }],
    [{ numbers: [1e308, -1e-300, 5e-324, 0.1, 123456789012345680000, Number.MAX_SAFE_INTEGER] }],
    [JSON.parse('{"__proto__": {"a": 1}, "constructor": 1, "toString": "x"}')],
    [{ list: [null, [null, [null]], { a: [{}] }] }],
  ])("%j comes back as it was", async (metadata) => {
    const { id } = await db.benchmarks.create({ ...sample, metadata });
    const got = await db.benchmarks.get(id);
    expect(JSON.parse(JSON.stringify(got.metadata))).toEqual(JSON.parse(JSON.stringify(metadata)));
    expect(Object.keys(jsonValueOf(got.metadata ?? {})).sort()).toEqual(Object.keys(metadata).sort());
  });

  test.each([[null], [0], ["text"], [[]], [false], [{ a: 1 }]])(
    "results may be any JSON: %j",
    async (results) => {
      const { id } = await db.benchmarks.create(sample);
      expect((await db.benchmarks.update(id, { results })).results).toEqual(results);
    },
  );
});

test.each([
  [{ labels: { team: "\ud83d" } }, "labels.team"],
  [{ metadata: { text: "cut \ud83d" } }, "metadata"],
  [{ metadata: { "\udc00": 1 } }, "metadata"],
  [{ metadata: { list: ["a\0b"] } }, "metadata"],
])("what JSON cannot hold in PostgreSQL is refused by its field: %j", async (wrong, field) => {
  await expect(db.benchmarks.create({ ...sample, ...wrong })).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field }],
  });
});

describe("arrays are read as they were written:", () => {
  const odd = fc.constantFrom("NULL", "null", "a,b", "{", "}", '"', "\\", "", " ");
  const readBack = async (array: Fragment) =>
    (await db.executor.one(sql.type(z.object({ x: z.unknown() }))`select ${array} as x`)).x;

  test.each<[ElementType, fc.Arbitrary<string | number>]>([
    ["text", fc.oneof(fc.string(), odd)],
    ["uuid", fc.uuid()],
    ["int4", fc.integer()],
    ["float8", fc.double().map((value) => value || 0)],
  ])("%s", async (type, element) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(element), { maxLength: 5 }), async (written) => {
        expect(await readBack(arrayOf(type, written))).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  test("arrays of arrays, and those that begin elsewhere", async () => {
    expect(await readBack(sql.fragment`array[[1, 2], [3, null]]`)).toEqual([
      [1, 2],
      [3, null],
    ]);
    expect(await readBack(sql.fragment`'[0:1]={a,b}'::text[]`)).toEqual(["a", "b"]);
  });
});

describe("binary arrays arrive as they were sent:", () => {
  const big = "ü€👩‍🔬".repeat(100_000);
  const arrays = {
    uuid: [newId(), null, newId(), undefined],
    text: ["", "a", null, "ü", "👩‍🔬", '\u0001\n"{},\\', big, "after the big one"],
    int4: [0, -1, 2_147_483_647, -2_147_483_648, null],
    float8: [0, -0.1, 1e308, 5e-324, null, 0.1],
    bytea: ["00ff10", "", null, "ab".repeat(1000)],
    jsonb: [{}, { a: [1, null, "ü"] }, null, "text", 3, [true]],
    timestamptz: [
      "2026-01-31T12:00:00.000001Z",
      null,
      "1969-12-31T23:59:59.999999Z",
      "0001-01-01T00:00:00.000000Z",
      "9999-12-31T23:59:59.999999Z",
      "2000-01-01T00:00:00.000000Z",
    ],
  } as const;

  test.each(Object.entries(arrays))("%s", async (name, values) => {
    const type = name as keyof typeof arrays;
    const element = type === "bytea" ? sql.fragment`encode(x, 'hex')` : sql.fragment`x`;
    const rows = await db.executor.any(
      sql.type(z.object({ x: z.unknown() }))`
        select ${element} as x from unnest(${sql.binary(binaryArray(type, values))}::${sql.identifier([type])}[])
          with ordinality as u (x, place) order by place`,
    );
    expect(rows.map(({ x }) => x)).toEqual(values.map((value) => value ?? null));
  });

  test.each(Object.keys(arrays) as (keyof typeof arrays)[])("%s, empty or all null", async (type) => {
    const count = (values: unknown[]) =>
      db.executor.one(
        sql.type(z.object({ all: z.number(), some: z.number() }))`
          select count(*) as all, count(x) as some
          from unnest(${sql.binary(binaryArray(type, values))}::${sql.identifier([type])}[]) as u (x)`,
      );
    expect(await count([])).toEqual({ all: 0, some: 0 });
    expect(await count([null, undefined, null])).toEqual({ all: 3, some: 0 });
  });

  test("a thousand of a kilobyte, and one array does not show in the next", async () => {
    const texts = Array.from({ length: 1000 }, (_, index) => `${index}`.padEnd(1000, "é"));
    const first = binaryArray("text", texts);
    const second = binaryArray("text", ["other"]);
    const [row] = await db.executor.any(
      sql.type(z.object({ same: z.boolean(), other: z.string() }))`
        select ${sql.binary(first)}::text[] = ${sql.array(texts, "text")} as same, (${sql.binary(second)}::text[])[1] as other`,
    );
    expect(row).toEqual({ same: true, other: "other" });
  });

  test("the memory that a large one took is given back", async () => {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    const held = async () => {
      await setImmediate();
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const before = await held();
    const large = "x".repeat(50_000_000);
    expect(binaryArray("text", [large]).length).toBeGreaterThan(large.length);
    await eventually(async () => (await held()) - before < 20_000_000);
  });
});

test("what is larger than the database takes is the caller's fault", async () => {
  const query = sql.type(z.object({}))`select array_fill(1, array[200000000]) as x`;
  await expect(db.executor.one(query)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    reason: "INVALID_ARGUMENT",
  });
});

describe("what a statement is made of", () => {
  const row = z.object({ laneId: z.number(), limitKey: z.string().nullable(), ordinality: z.number() });

  test("rows are a table with a column for each field that is named, in their order", async () => {
    const rows = [
      { laneId: 2, limitKey: "b", other: true },
      { laneId: 1, limitKey: null, other: false },
    ];
    const lanes = table("lane", rows, { laneId: "int4", limitKey: "text", ordinality: true });
    expect(lanes.sql).toBe(
      "unnest($slonik_1::int4[], $slonik_2::text[]) with ordinality as lane (lane_id, limit_key, ordinality)",
    );
    const query = sql.type(row)`select ${columnsOf(row, "lane")} from ${lanes} where lane.lane_id < ${3}`;
    expect(await db.executor.any(query)).toEqual([
      { laneId: 2, limitKey: "b", ordinality: 1 },
      { laneId: 1, limitKey: null, ordinality: 2 },
    ]);
  });

  test("no rows are an empty table", async () => {
    const rows: { laneId: number }[] = [];
    const query = sql.type(z.object({}))`select from ${table("lane", rows, { laneId: "int4" })}`;
    expect(await db.executor.any(query)).toEqual([]);
  });

  test("a select list has the columns of a row, or an expression for one", () => {
    const list = columnsOf(row, "lane", { limitKey: sql.fragment`coalesce(key, ${"x"})` });
    expect(list.sql).toBe("lane.lane_id, coalesce(key, $slonik_1) as limit_key, lane.ordinality");
    expect(list.values).toEqual(["x"]);
  });

  test("a row's fields are named after its columns, JSON inside of them is left as it is", async () => {
    const query = sql.type(z.object({ p95Ms: z.number(), labels: z.unknown(), asIs: z.number() }))`
      select 1 as p95_ms, '{"a_b": 1}'::jsonb as labels, 2 as "asIs"`;
    expect(await db.executor.one(query)).toEqual({ p95Ms: 1, labels: { a_b: 1 }, asIs: 2 });
  });

  test("its text is kept, and is another where its arguments ask for another", () => {
    const text = new StatementText();
    const read = (key?: string) =>
      text.read(
        sql.fragment`select ${1}${sql.and([key !== undefined && sql.fragment`key = ${key}`])} limit ${9}`,
      );
    for (const key of ["a", "b"]) {
      expect(read(key)).toEqual({ sql: "select $1key = $2 limit $3", values: [1, key, 9] });
      expect(read()).toEqual({ sql: "select $1TRUE limit $2", values: [1, 9] });
    }
  });

  test.each([
    ["undefined", undefined],
    ["an object", { a: 1 }],
    ["what looks like a fragment", { ...JSON.parse(JSON.stringify(sql.fragment`x`)), type: "fragment" }],
  ])("%s is neither a value nor SQL", (_, member) => {
    expect(() => sql.fragment`select ${member}`.sql).toThrow();
  });

  test("fragments read as Slonik reads its own, whatever was read before", () => {
    type Node = {
      texts: string[];
      members: (string | number | null | Node)[];
      as: "fragment" | "and" | "join";
    };
    const { node } = fc.letrec<{ node: Node; member: Node["members"][number] }>((tie) => ({
      member: fc.oneof({ maxDepth: 4 }, fc.constantFrom("v", 1, null), tie("node")),
      node: fc.record({
        texts: fc.array(fc.constantFrom("", " a", ", b "), { minLength: 4, maxLength: 4 }),
        members: fc.array(tie("member"), { maxLength: 3 }),
        as: fc.constantFrom("fragment", "and", "join"),
      }),
    }));
    const slonik = createSqlTag();
    const build = (tag: typeof sql | typeof slonik, { texts, members, as }: Node): Fragment => {
      const built = members.map((one) => (typeof one === "object" && one ? build(tag, one) : one));
      if (as === "join" && built.length > 0) return tag.fragment`(${tag.join(built, tag.fragment`, `)})`;
      const conditions = built.map((one) => tag.fragment`${tag.identifier(["c"])} = ${one}`);
      if (as === "and") return tag.fragment`${tag.literalValue("it's")} ${tag.and(conditions)}`;
      const own = texts.slice(0, built.length + 1);
      const template = Object.assign([...own], { raw: Object.freeze([...own]) });
      return tag.fragment(template, ...built);
    };
    const text = new StatementText("$slonik_");
    const kept: [ours: Fragment, theirs: Fragment][] = [];
    fc.assert(
      fc.property(node, fc.nat(), (drawn, pick) => {
        kept.push([build(sql, drawn), build(slonik, drawn)]);
        const [ours, theirs] = kept[pick % kept.length] ?? [];
        expect(ours && text.read(ours)).toEqual({ sql: theirs?.sql, values: theirs?.values });
      }),
      { numRuns: 500 },
    );
  });

  test.each(["id", "limit_key", "p95_ms", "average_duration_ms", "ci95_low", "a_1"])(
    "%s there and back",
    (name) => {
      expect(snakeCase(camelCase(name))).toBe(name);
    },
  );
});

test("ids ascend and never repeat, many in one millisecond too", () => {
  const ids = Array.from({ length: 20_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(ids.toSorted());
  for (const id of ids.slice(0, 10))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
