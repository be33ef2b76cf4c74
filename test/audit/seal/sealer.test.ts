import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import fc from "fast-check";
import type { Client } from "pg";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createKeyFile, isOpenToOthers, readKeyFile } from "../../../src/audit/seal/key.ts";
import { unpack } from "../../../src/audit/seal/records.ts";
import { AuditTrail } from "../../../src/audit/seal/trail.ts";
import type { Executor } from "../../../src/database/statement/executor.ts";
import { nameOf } from "../../../src/database/statement/sql.ts";
import { newId } from "../../../src/ids.ts";
import { sample } from "../../harness/examples.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { onlooker } from "../../harness/postgres.ts";
import { eventually } from "../../harness/waiting.ts";
import { addAttempts, addLogs, recorder, replaceKey, startTrail } from "./support.ts";

/** Names of what is sealed, in order, and of what was written. */
async function names(client: Client): Promise<{ sealed: string[]; written: string[] }> {
  const seals = await client.query<{ content: Buffer }>(
    "select content from audit_seals where kind = 'entries' order by sequence",
  );
  const rows = await client.query<{ name: string }>(
    "select 'audit_log ' || id || ' 0' as name from audit_logs union all select 'job_attempt ' || job_id || ' ' || epoch from job_attempts",
  );
  return {
    sealed: seals.rows.flatMap(({ content }) =>
      unpack(content).map(({ kind, id, epoch }) => `${kind} ${id} ${epoch}`),
    ),
    written: rows.rows.map(({ name }) => name),
  };
}

describe("sealing", () => {
  test("one seal for about 1,000 entries, oldest first, without a gap", async () => {
    const { superuser, trail } = await startTrail();
    const first = await addLogs(superuser, 3);
    for (const _ of Array(500)) await addAttempts(superuser, 1);
    for (const _ of Array(20)) await addAttempts(superuser, 100);
    await addLogs(superuser, 4_000);
    const last = await addLogs(superuser, 1);
    expect(await trail.seal()).toBe(6_504);
    const { rows } = await superuser.query(
      "select sequence::int, entries from audit_seals order by sequence",
    );
    expect(rows.map(({ sequence }) => sequence)).toEqual(rows.map((_, index) => index + 1));
    expect(rows.length).toBeLessThan(12);
    const { sealed, written } = await names(superuser);
    const place = (id: string | undefined) => sealed.indexOf(`audit_log ${id} 0`);
    expect(Math.max(...first.map(place))).toBeLessThan(1_000);
    expect(place(last[0])).toBeGreaterThan(5_000);
    expect(sealed.toSorted()).toEqual(written.toSorted());
    expect(await trail.seal()).toBe(0);
    expect(await trail.verify()).toMatchObject({
      checked: 6_504,
      unsealed: 0,
      head: { sequence: rows.length },
    });
  });

  test("what the service records", async () => {
    const { db, superuser, trail } = await startTrail();
    const { id } = await db.benchmarks.create(sample);
    await db.benchmarks.delete(id);
    await db.jobs.create({ jobType: "t", payload: {} });
    const { written } = await names(superuser);
    expect(written.length).toBeGreaterThan(2);
    expect(await trail.seal()).toBe(written.length);
    expect((await trail.verify()).broken).toBeUndefined();
  });

  test("transactions that end in any order, several sealers at once: each entry is sealed once", async () => {
    const { config, superuser, trail, another } = await startTrail();
    const writers = await Promise.all(Array.from({ length: 6 }, () => onlooker(config)));
    const sealers = [trail, another(), another()];
    const step = fc.record({
      writer: fc.nat(5),
      what: fc.constantFrom("log", "attempt", "commit", "rollback", "seal"),
      count: fc.integer({ min: 1, max: 1_200 }),
    });
    let rounds = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const open = new Set<number>();
        const sealing: Promise<unknown>[] = [];
        for (const { writer: index, what, count } of steps) {
          const writer = writers[index] as Client;
          if (what === "seal") sealing.push(...sealers.map((sealer) => sealer.seal()));
          else if (what === "commit" || what === "rollback") {
            if (open.delete(index)) await writer.query(what);
          } else {
            if (!open.has(index)) await writer.query("begin");
            open.add(index);
            await (what === "log" ? addLogs : addAttempts)(writer, count);
          }
        }
        for (const index of open) sealing.push((writers[index] as Client).query("commit"));
        await Promise.all(sealing);
        await eventually(async () => (await trail.seal()) === 0);
        const { sealed, written } = await names(superuser);
        expect(sealed.toSorted()).toEqual(written.toSorted());
        const verified = await another().verify();
        expect(verified).toMatchObject({ checked: written.length, unsealed: 0 });
        expect(verified.broken).toBeUndefined();
        rounds++;
      }),
      { numRuns: 8 },
    );
    expect(rounds).toBeGreaterThan(7);
    await Promise.all(writers.map((writer) => writer.end()));
  });

  test("a sealer that dies midway leaves nothing half done", async () => {
    const { config, superuser, trail, another } = await startTrail();
    await addLogs(superuser, 2_500);
    const holder = await onlooker(config);
    await holder.query("begin; lock table audit_seals in share mode");
    const dying = trail.seal().catch((error: unknown) => error);
    // It has taken the entries out of the queue by now, and waits to write its seal.
    const waiting = `select pid from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%insert into audit_seals%'`;
    await eventually(async () => (await superuser.query(waiting)).rowCount === 1);
    // Another one does not wait for it.
    expect(await another().seal()).toBe(0);
    await superuser.query(`select pg_terminate_backend(pid) from (${waiting}) w`);
    expect(await dying).toMatchObject({ reason: "DATABASE_UNAVAILABLE" });
    await holder.query("rollback");
    await holder.end();
    expect(await another().seal()).toBe(2_500);
    const { sealed, written } = await names(superuser);
    expect(sealed.toSorted()).toEqual(written.toSorted());
    expect(await another().verify()).toMatchObject({ checked: 2_500, head: { sequence: 1 } });
  });

  test("empty and odd rows of the queue do not stop it", async () => {
    const { superuser, trail, tamper } = await startTrail();
    await superuser.query(
      `insert into audit_unsealed (entry_kind, entry_ids) values ('audit_log', '{}'), ('audit_log', '{null}')`,
    );
    await tamper(
      `insert into audit_logs (id, action, entity_type, created_at, external) values ('${newId()}', 'x', 'y', 'infinity', false)`,
    );
    await superuser.query(
      `insert into audit_unsealed (entry_kind, entry_ids) select 'audit_log', array_agg(id) from audit_logs`,
    );
    await addLogs(superuser, 1);
    expect(await trail.seal()).toBe(2);
    expect((await superuser.query("select from audit_unsealed")).rowCount).toBe(0);
    expect(await trail.verify()).toMatchObject({ checked: 2, head: { sequence: 1 } });
  });
});

describe("verifying", () => {
  test("an empty trail holds", async () => {
    const { trail } = await startTrail();
    expect(await trail.verify()).toEqual({ checked: 0, removed: 0, unsealed: 0 });
  });

  test("what waits is counted and is no break", async () => {
    const { superuser, trail } = await startTrail();
    await addLogs(superuser, 2);
    await trail.seal();
    await addAttempts(superuser, 3);
    expect(await trail.verify()).toEqual({
      checked: 2,
      removed: 0,
      unsealed: 3,
      head: expect.objectContaining({ sequence: 1 }),
    });
  });

  test("a range takes the seals made in it", async () => {
    const { superuser, trail } = await startTrail();
    const times: string[] = [];
    for (const count of [1, 2, 3]) {
      await addLogs(superuser, count);
      await trail.seal();
      times.push((await trail.verify()).head?.sealedAt ?? "");
    }
    const [, second, third] = times;
    expect(await trail.verify({ from: second })).toMatchObject({ checked: 5, head: { sequence: 3 } });
    expect(await trail.verify({ to: third })).toMatchObject({ checked: 3, head: { sequence: 2 } });
    expect(await trail.verify({ from: second, to: third })).toMatchObject({
      checked: 2,
      head: { sequence: 2 },
    });
    expect(await trail.verify({ from: "2999-01-01T00:00:00Z" })).toMatchObject({ checked: 0 });
    expect(await trail.verify({ to: "2001-01-01T00:00:00Z" })).toEqual({
      checked: 0,
      removed: 0,
      unsealed: 0,
    });
  });

  test("one entry from years ahead does not make all others be looked up at once", async () => {
    const { db, superuser, trail, keyFile, log } = await startTrail();
    await addLogs(superuser, 1, { age: -10 * 365 * 86_400 });
    await trail.seal();
    for (const _ of Array(9)) await addLogs(superuser, 1_000);
    await trail.seal();
    const ranges: unknown[][] = [];
    const executor: Executor = {
      ...db.executor,
      maybeOne: (query) => {
        if (nameOf(query) === "audit_find_uncovered") ranges.push(query.values.slice(0, 2));
        return db.executor.maybeOne(query);
      },
    };
    const verification = await new AuditTrail(executor, { keyFile, log }).verify();
    expect(verification).toMatchObject({ checked: 9_001 });
    expect(verification).not.toHaveProperty("broken");
    const counts: number[] = [];
    for (const range of ranges) {
      const { rows } = await superuser.query<{ count: number }>(
        `select count(*)::int as count from audit_logs
        where created_at >= $1::timestamptz and created_at <= $2::timestamptz`,
        range,
      );
      counts.push(rows[0]?.count ?? 0);
    }
    expect(Math.max(...counts)).toBeLessThan(4_500);
    // Each is looked up, those at the end of a range twice.
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(9_001 + ranges.length - 1);
  });

  test("while entries are written and sealed all the time", async () => {
    const { config, superuser, trail, another } = await startTrail();
    const writer = await onlooker(config);
    let written = 0;
    const stop = Date.now() + 3_000;
    const writing = (async () => {
      while (Date.now() < stop)
        written += (await addAttempts(writer, 500)).length + (await addLogs(writer, 50)).length;
    })();
    const sealing = (async () => {
      while (Date.now() < stop) {
        await trail.seal();
        await sleep(20);
      }
    })();
    const verifier = another();
    let verified = 0;
    while (Date.now() < stop) {
      expect((await verifier.verify()).broken).toBeUndefined();
      verified++;
    }
    await Promise.all([writing, sealing]);
    await writer.end();
    await eventually(async () => (await trail.seal()) === 0);
    expect(await verifier.verify()).toMatchObject({ checked: written, unsealed: 0 });
    expect(verified).toBeGreaterThan(1);
    expect((await superuser.query("select from audit_unsealed")).rowCount).toBe(0);
  });

  test.each([
    [{ from: "yesterday" }, "from"],
    [{ to: "2026-02-30T00:00:00Z" }, "to"],
    [{ knownHeads: [{ sequence: 0, seal: "0".repeat(64) }] }, "known_heads[0].sequence"],
    [{ knownHeads: [{ sequence: 1, seal: "x" }] }, "known_heads[0].seal"],
    [{ knownHeads: Array(101).fill({ sequence: 1, seal: "0".repeat(64) }) }, "known_heads"],
  ])("refuses %j", async (options, field) => {
    const { trail } = await startTrail();
    await expect(trail.verify(options)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      violations: [expect.objectContaining({ field })],
    });
  });
});

describe("the key", () => {
  test("is made once, for this user only, by however many servers", async () => {
    const file = join(temporaryFolder(), "deeper", "audit.key");
    const { db } = await startTrail();
    const trails = [1, 2, 3].map(() => new AuditTrail(db.executor, { keyFile: file, createKey: true }));
    await Promise.all(trails.map((trail) => trail.open()));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
    const before = await readFile(file, "utf8");
    await createKeyFile(file);
    expect(await readFile(file, "utf8")).toBe(before);
  });

  test("is not made where one has sealed already", async () => {
    const { db, superuser, trail, keyFile } = await startTrail();
    await addLogs(superuser, 1);
    await trail.seal();
    await rm(keyFile);
    const { lines, log } = recorder();
    const late = new AuditTrail(db.executor, { keyFile, createKey: true, log });
    await late.open();
    expect(lines).toEqual([
      expect.stringMatching(/^warn: nothing of the audit trail is sealed: no key in .*audit\.key/),
    ]);
    await expect(stat(keyFile)).rejects.toThrow("ENOENT");
  });

  test("without one nothing is sealed, verified or removed; one that comes later seals all", async () => {
    const { db, superuser } = await startTrail();
    const keyFile = join(temporaryFolder(), "audit.key");
    const { lines, log } = recorder();
    const trail = new AuditTrail(db.executor, { keyFile, log });
    await addLogs(superuser, 2);
    for (const _ of [1, 2, 3]) expect(await trail.seal()).toBe(0);
    expect(lines).toHaveLength(1);
    for (const call of [() => trail.verify(), () => trail.cleanUp(1)])
      await expect(call()).rejects.toMatchObject({
        code: Code.FailedPrecondition,
        reason: "AUDIT_KEY_MISSING",
      });
    await createKeyFile(keyFile);
    expect(await trail.seal()).toBe(2);
    await expect(new AuditTrail(db.executor).verify()).rejects.toMatchObject({ reason: "AUDIT_KEY_MISSING" });
    await expect(
      new AuditTrail(db.executor, { keyFile: `${keyFile}.not`, requireKey: true }).open(),
    ).rejects.toThrow(/LTB_AUDIT_KEY_FILE.*found none/);
  });

  test("of another chain does not seal, and says so", async () => {
    const { superuser, trail, another, lines } = await startTrail();
    await addLogs(superuser, 1);
    await trail.seal();
    const file = join(temporaryFolder(), "other.key");
    await createKeyFile(file);
    await addLogs(superuser, 1);
    const stranger = another(file);
    expect(await stranger.seal()).toBe(0);
    expect(lines.at(-1)).toMatch(
      /^error: .*seal, 1, does not hold: it is sealed with the key [0-9a-f]{16}, which the key file does not hold/,
    );
    expect((await stranger.verify()).broken?.reason).toMatch("it is sealed with the key");
    expect(await trail.seal()).toBe(1);
  });

  test("is replaced by adding another line; the former one still verifies", async () => {
    const { superuser, trail, keyFile, another } = await startTrail();
    await addLogs(superuser, 1);
    await trail.seal();
    await writeFile(keyFile, `${await readFile(keyFile, "utf8")}${"ab".repeat(32)}\n`);
    const renewed = another();
    await addLogs(superuser, 1);
    expect(await renewed.seal()).toBe(1);
    expect(await renewed.verify()).toMatchObject({ checked: 2 });
    const { rows } = await superuser.query(
      "select kind, entries, get_byte(content, 7) as last, dense_rank() over (order by key_id = $1) as key from audit_seals order by sequence",
      [(await superuser.query("select key_id from audit_seals where sequence = 3")).rows[0].key_id],
    );
    expect(rows).toMatchObject([
      { kind: "entries", key: "1" },
      { kind: "rotation", entries: 0, last: 1, key: "2" },
      { kind: "entries", key: "2" },
    ]);
    expect(await renewed.seal()).toBe(0);
    expect((await renewed.verify()).head?.sequence).toBe(3);
  });

  test("is named once in its file", async () => {
    const { keyFile, another } = await startTrail();
    const line = await readFile(keyFile, "utf8");
    await writeFile(keyFile, `${line}${"ab".repeat(32)}\n${line}`);
    await expect(another().open()).rejects.toThrow(/LTB_AUDIT_KEY_FILE.*different lines/);
  });

  test("that is new is marked by a cleanup too", async () => {
    const { superuser, trail, keyFile, another } = await startTrail();
    await addLogs(superuser, 1, { age: 3 * 86_400 });
    await trail.seal();
    await replaceKey(keyFile);
    const renewed = another();
    expect(await renewed.cleanUp(2)).toMatchObject({ deleted: 1 });
    const { rows } = await superuser.query("select kind from audit_seals order by sequence");
    expect(rows.map(({ kind }) => kind)).toEqual(["entries", "rotation", "checkpoint"]);
    expect(await renewed.verify()).toMatchObject({ removed: 1, head: { sequence: 3 } });
  });

  test.each(["", "abc", "ab".repeat(31), `${"ab".repeat(32)}\nx`, "ab".repeat(33)])(
    "%j is none",
    async (text) => {
      const file = join(temporaryFolder(), "audit.key");
      await writeFile(file, text);
      const failure = await readKeyFile(file).catch((error: unknown) => String(error));
      expect(failure).toMatch(/LTB_AUDIT_KEY_FILE.*64 hexadecimal digits/);
      if (text !== "") expect(failure).not.toContain(text);
    },
  );

  test("that others may read is pointed out", async () => {
    const { keyFile, another, lines } = await startTrail();
    await chmod(keyFile, 0o644);
    await another().open();
    expect(lines.at(-1)).toMatch(/^warn: others than this user may read the key/);
  });

  test("of root, which its group may read as Kubernetes mounts secrets, is not", async () => {
    const file = join(temporaryFolder(), "audit.key");
    await createKeyFile(file);
    await chmod(file, 0o440);
    const { uid } = await stat(file);
    const us = vi.spyOn(process, "geteuid").mockReturnValue(1000);
    onTestFinished(() => us.mockRestore());
    expect(await isOpenToOthers(file)).toBe(uid !== 0);
    await chmod(file, 0o444);
    expect(await isOpenToOthers(file)).toBe(true);
    us.mockReturnValue(uid);
    await chmod(file, 0o440);
    expect(await isOpenToOthers(file)).toBe(true);
  });
});

describe("the head beside the key", () => {
  test("is elsewhere where that is wanted, as for a key in a folder that is only read", async () => {
    const { superuser, db, keyFile, log } = await startTrail();
    const headFile = join(temporaryFolder(), "kept.head");
    const trail = new AuditTrail(db.executor, { keyFile, headFile, log });
    await addLogs(superuser, 1);
    await trail.seal();
    const [[id = "", head] = []] = Object.entries<object>(JSON.parse(await readFile(headFile, "utf8")));
    expect(head).toMatchObject((await trail.verify()).head ?? {});
    await expect(stat(`${keyFile}.head`)).rejects.toThrow("ENOENT");
    await writeFile(headFile, JSON.stringify({ [id]: { ...head, sequence: 7 } }));
    const another = new AuditTrail(db.executor, { keyFile, headFile, log });
    expect((await another.verify()).broken?.reason).toContain("seal 7");
  });

  test("is kept for this user only, and follows", async () => {
    const { superuser, trail, keyFile } = await startTrail();
    for (const sequence of [1, 2]) {
      await addLogs(superuser, 1);
      await trail.seal();
      const kept = JSON.parse(await readFile(`${keyFile}.head`, "utf8"));
      expect(Object.values(kept)).toEqual([{ ...(await trail.verify()).head, database: "this database" }]);
      expect((await trail.verify()).head?.sequence).toBe(sequence);
    }
    expect((await stat(`${keyFile}.head`)).mode & 0o777).toBe(0o600);
  });

  test("that is behind, because another server sealed, is no break", async () => {
    const { superuser, trail, another, keyFile } = await startTrail();
    await addLogs(superuser, 1);
    await trail.seal();
    const behind = await readFile(`${keyFile}.head`, "utf8");
    await addLogs(superuser, 1);
    await another().seal();
    await writeFile(`${keyFile}.head`, behind);
    await addLogs(superuser, 1);
    expect(await trail.seal()).toBe(1);
    expect((await trail.verify()).broken).toBeUndefined();
  });

  test("that cannot be written is pointed out once, and sealing goes on", async () => {
    const { superuser, trail, keyFile, lines } = await startTrail();
    await trail.open();
    // A folder in its place: renaming a file over it fails, also for root.
    await addLogs(superuser, 1);
    await trail.seal();
    await rm(`${keyFile}.head`);
    await mkdir(`${keyFile}.head`);
    for (const _ of [1, 2]) {
      await addLogs(superuser, 1);
      expect(await trail.seal()).toBe(1);
    }
    expect(lines.filter((line) => line.includes("cannot be kept"))).toHaveLength(1);
  });
});
