import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { attemptColumns, auditLogColumns } from "../../../src/audit/seal/digest.ts";
import { unknownId } from "../../harness/examples.ts";
import { addAttempts, addLogs, forgeCheckpoint, replaceKey, startTrail } from "./support.ts";

const DAY = 86_400;

// Everything here is done by a superuser who gets around the guard triggers. Two seals, of three audit logs
// and three attempts each.

let trail: Awaited<ReturnType<typeof startTrail>>;
let logs: string[];
let jobs: string[];
let headFile: string;

beforeAll(async () => {
  trail = await startTrail();
  for (const _ of [1, 2]) {
    logs = await addLogs(trail.superuser, 3);
    jobs = await addAttempts(trail.superuser, 3);
    expect(await trail.trail.seal()).toBe(6);
  }
  for (const table of tables) await trail.superuser.query(`create table kept_${table} as table ${table}`);
  headFile = await readFile(`${trail.keyFile}.head`, "utf8");
});

const tables = ["audit_logs", "job_attempts", "audit_seals"] as const;

beforeEach(async () => {
  await trail.tamper(`truncate audit_unsealed, ${tables}`);
  for (const table of tables) await trail.tamper(`insert into ${table} table kept_${table}`);
  await writeFile(`${trail.keyFile}.head`, headFile);
  trail.trail = trail.another();
  expect(await trail.trail.verify()).toEqual({
    checked: 12,
    removed: 0,
    unsealed: 0,
    head: expect.objectContaining({ sequence: 2 }),
  });
});

const broken = async (options = {}) => (await trail.trail.verify(options)).broken;
/** As a server sees it that has kept no head, with the key file alone. */
const brokenWithoutHead = async (options = {}) => {
  await rm(`${trail.keyFile}.head`, { force: true });
  return (await trail.another().verify(options)).broken;
};

describe("an entry", () => {
  const changed: Record<string, string> = {
    uuid: "'00000000-0000-4000-8000-000000000000'",
    timestamptz: "COLUMN + interval '1 us'",
    varchar: "COLUMN || 'x'",
    text: "COLUMN || 'x'",
    jsonb: `COLUMN || '{"more": 1}'`,
    int4: "COLUMN + 10",
    bool: "not COLUMN",
  };
  const columns = [
    ...auditLogColumns.map((column) => ["audit_logs", column] as const),
    ...attemptColumns.map((column) => ["job_attempts", column] as const),
  ];

  test("has no column that is not sealed", async () => {
    const { rows } = await trail.superuser.query<{ name: string }>(
      `select attrelid::regclass || '.' || attname as name from pg_attribute
      where attrelid in ('audit_logs'::regclass, 'job_attempts'::regclass) and attnum > 0 and not attisdropped`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(columns.map((path) => path.join(".")).sort());
  });

  test.each(columns)("%s.%s altered", async (table, column) => {
    const { rows } = await trail.superuser.query<{ type: string }>(
      "select typname as type from pg_attribute join pg_type t on t.oid = atttypid where attrelid = $1::regclass and attname = $2",
      [table, column],
    );
    const value =
      column === "outcome"
        ? "'completed'"
        : (changed[rows[0]?.type ?? ""] ?? "").replaceAll("COLUMN", column);
    const [key, id] = table === "audit_logs" ? ["id", logs[1]] : ["job_id", jobs[1]];
    expect(await trail.tamper(`update ${table} set ${column} = ${value} where ${key} = $1`, [id])).toBe(1);
    // What it is found by is part of an entry's name: under another one, it is gone.
    const isName = ["id", "job_id", "epoch"].includes(column);
    expect(await broken()).toEqual({
      sequence: 2,
      entry: expect.objectContaining({ id }),
      reason: expect.stringMatching(
        new RegExp(`${id} ${isName ? "is missing" : "was altered after it was sealed"}$`),
      ),
    });
  });

  test.each(columns)("%s.%s set to NULL", async (table, column) => {
    const { rows } = await trail.superuser.query<{ required: boolean }>(
      "select attnotnull as required from pg_attribute where attrelid = $1::regclass and attname = $2",
      [table, column],
    );
    if (rows[0]?.required) {
      await expect(trail.tamper(`update ${table} set ${column} = null`)).rejects.toThrow("null value");
      return;
    }
    await trail.superuser.query(
      "alter table job_attempts drop constraint if exists job_attempts_failure_has_error",
    );
    const [key, id] = table === "audit_logs" ? ["id", logs[1]] : ["job_id", jobs[1]];
    expect(await trail.tamper(`update ${table} set ${column} = null where ${key} = $1`, [id])).toBe(1);
    expect((await broken())?.reason).toMatch(`${id} was altered`);
  });

  test("values moved between two columns", async () => {
    await trail.tamper("update audit_logs set actor = 'alicebench', entity_type = 'mark' where id = $1", [
      logs[0],
    ]);
    expect((await broken())?.reason).toMatch(`audit log ${logs[0]} was altered`);
  });

  test("altered there and back leaves nothing to find", async () => {
    await trail.tamper("update audit_logs set action = 'x' where id = $1", [logs[0]]);
    await trail.tamper("update audit_logs set action = 'update' where id = $1", [logs[0]]);
    expect(await broken()).toBeUndefined();
  });

  test("deleted", async () => {
    await trail.tamper("delete from audit_logs where id = $1", [logs[2]]);
    expect(await broken()).toEqual({
      sequence: 2,
      entry: expect.objectContaining({ kind: "audit_log", id: logs[2] }),
      reason: `audit log ${logs[2]} is missing`,
    });
  });

  test("an attempt deleted", async () => {
    await trail.tamper("delete from job_attempts where job_id = $1", [jobs[0]]);
    expect((await broken())?.reason).toBe(`the attempt 1 at job ${jobs[0]} is missing`);
  });

  test("the rows of two exchanged", async () => {
    await trail.tamper(
      `update audit_logs l set entity_id = o.entity_id, changes = o.changes, request_id = o.request_id
      from audit_logs o where l.id in ($1, $2) and o.id in ($1, $2) and o.id <> l.id`,
      [logs[0], logs[1]],
    );
    expect((await broken())?.reason).toBe(`audit log ${logs[0]} was altered after it was sealed`);
  });

  test.each([
    "now()",
    "now() - interval '10 years'",
    "now() + interval '10 years'",
    "'-infinity'",
    "'infinity'",
    "(select min(created_at) from audit_logs)",
  ])("inserted with the time %s", async (time) => {
    const id = unknownId;
    await trail.tamper(
      `insert into audit_logs (id, action, entity_type, created_at, external) values ($1, 'x', 'y', ${time}, false)`,
      [id],
    );
    expect(await broken()).toEqual({
      sequence: 0,
      entry: { kind: "audit_log", id, epoch: 0, time: expect.anything(), digest: expect.anything() },
      reason: `audit log ${id} was inserted: no seal holds it, nor does it wait to be sealed`,
    });
    await trail.tamper("delete from audit_logs where id = $1", [id]);
    await trail.tamper(
      `insert into job_attempts (job_id, epoch, started_at, ended_at, outcome, worker_id) values ($1, 7, now(), ${time.replaceAll("created_at", "ended_at").replaceAll("audit_logs", "job_attempts")}, 'completed', 'w')`,
      [id],
    );
    expect((await broken())?.reason).toMatch(`the attempt 7 at job ${id} was inserted`);
  });

  test("an attempt at a known job, in an epoch that was not", async () => {
    await trail.tamper(
      "insert into job_attempts select job_id, started_at, ended_at, 99, attempt, outcome, worker_id, error from job_attempts where job_id = $1",
      [jobs[0]],
    );
    expect((await broken())?.reason).toMatch(`the attempt 99 at job ${jobs[0]} was inserted`);
  });

  test("taken out of the queue before it is sealed", async () => {
    const [id] = await addLogs(trail.superuser, 1);
    await trail.tamper("delete from audit_unsealed");
    await trail.trail.seal();
    expect((await broken())?.reason).toMatch(`audit log ${id} was inserted`);
  });

  test("deleted before it is sealed", async () => {
    const [id] = await addLogs(trail.superuser, 1);
    await trail.tamper("delete from audit_logs where id = $1", [id]);
    expect(await trail.trail.seal()).toBe(1);
    expect(await broken()).toMatchObject({
      sequence: 3,
      reason: `audit log ${id} was already missing when it was to be sealed`,
    });
  });

  test("altered and put into the queue again", async () => {
    await trail.tamper("update audit_logs set actor = 'bob' where id = $1", [logs[0]]);
    await trail.tamper(
      "insert into audit_unsealed (entry_kind, entry_ids) values ('audit_log', array[$1::uuid])",
      [logs[0]],
    );
    expect(await trail.trail.seal()).toBe(1);
    expect(await broken()).toMatchObject({
      sequence: 2,
      reason: `audit log ${logs[0]} was altered after it was sealed`,
    });
  });
});

describe("a seal", () => {
  test.each([
    ["sealed_at", "sealed_at + interval '1 us'"],
    ["sealed_at", "'infinity'"],
    ["sealed_at", "'-infinity'"],
    ["first_at", "first_at - interval '1 day'"],
    ["last_at", "'infinity'"],
    ["entries, content", "entries - 1, substr(content, 1, 61 * (entries - 1))"],
    ["key_id", "'\\x0011223344556677'"],
    ["previous_mac", "sha256('x')"],
    ["mac", "sha256('x')"],
    ["content", "set_byte(content, 20, (get_byte(content, 20) + 1) % 256)"],
    ["kind, entries, first_at, last_at, cutoff", "'checkpoint', 0, null, null, now()"],
  ])("%s altered to %s", async (columns, values) => {
    for (const sequence of [2, 1]) {
      await trail.tamper(`update audit_seals set (${columns}) = row(${values}) where sequence = $1`, [
        sequence,
      ]);
      expect(await brokenWithoutHead()).toEqual({
        sequence,
        reason: expect.stringMatching(`^seal ${sequence} does not hold: it`),
      });
    }
  });

  test("removed, first, middle and last", async () => {
    await addLogs(trail.superuser, 1);
    await trail.trail.seal();
    await trail.superuser.query("create temp table kept as table audit_seals");
    for (const [sequence, expected] of [
      [1, { sequence: 1, reason: "seal 1 is missing" }],
      [2, { sequence: 2, reason: "seal 2 is missing" }],
    ] as const) {
      await trail.tamper("delete from audit_seals where sequence = $1", [sequence]);
      expect(await broken()).toEqual(expected);
      await trail.tamper("insert into audit_seals select * from kept where sequence = $1", [sequence]);
      expect(await broken()).toBeUndefined();
    }
    await trail.tamper("delete from audit_seals where sequence = 3");
    // The head that was kept names the cut; without it, the entries are left over.
    expect(await broken()).toEqual({
      sequence: 3,
      reason: "seal 3, which was there, is gone: the end of the chain was cut off",
    });
    expect((await brokenWithoutHead())?.reason).toMatch("was inserted: no seal holds it");
  });

  test("two exchanged", async () => {
    await trail.tamper("update audit_seals set sequence = 3 - sequence + 10");
    await trail.tamper("update audit_seals set sequence = sequence - 10");
    expect(await brokenWithoutHead()).toMatchObject({
      sequence: 1,
      reason: expect.stringContaining("does not hold"),
    });
  });

  test("an old one copied to the end", async () => {
    await trail.tamper(
      `insert into audit_seals (sequence, sealed_at, first_at, last_at, entries, kind, key_id, previous_mac, mac, content)
      select 3, sealed_at, first_at, last_at, entries, kind, key_id, previous_mac, mac, content from audit_seals where sequence = 1`,
    );
    expect(await broken()).toMatchObject({ sequence: 3, reason: expect.stringContaining("does not hold") });
    // Nor does the sealer build on it.
    await addLogs(trail.superuser, 1);
    expect(await trail.trail.seal()).toBe(0);
    expect(trail.lines.at(-1)).toMatch(
      /^error: nothing of the audit trail is sealed any more: its last seal, 3, does not hold/,
    );
  });

  test("of another chain with the same key", async () => {
    const other = await startTrail();
    await copyFile(trail.keyFile, other.keyFile);
    await addLogs(other.superuser, 1);
    await other.another().seal();
    const { rows } = await other.superuser.query("select mac from audit_seals where sequence = 1");
    await trail.tamper("update audit_seals set mac = $1 where sequence = 1", [rows[0].mac]);
    expect(await brokenWithoutHead()).toMatchObject({ sequence: 1 });
  });

  test("hidden from a range by an altered time", async () => {
    const { rows } = await trail.superuser.query<{ at: string }>(
      `select to_char(sealed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from audit_seals order by sequence`,
    );
    const [first = "", second = ""] = rows.map(({ at }) => at);
    expect(await broken({ from: second })).toBeUndefined();
    await trail.tamper("update audit_seals set sealed_at = sealed_at - interval '1 day' where sequence = 2");
    expect(await brokenWithoutHead({ from: second })).toMatchObject({ sequence: 2 });
    await trail.tamper("update audit_seals set sealed_at = 'infinity' where sequence = 1");
    expect(await brokenWithoutHead({ from: first, to: second })).toMatchObject({ sequence: 1 });
  });
});

describe("the end", () => {
  const cut = (sequence: number) => ({
    sequence,
    reason: `seal ${sequence}, which was there, is gone: the end of the chain was cut off`,
  });

  test("cut off with its entries: found by a head kept elsewhere, or beside the key", async () => {
    const { head } = await trail.trail.verify();
    await trail.tamper("delete from audit_seals where sequence = 2");
    await trail.tamper("delete from audit_logs where id = any ($1)", [logs]);
    await trail.tamper("delete from job_attempts where job_id = any ($1)", [jobs]);
    expect(await broken()).toEqual(cut(2));
    expect(await brokenWithoutHead({ knownHeads: [head] })).toEqual(cut(2));
    // All that is left is whole in itself: this is what heads are for.
    expect(await brokenWithoutHead()).toBeUndefined();
  });

  test("everything truncated", async () => {
    const { head } = await trail.trail.verify();
    await trail.tamper("truncate audit_logs, audit_seals, job_attempts, audit_unsealed");
    expect(await broken()).toEqual(cut(2));
    expect((await trail.another().verify()).broken).toEqual(cut(2));
    expect(await brokenWithoutHead({ knownHeads: [head] })).toEqual(cut(2));
  });

  test("replaced by another one of the same length", async () => {
    const { head } = await trail.trail.verify();
    await trail.tamper("truncate audit_logs, audit_seals, job_attempts, audit_unsealed");
    await rm(`${trail.keyFile}.head`);
    const forger = trail.another();
    for (const _ of [1, 2, 3]) {
      await addLogs(trail.superuser, 1);
      await forger.seal();
    }
    expect((await forger.verify()).broken).toBeUndefined();
    expect((await forger.verify({ knownHeads: [head ?? { sequence: 1, seal: "" }] })).broken).toEqual({
      sequence: 2,
      reason: "seal 2 is not the one that was there: the chain was replaced from there or from before",
    });
  });

  test("cut off: the sealer does not bury it, until an operator accepts it", async () => {
    await trail.tamper("delete from audit_seals where sequence = 2");
    await addLogs(trail.superuser, 1);
    expect(await trail.trail.seal()).toBe(0);
    expect(await trail.another().seal()).toBe(0);
    expect(trail.lines.at(-1)).toMatch(
      /^error: nothing of the audit trail is sealed any more: seal 2, which was there, is gone.*remove .*audit\.key\.head$/,
    );
    await rm(`${trail.keyFile}.head`);
    expect(await trail.trail.seal()).toBe(1);
    expect(trail.lines.at(-1)).toBe("info: the audit trail is sealed again");
  });
});

describe("a checkpoint", () => {
  const forged = `insert into audit_seals (sequence, sealed_at, cutoff, entries, kind, key_id, previous_mac, mac, content)
    select SEQUENCE, now(), now(), 0, 'checkpoint', key_id, mac, sha256('x'), 'x' from audit_seals where sequence = 2`;

  test.each(["3", "1000"])("forged as seal %s to excuse a deletion", async (sequence) => {
    await trail.tamper("delete from audit_logs where id = $1", [logs[0]]);
    await trail.tamper(forged.replace("SEQUENCE", sequence));
    expect(await broken()).toMatchObject({
      sequence: Number(sequence),
      reason: expect.stringContaining("does not hold"),
    });
  });

  test("of its owner's, with a later cutoff", async () => {
    const [old] = await addLogs(trail.superuser, 1, { age: 3 * 86_400 });
    await trail.trail.seal();
    expect(await trail.trail.cleanUp(2)).toEqual({ deleted: 1, more: false });
    expect(await trail.trail.verify()).toMatchObject({ removed: 1 });
    expect(await broken(), String(old)).toBeUndefined();
    await trail.tamper("delete from audit_logs where id = $1", [logs[0]]);
    await trail.tamper("update audit_seals set cutoff = now() where kind = 'checkpoint'");
    expect(await broken()).toMatchObject({ sequence: 4, reason: expect.stringContaining("does not hold") });
  });

  test("excuses no more entries than it removed", async () => {
    const old = await addAttempts(trail.superuser, 2, { age: 3 * 86_400 });
    // The job of one is still there, so cleanup leaves that attempt.
    const { id } = await trail.db.jobs.create({ jobType: "t", payload: {} });
    await trail.superuser.query("update jobs set id = $1 where id = $2", [old[0], id]);
    await trail.trail.seal();
    expect(await trail.trail.cleanUp(2)).toEqual({ deleted: 1, more: false });
    expect(await broken()).toBeUndefined();
    await trail.tamper("delete from job_attempts where job_id = $1", [old[0]]);
    expect(await broken()).toEqual({
      sequence: 0,
      reason:
        "2 entries are missing from before the last cleanup's time, which is 1 more than cleanups removed",
    });
    await trail.tamper("delete from jobs");
  });

  /** A chain of its own with an old entry that somebody deletes; `add` then appends what excuses that. */
  async function excused(add: (own: Awaited<ReturnType<typeof startTrail>>) => Promise<unknown>) {
    const own = await startTrail();
    const [id] = await addLogs(own.superuser, 1, { age: 3 * DAY });
    await own.trail.seal();
    const to = new Date().toISOString();
    await own.tamper("delete from audit_logs where id = $1", [id]);
    await add(own);
    await rm(`${own.keyFile}.head`, { force: true });
    const [all, range] = [await own.another().verify(), await own.another().verify({ to })];
    return { own, all: all.broken, range: range.broken };
  }

  test("sealed with a key that was replaced, which a range does not take for good either", async () => {
    const { own, all, range } = await excused(async (own) => {
      await replaceKey(own.keyFile);
      // The new key says that it is there, with nothing to seal.
      expect(await own.another().seal()).toBe(0);
      await forgeCheckpoint(own, { line: 0, ageMs: 2 * DAY * 1_000 });
    });
    const broken = { sequence: 3, reason: "seal 3 is made with a key that was replaced before it" };
    expect([all, range]).toEqual([broken, broken]);
    // Nor does the sealer build on it.
    await addLogs(own.superuser, 1);
    expect(await own.another().seal()).toBe(0);
    expect(own.lines.at(-1)).toMatch("its last seal, 3, is made with a key that was replaced by seal 2");
  });

  test("of another chain with the same key", async () => {
    const { all, range } = await excused(async (own) => {
      const other = await startTrail();
      await copyFile(own.keyFile, other.keyFile);
      await addLogs(other.superuser, 1, { age: 3 * DAY });
      await other.another().seal();
      await other.another().cleanUp(2);
      const { rows } = await other.superuser.query(
        "select s::text as link from audit_seals s where kind = 'checkpoint'",
      );
      await own.superuser.query(
        "insert into audit_seals select (s.link).* from (select $1::audit_seals as link) s",
        [rows[0].link],
      );
    });
    const broken = { sequence: 2, reason: "seal 2 does not follow the one before it" };
    expect([all, range]).toEqual([broken, broken]);
  });

  test("that excuses entries of its last day", async () => {
    const { all, range } = await excused((own) => forgeCheckpoint(own, { line: 0, ageMs: DAY * 1_000 - 1 }));
    const broken = { sequence: 2, reason: "seal 2 excuses entries of the day before it" };
    expect([all, range]).toEqual([broken, broken]);
  });

  test("without an entry of its cleanup", async () => {
    const { own, all, range } = await excused((own) =>
      forgeCheckpoint(own, { line: 0, ageMs: 2 * DAY * 1_000 }),
    );
    const broken = { sequence: 2, reason: "the entry of the cleanup that left seal 2 is missing" };
    expect([all, range]).toEqual([broken, broken]);
    // A later cleanup may have removed it, but none from before.
    await forgeCheckpoint(own, { line: 0, ageMs: 3 * DAY * 1_000 });
    expect((await own.another().verify()).broken).toEqual(broken);
  });

  test("whose entry a later cleanup has removed, as it may", async () => {
    const { superuser, trail, tamper } = await startTrail();
    await addLogs(superuser, 1, { age: 5 * DAY });
    await trail.seal();
    expect(await trail.cleanUp(4)).toMatchObject({ deleted: 1 });
    // The entry of this cleanup goes as it would days later.
    await tamper("truncate audit_unsealed");
    await tamper("delete from audit_logs where action = 'cleanup'");
    await addLogs(superuser, 1, { age: 3 * DAY - 3_600 });
    await trail.seal();
    expect((await trail.verify()).broken?.reason).toMatch("the entry of the cleanup that left seal 2");
    expect(await trail.cleanUp(2)).toMatchObject({ deleted: 1 });
    expect(await trail.verify()).toMatchObject({ removed: 2, head: { sequence: 4 } });
  });

  test("removed: what it accounted for is missing", async () => {
    await addLogs(trail.superuser, 1, { age: 3 * 86_400 });
    await trail.trail.seal();
    await trail.trail.cleanUp(2);
    await trail.tamper("delete from audit_seals where kind = 'checkpoint'");
    expect((await brokenWithoutHead())?.reason).toMatch("is missing");
  });

  test("does not excuse the cleanup function being called without one", async () => {
    const [old] = await addLogs(trail.superuser, 1, { age: 3 * 86_400 });
    await trail.trail.seal();
    await trail.superuser.query("select audit_cleanup(now() - interval '2 days', 100)");
    expect((await broken())?.reason).toBe(`audit log ${old} is missing`);
  });
});
