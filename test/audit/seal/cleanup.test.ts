import { rm } from "node:fs/promises";
import { Code } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { withOrigin } from "../../../src/call-scope.ts";
import { addAttempts, addLogs, startTrail } from "./support.ts";

const DAY = 86_400;

test("removes what is old, records it, and leaves a trail that holds", async () => {
  const { db, superuser, tamper, trail } = await startTrail();
  await addLogs(superuser, 5, { age: 40 * DAY });
  const attempts = await addAttempts(superuser, 4, { age: 40 * DAY });
  await addLogs(superuser, 3, { age: 20 * DAY });
  // The job of one attempt is still there.
  const { id } = await db.jobs.create({ jobType: "t", payload: {} });
  await superuser.query("update jobs set id = $1 where id = $2", [attempts[2], id]);
  await trail.seal();
  const userId = "11111111-2222-4333-8444-555555555555";
  const cleanUp = () => trail.cleanUp(30);
  expect(await withOrigin({ userId, actor: "root", requestId: "r" }, cleanUp)).toEqual({
    deleted: 8,
    more: false,
  });

  const { rows } = await superuser.query(
    `select user_id, actor, request_id, entity_type, changes -> 'after' as what from audit_logs where action = 'cleanup'`,
  );
  expect(rows).toEqual([
    {
      user_id: userId,
      actor: "root",
      request_id: "r",
      entity_type: "audit_log",
      what: { older_than_days: 30, cutoff: expect.stringMatching(/00Z$/), audit_logs: 5, attempts: 3 },
    },
  ]);
  const left = await superuser.query("select job_id from job_attempts");
  expect(left.rows).toEqual([{ job_id: attempts[2] }]);
  // Waiting: the entry of the cleanup.
  expect(await trail.verify()).toMatchObject({ checked: 5, removed: 8, unsealed: 1, head: { sequence: 2 } });

  // A later one goes on where this one ended; what is gone meanwhile is found with it.
  expect(await trail.cleanUp(30)).toEqual({ deleted: 0, more: false });
  await tamper("delete from jobs where id = $1", [attempts[2]]);
  await trail.seal();
  expect(await trail.cleanUp(10)).toEqual({ deleted: 4, more: false });
  await trail.seal();
  expect(await trail.verify()).toMatchObject({ checked: 3, removed: 12, unsealed: 0 });
  expect((await trail.verify()).broken).toBeUndefined();
});

test("is bounded, and goes on with the next call", async () => {
  const { superuser, trail } = await startTrail();
  for (const _ of Array(3)) await addLogs(superuser, 5_000, { age: 2 * DAY });
  for (const _ of Array(3)) await addAttempts(superuser, 3_000, { age: 2 * DAY });
  await addLogs(superuser, 2);
  await trail.seal();
  expect(await trail.cleanUp(1)).toEqual({ deleted: 20_000, more: true });
  expect((await trail.verify()).broken).toBeUndefined();
  expect(await trail.cleanUp(1)).toEqual({ deleted: 4_000, more: false });
  expect(await trail.cleanUp(1)).toEqual({ deleted: 0, more: false });
  expect(await trail.verify()).toMatchObject({ removed: 24_000 });
  const { rows } = await superuser.query(
    "select count(*)::int as n from audit_seals where kind = 'checkpoint'",
  );
  expect(rows).toEqual([{ n: 2 }]);
});

test("a removal that fails leaves neither entry nor checkpoint", async () => {
  const { superuser, trail } = await startTrail();
  await addLogs(superuser, 2, { age: 2 * DAY });
  await trail.seal();
  await superuser.query("alter table audit_seals add constraint no_more check (sequence < 2)");
  await expect(trail.cleanUp(1)).rejects.toMatchObject({ reason: "CONSTRAINT_VIOLATION" });
  const { rows } = await superuser.query("select action from audit_logs");
  expect(rows).toEqual([{ action: "update" }, { action: "update" }]);
  await superuser.query("alter table audit_seals drop constraint no_more");
  expect(await trail.cleanUp(1)).toEqual({ deleted: 2, more: false });
});

test("old entries that still wait are sealed first", async () => {
  const { superuser, trail } = await startTrail();
  await addLogs(superuser, 3, { age: 2 * DAY });
  expect(await trail.cleanUp(1)).toEqual({ deleted: 3, more: false });
  expect(await trail.verify()).toMatchObject({ removed: 3 });
});

test("while the trail is being verified, nothing seems missing", async () => {
  const { superuser, trail, another } = await startTrail();
  for (const _ of Array(8)) await addLogs(superuser, 4_000, { age: 2 * DAY });
  await trail.seal();
  const verifying = (async () => {
    for (let round = 0; round < 3; round++) expect((await another().verify()).broken).toBeUndefined();
  })();
  while ((await trail.cleanUp(1)).more) await trail.seal();
  await verifying;
  expect(await trail.verify()).toMatchObject({ removed: 32_000 });
});

test("is refused where the trail does not hold", async () => {
  const { superuser, trail, tamper, keyFile, another } = await startTrail();
  await addLogs(superuser, 1, { age: 2 * DAY });
  await trail.seal();
  await tamper("update audit_seals set sealed_at = sealed_at + interval '1 s'");
  await rm(`${keyFile}.head`);
  await expect(another().cleanUp(1)).rejects.toMatchObject({
    code: Code.FailedPrecondition,
    reason: "AUDIT_CHAIN_BROKEN",
    message: expect.stringContaining("its last seal, 1, does not hold"),
  });
  expect((await superuser.query("select from audit_logs")).rowCount).toBe(1);
});

test.each([0, -1, 36_501, 1.5, Number.NaN])("%d days are refused", async (days) => {
  const { trail } = await startTrail();
  await expect(trail.cleanUp(days)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    violations: [{ field: "older_than_days", description: "must be a whole number from 1 to 36500" }],
  });
});

describe("the function", () => {
  test("removes nothing of the last day", async () => {
    const { superuser } = await startTrail();
    await addLogs(superuser, 1);
    for (const cutoff of ["now()", "now() - interval '23 hours'", "'infinity'", "null"])
      await expect(superuser.query(`select audit_cleanup(${cutoff}, 10)`)).rejects.toThrow(
        "entries of the last day stay",
      );
  });

  test("leaves the guards in force, for its owner and in the same transaction too", async () => {
    const { superuser } = await startTrail();
    await addLogs(superuser, 1);
    await superuser.query("begin");
    await superuser.query("select audit_cleanup(now() - interval '2 days', 10)");
    await expect(superuser.query("delete from audit_logs")).rejects.toThrow("is append-only");
    await superuser.query("rollback");
  });

  test("does not open seals, updates or truncation", async () => {
    const { superuser, trail } = await startTrail();
    await addLogs(superuser, 1);
    await trail.seal();
    await superuser.query("set ltb.audit_cleanup = 'on'");
    for (const statement of [
      "delete from audit_seals",
      "update audit_logs set action = 'x'",
      "truncate audit_logs",
      "truncate job_attempts",
    ])
      await expect(superuser.query(statement)).rejects.toThrow("is append-only");
    await superuser.query("reset ltb.audit_cleanup");
  });
});
