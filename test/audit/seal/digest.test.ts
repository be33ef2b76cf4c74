import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { unpack } from "../../../src/audit/seal/records.ts";
import { unknownId } from "../../harness/examples.ts";
import { startTrail } from "./support.ts";

// By hand: the digests below came out on PostgreSQL 12.22 and 18.4 alike. One that differs on another version
// would make every chain fail that was sealed before an upgrade.

const id = unknownId;
const changes =
  '{"b": [1, 2.50, 1e3, null, true], "a": {"ä": "\\u20ac \\"x\\"", "": ""}, "aa": 12345678901234567890.123}';
/** As PostgreSQL prints it: keys by length, then bytes. */
const changesText =
  '{"a": {"": "", "ä": "€ \\"x\\""}, "b": [1, 2.50, 1000, null, true], "aa": 12345678901234567890.123}';

test("the canonical bytes of an entry are these, in every version of PostgreSQL", async () => {
  const { superuser, trail } = await startTrail();
  await superuser.query(
    "set timezone to 'Asia/Kolkata'; set datestyle to 'German'; set bytea_output to 'escape'",
  );
  await superuser.query(
    `insert into audit_logs
      (id, user_id, api_key_id, created_at, action, entity_type, entity_id, ip_address, actor, request_id, user_agent, changes, external)
    values
      ('${id}', '11111111-2222-4333-8444-555555555555', null, '2026-01-31T12:34:56.789012Z', 'update', 'benchmark', 'größe', '192.0.2.1',
        '', 'r', e'line\nline', $1, true),
      ('${id.replace("57", "58")}', null, null, '1999-12-31T23:59:59.999999Z', 'x', 'y', null, null, null, null, null, null, false)`,
    [changes],
  );
  await superuser.query(
    `insert into job_attempts (job_id, started_at, ended_at, epoch, attempt, outcome, worker_id, error, evaluations_inserted,
      evaluations_duplicate, evaluations_conflict, tokens_used)
    values ('${id}', '2026-01-31T12:34:56.789012Z', '2026-01-31T12:34:57Z', 3, 2, 'failed', 'worker-1', 'größer', null, null, null, 9),
      ('${id}', '2026-01-31T12:34:56Z', '2026-01-31T12:34:57Z', 4, 3, 'completed', 'worker-1', null, 3, 2, 0, null)`,
  );
  await superuser.query(
    `insert into audit_unsealed (entry_kind, entry_ids, epochs)
    values ('audit_log', array['${id}', '${id.replace("57", "58")}']::uuid[], null),
      ('job_attempt', array['${id}', '${id}']::uuid[], array[3, 4])`,
  );
  await trail.seal();
  const { rows } = await superuser.query<{ content: Buffer }>("select content from audit_seals");
  const records = unpack(rows[0]?.content ?? Buffer.alloc(0));

  const expected = [
    digest([
      uuid(id),
      uuid("11111111-2222-4333-8444-555555555555"),
      uuid(null),
      time("2026-01-31T12:34:56.789Z", 12),
      varchar("update"),
      varchar("benchmark"),
      varchar("größe"),
      varchar("192.0.2.1"),
      varchar(""),
      varchar("r"),
      text("line\nline"),
      jsonb(changesText),
      bool(true),
    ]),
    digest([
      uuid(id.replace("57", "58")),
      uuid(null),
      uuid(null),
      time("1999-12-31T23:59:59.999Z", 999),
      varchar("x"),
      varchar("y"),
      ...[null, null, null, null].map(varchar),
      text(null),
      jsonb(null),
      bool(false),
    ]),
    digest([
      uuid(id),
      time("2026-01-31T12:34:56.789Z", 12),
      time("2026-01-31T12:34:57Z"),
      int4(3),
      int4(2),
      varchar("failed"),
      varchar("worker-1"),
      text("größer"),
      ...[null, null, null, 9].map(int4),
    ]),
    digest([
      uuid(id),
      time("2026-01-31T12:34:56Z"),
      time("2026-01-31T12:34:57Z"),
      int4(4),
      int4(3),
      varchar("completed"),
      varchar("worker-1"),
      text(null),
      ...[3, 2, 0, null].map(int4),
    ]),
  ];
  expect(records).toEqual([
    { kind: "audit_log", id, epoch: 0, time: 823_178_096_789_012n, digest: expected[0] },
    { kind: "audit_log", id: id.replace("57", "58"), epoch: 0, time: -1n, digest: expected[1] },
    { kind: "job_attempt", id, epoch: 3, time: 823_178_097_000_000n, digest: expected[2] },
    { kind: "job_attempt", id, epoch: 4, time: 823_178_097_000_000n, digest: expected[3] },
  ]);
  expect(records.map(({ digest: found }) => found)).toEqual([
    "bf956a6768bb7f9498b93c54f0c4eb7b9146407aafe7fd417906742799c97ec6",
    "c84c562443fd2c03dfc2d432eba40f7c248f475094cefa074224754c1bfafb1c",
    "145153d051c8100df6d8a4aba92ee2c5ef602679a78633624f4fd61247181db6",
    "e159f94770b4f69c1ce97221247e8e884bf3968c79a6767a137ae0ccf5c6db64",
  ]);
});

type Field = { oid: number; value: Buffer | null };

/** The bytes as src/audit/seal/digest.ts describes them, made without PostgreSQL. */
function digest(fields: Field[]): string {
  const parts = fields.flatMap(({ oid, value }) => [
    int32(oid),
    int32(value === null ? -1 : value.length),
    value ?? Buffer.alloc(0),
  ]);
  return hash("sha256", Buffer.concat([int32(fields.length), ...parts]), "hex");
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

const uuid = (value: string | null): Field => ({
  oid: 2950,
  value: value === null ? null : Buffer.from(value.replaceAll("-", ""), "hex"),
});
const varchar = (value: string | null): Field => ({
  oid: 1043,
  value: value === null ? null : Buffer.from(value),
});
const text = (value: string | null): Field => ({
  oid: 25,
  value: value === null ? null : Buffer.from(value),
});
const jsonb = (value: string | null): Field => ({
  oid: 3802,
  value: value === null ? null : Buffer.concat([Buffer.from([1]), Buffer.from(value)]),
});
const bool = (value: boolean): Field => ({ oid: 16, value: Buffer.from([Number(value)]) });
const int4 = (value: number | null): Field => ({ oid: 23, value: value === null ? null : int32(value) });

function time(iso: string, micros = 0): Field {
  const value = Buffer.alloc(8);
  value.writeBigInt64BE(BigInt(Date.parse(iso) - Date.UTC(2000, 0, 1)) * 1000n + BigInt(micros));
  return { oid: 1184, value };
}
