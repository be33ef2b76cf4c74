import { randomBytes, randomUUID } from "node:crypto";
import { Client, DatabaseError } from "pg";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createTestDatabase } from "../harness/postgres.ts";

let client: Client;

beforeAll(async () => {
  const { database } = await createTestDatabase();
  client = new Client({ ...inject("postgres"), database });
  await client.connect();
});
afterAll(() => client.end());

type Row = Record<string, unknown>;

async function insert(table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const values = columns.map((_, index) => `$${index + 1}`);
  await client.query(`insert into ${table} (${columns}) values (${values})`, Object.values(row));
}

/** Name of the constraint that refuses the row, or undefined if it is accepted. Nothing is kept. */
async function refusedBy(table: string, ...rows: Row[]): Promise<string | undefined> {
  await client.query("begin");
  try {
    for (const row of rows) await insert(table, row);
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseError && error.code?.startsWith("23"))
      return error.constraint ?? error.column;
    throw error;
  } finally {
    await client.query("rollback");
  }
}

const id = () => randomUUID();
const now = new Date();
const hash = (bytes: number) => randomBytes(bytes);

const benchmark = (row: Row = {}) => ({
  id: id(),
  version: 1,
  name: "n",
  provider: "p",
  model: "m",
  dataset: "d",
  ...row,
});
const lane = id();
const job = (row: Row = {}) => ({
  id: id(),
  job_type: "benchmark",
  payload: "{}",
  lane_id: lane,
  bytes: 1,
  ...row,
});
const worker = (row: Row = {}) => ({
  id: id(),
  created_by: null,
  worker_id: `w-${id()}`,
  address: "localhost:1",
  ...row,
});
const user = (row: Row = {}) => ({
  id: id(),
  email: `${id()}@x`,
  username: id(),
  password_hash: "h",
  ...row,
});
const seal = (row: Row = {}) => ({
  sequence: 1,
  kind: "entries",
  entries: 1,
  sealed_at: now,
  first_at: now,
  last_at: now,
  key_id: hash(8),
  previous_mac: hash(32),
  mac: hash(32),
  content: hash(61),
  ...row,
});

describe("what a row may say", () => {
  const parent = id();
  const owner = id();
  beforeAll(async () => {
    await insert("benchmarks", benchmark({ id: parent }));
    await insert("users", user({ id: owner }));
    await insert("workers", worker({ worker_id: "w" }));
    // They fill in what the constraints of jobs ask for.
    await client.query("alter table jobs disable trigger user");
  });
  const evaluation = (row: Row = {}) => ({
    id: id(),
    benchmark_id: parent,
    content_hash: hash(16),
    provider: "p",
    model: "m",
    input: "i",
    output: "o",
    ...row,
  });
  const running = { status: "running", started_at: now, assigned_worker_id: id() };

  const cases: [table: string, make: (row: Row) => Row, row: Row, refusedBy: string | undefined][] = [
    ["benchmarks", benchmark, {}, undefined],
    ["benchmarks", benchmark, { status: "done" }, "benchmarks_status_known"],
    ["benchmarks", benchmark, { status: "running" }, "benchmarks_running_has_start"],
    ["benchmarks", benchmark, { status: "running", started_at: now }, undefined],
    ["benchmarks", benchmark, { status: "completed", started_at: now }, "benchmarks_ended_has_completion"],
    ["benchmarks", benchmark, { status: "failed" }, "benchmarks_ended_has_completion"],
    ["benchmarks", benchmark, { status: "cancelled" }, "benchmarks_ended_has_completion"],
    ["benchmarks", benchmark, { status: "cancelled", completed_at: now }, undefined],
    ["benchmarks", benchmark, { total_iterations: -1 }, "benchmarks_total_not_negative"],
    ["benchmarks", benchmark, { labels: "[]" }, "benchmarks_labels_object"],
    ["benchmarks", benchmark, { metrics: "1" }, "benchmarks_metrics_object"],

    ["evaluations", evaluation, {}, undefined],
    ["evaluations", evaluation, { output: null }, "evaluations_output_or_error"],
    ["evaluations", evaluation, { output: null, error: "timeout" }, undefined],
    ["evaluations", evaluation, { score: -1.5 }, undefined],
    ["evaluations", evaluation, { score: "NaN" }, "evaluations_score_finite"],
    ["evaluations", evaluation, { score: "Infinity" }, "evaluations_score_finite"],
    ["evaluations", evaluation, { score: "-Infinity" }, "evaluations_score_finite"],
    ["evaluations", evaluation, { latency_ms: 0, cost_usd: 0, input_tokens: 0, output_tokens: 0 }, undefined],
    ["evaluations", evaluation, { latency_ms: -1 }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { latency_ms: "NaN" }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { cost_usd: "Infinity" }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { cost_usd: -0.1 }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { input_tokens: -1 }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { output_tokens: -1 }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { repetition: -1 }, "evaluations_numbers_not_negative"],
    ["evaluations", evaluation, { content_hash: hash(15) }, "evaluations_content_hash_length"],
    ["evaluations", evaluation, { metrics: "[]" }, "evaluations_metrics_object"],
    ["evaluations", evaluation, { benchmark_id: null }, "benchmark_id"],
    ["evaluations", evaluation, { benchmark_id: id() }, "evaluations_benchmark_id_fkey"],

    ["jobs", job, {}, undefined],
    ["jobs", job, { status: "ready" }, "jobs_status_known"],
    ["jobs", job, { assigned_worker_id: id() }, "jobs_pending_has_no_worker"],
    ["jobs", job, { completed_at: now }, "jobs_ended_has_completion"],
    ["jobs", job, running, undefined],
    ["jobs", job, { ...running, started_at: null }, "jobs_running_has_start_and_worker"],
    ["jobs", job, { ...running, assigned_worker_id: null }, "jobs_running_has_start_and_worker"],
    ["jobs", job, { ...running, completed_at: now }, "jobs_ended_has_completion"],
    ["jobs", job, { status: "completed" }, "jobs_ended_has_completion"],
    ["jobs", job, { status: "failed" }, "jobs_ended_has_completion"],
    ["jobs", job, { status: "cancelled" }, "jobs_ended_has_completion"],
    ["jobs", job, { status: "cancelled", completed_at: now }, undefined],
    ["jobs", job, { retry_count: -1 }, "jobs_counts_not_negative"],
    ["jobs", job, { max_retries: -1 }, "jobs_counts_not_negative"],
    ["jobs", job, { timeout_seconds: -1 }, "jobs_counts_not_negative"],
    ["jobs", job, { progress: 1.01 }, "jobs_progress_is_share"],
    ["jobs", job, { progress: "NaN" }, "jobs_progress_is_share"],
    [
      "job_finished",
      (row) => ({ job_id: id(), finished_at: now, job_type: "t", ...row }),
      { status: "running" },
      "job_finished_status_known",
    ],
    [
      "job_leases",
      (row) => ({ job_id: id(), claimed_at: now, expires_at: now, worker_id: "w", ...row }),
      { epoch: 0 },
      "job_leases_epoch_positive",
    ],
    ["job_limits", (row) => ({ limit_key: "k", ...row }), { per_minute: -1 }, "job_limits_not_negative"],
    ["job_limits", (row) => ({ limit_key: "k", ...row }), { max_running: 0 }, undefined],
    ["job_pauses", (row) => ({ limit_key: "", ...row }), {}, "job_pauses_names_something"],

    ["workers", worker, {}, undefined],
    ["workers", worker, { status: "failed" }, "workers_status_known"],
    ["workers", worker, { status: "draining" }, "workers_draining_agrees"],
    ["workers", worker, { status: "idle", draining: true }, "workers_draining_agrees"],
    ["workers", worker, { status: "draining", draining: true }, undefined],
    ["workers", worker, { status: "offline", draining: true }, undefined],
    ["workers", worker, { status: "offline" }, undefined],
    ["workers", worker, { capacity: -1 }, "workers_counts_not_negative"],
    ["workers", worker, { cpu_usage: 1.5 }, "workers_usage_is_share"],
    ["workers", worker, { worker_id: "w" }, "workers_worker_id_key"],
    [
      "worker_slots",
      (row) => ({ worker_id: "w", id: id(), capacity: 1, ...row }),
      { used: -1 },
      "worker_slots_not_negative",
    ],
    ["worker_slots", (row) => ({ worker_id: "w", id: id(), capacity: 1, ...row }), { used: 2 }, undefined],

    ["users", user, {}, undefined],
    ["users", user, { role: "service" }, "users_role_known"],
    ["users", user, { deleted_at: now }, "users_deleted_not_active"],
    ["users", user, { deleted_at: now, active: false }, undefined],
    [
      "api_keys",
      (row) => ({ id: id(), user_id: owner, key_id: "k", name: "n", ...row }),
      { key_hash: hash(31) },
      "api_keys_key_hash_length",
    ],
    [
      "sessions",
      (row) => ({ id: id(), user_id: owner, token_hash: hash(32), ...row }),
      { expires_at: new Date(0) },
      "sessions_expiry_after_creation",
    ],
    [
      "requests",
      (row) => ({ method: "m", body_hash: hash(32), ...row }),
      { request_id: "" },
      "requests_request_id_not_empty",
    ],
    ["audit_seals", seal, {}, undefined],
    ["audit_seals", seal, { sequence: 0 }, "audit_seals_sequence_positive"],
    ["audit_seals", seal, { kind: "checkpoint" }, "audit_seals_kind_complete"],
    ["audit_seals", seal, { kind: "checkpoint", entries: 0, cutoff: now }, "audit_seals_kind_complete"],
    ["audit_seals", seal, { entries: 2 }, "audit_seals_kind_complete"],
    ["audit_seals", seal, { mac: hash(31) }, "audit_seals_lengths"],
    [
      "audit_unsealed",
      (row) => ({ entry_kind: "job_attempt", entry_ids: [id()], ...row }),
      {},
      "audit_unsealed_epochs_match",
    ],
    [
      "audit_unsealed",
      (row) => ({ entry_kind: "job_attempt", entry_ids: [id()], ...row }),
      { epochs: [1] },
      undefined,
    ],
  ];
  test.each(cases)("%s %o %o → %s", async (table, make, row, constraint) => {
    expect(await refusedBy(table, make(row))).toBe(constraint);
  });

  test("a sample is one row, and rows without a sample are each new", async () => {
    const sample = { sample_id: "s" };
    const again = [evaluation(sample), evaluation(sample)] as const;
    expect(await refusedBy("evaluations", ...again)).toBe("evaluations_sample_key");
    expect(
      await refusedBy("evaluations", evaluation(sample), evaluation({ ...sample, repetition: 1 })),
    ).toBeUndefined();
    expect(await refusedBy("evaluations", evaluation(), evaluation())).toBeUndefined();
  });

  test("emails and usernames are unique without regard to case", async () => {
    const twice = (first: Row, second: Row) => refusedBy("users", user(first), user(second));
    expect(await twice({ email: "A@x" }, { email: "a@X" })).toBe("users_email_lower");
    expect(await twice({ username: "Bob" }, { username: "bOB" })).toBe("users_username_lower");
  });

  test("a job stands in line once", async () => {
    const ready = { lane_id: lane, priority: 0, sequence: 7, bytes: 1 };
    expect(await refusedBy("job_ready", { ...ready, job_id: id() }, { ...ready, job_id: id() })).toBe(
      "idx_jobs_status_priority",
    );
  });

  test("a key is active until it is revoked", async () => {
    const key = { user_id: owner, name: "n" };
    await insert("api_keys", { ...key, id: id(), key_id: "living", key_hash: hash(32) });
    await insert("api_keys", { ...key, id: id(), key_id: "revoked", key_hash: hash(32), revoked_at: now });
    const { rows } = await client.query("select key_id, active from api_keys order by key_id");
    expect(rows).toEqual([
      { key_id: "living", active: true },
      { key_id: "revoked", active: false },
    ]);
  });
});

test("deleting a benchmark takes its evaluations and counts along", async () => {
  const parent = id();
  await insert("benchmarks", benchmark({ id: parent }));
  await insert("evaluations", {
    id: id(),
    benchmark_id: parent,
    content_hash: hash(16),
    provider: "p",
    model: "m",
    input: "i",
    error: "e",
  });
  await insert("benchmark_count_deltas", { benchmark_id: parent, completed: 0, failed: 1 });
  await client.query("delete from benchmarks where id = $1", [parent]);
  const { rows } = await client.query(
    `select (select count(*) from evaluations where benchmark_id = $1)::int as evaluations,
      (select count(*) from benchmark_count_deltas where benchmark_id = $1)::int as deltas`,
    [parent],
  );
  expect(rows).toEqual([{ evaluations: 0, deltas: 0 }]);
});

describe("the audit trail", () => {
  beforeAll(async () => {
    await insert("audit_logs", { id: id(), action: "create", entity_type: "worker", entity_id: "worker-1" });
    await insert("job_attempts", {
      job_id: id(),
      epoch: 1,
      worker_id: "w",
      started_at: now,
      ended_at: now,
      outcome: "completed",
    });
    await insert("audit_seals", seal());
  });

  const statements = ["audit_logs", "audit_seals", "job_attempts"].flatMap((table) => [
    `delete from ${table}`,
    `delete from ${table} where false`,
    `truncate ${table}`,
    `truncate ${table} cascade`,
  ]);
  test.each([
    ...statements,
    "update audit_logs set action = 'x'",
    "update audit_seals set content = ''",
    "update job_attempts set outcome = 'failed'",
    `insert into audit_logs (id, action, entity_type) select id, 'x', 'y' from audit_logs on conflict (id) do update set action = 'x'`,
  ])("refuses a superuser's %s", async (statement) => {
    await expect(client.query(statement)).rejects.toThrow(
      expect.objectContaining({ code: "42501", message: expect.stringContaining("is append-only") }),
    );
    const { rows } = await client.query(
      `select (select count(*) from audit_logs where action = 'create')::int as entries,
        (select count(*) from audit_seals where content <> '')::int as seals,
        (select count(*) from job_attempts where outcome = 'completed')::int as attempts`,
    );
    expect(rows).toEqual([{ entries: 1, seals: 1, attempts: 1 }]);
  });
});

describe("the catalog", () => {
  test("every reference has an index on its own side", async () => {
    const { rows } = await client.query(`
      select conrelid::regclass::text as table, conname as name,
        exists (
          select from pg_index where indrelid = conrelid and indisvalid
            and (string_to_array(indkey::text, ' ')::smallint[])[1:cardinality(conkey)] = conkey
        ) as indexed
      from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace`);
    expect(rows.length).toBeGreaterThan(4);
    expect(rows.filter(({ indexed }) => !indexed)).toEqual([]);
  });

  test("no index of jobs holds a column that changes, so that updates stay heap-only", async () => {
    const { rows } = await client.query<{ name: string }>(`
      select distinct attname as name from pg_index join pg_attribute on attrelid = indrelid and attnum = any (indkey)
      where indrelid = 'jobs'::regclass order by 1`);
    expect(rows.map(({ name }) => name)).toEqual(["benchmark_id", "created_at", "id"]);
  });

  test("triggers on rows ask first whether another program wrote the row", async () => {
    const { rows } = await client.query<{ name: string }>(
      "select tgname as name from pg_trigger where not tgisinternal and tgtype & 1 = 1 and tgqual is null",
    );
    expect(rows).toEqual([]);
  });

  test("no extension is needed", async () => {
    const { rows } = await client.query("select extname from pg_extension");
    expect(rows).toEqual([{ extname: "plpgsql" }]);
  });

  /**
   * The specification's columns with its types; `!` not null, then the default. Deviations stand in the
   * migrations.
   */
  const specified: Record<string, string> = {
    benchmarks: `id uuid!, name varchar(255)!, description text, provider varchar(100)!, model varchar(255)!,
      dataset varchar(255)!, status varchar(50)! 'pending', total_iterations integer! 0, completed_iterations integer! 0,
      failed_iterations integer! 0, results jsonb, metrics jsonb, error text, started_at timestamptz,
      completed_at timestamptz, created_at timestamptz! now(), updated_at timestamptz! now(), created_by uuid`,
    evaluations: `id uuid!, benchmark_id uuid!, provider varchar(100)!, model varchar(255)!, input text!, output text,
      expected text, metrics jsonb! '{}', score double precision, metadata jsonb, created_at timestamptz! now(),
      created_by uuid`,
    jobs: `id uuid!, job_type varchar(100)!, payload jsonb!, priority integer! 0, status varchar(50)! 'pending', result jsonb,
      error text, retry_count integer! 0, max_retries integer! 3, timeout_seconds integer! 300, assigned_worker_id uuid,
      started_at timestamptz, completed_at timestamptz, created_at timestamptz! now(), updated_at timestamptz! now()`,
    workers: `id uuid!, worker_id varchar(255)!, address varchar(255)!, status varchar(50)! 'idle', capacity integer! 1,
      current_tasks integer! 0, completed_tasks bigint! 0, failed_tasks bigint! 0, tags text[]! '{}', metadata jsonb,
      last_heartbeat timestamptz! now(), registered_at timestamptz! now(), updated_at timestamptz! now()`,
    users: `id uuid!, email varchar(255)!, username varchar(100)!, password_hash varchar(255)!, role varchar(50)! 'user',
      active boolean! true, email_verified boolean! false, metadata jsonb, last_login timestamptz,
      created_at timestamptz! now(), updated_at timestamptz! now()`,
    api_keys: `id uuid!, user_id uuid!, key_hash bytea!, name varchar(255)!, active boolean! (revoked_at IS NULL),
      expires_at timestamptz, last_used timestamptz, created_at timestamptz! now()`,
    audit_logs: `id uuid!, user_id uuid, action varchar(100)!, entity_type varchar(100)!, entity_id varchar(255),
      changes jsonb, ip_address varchar(45), user_agent text, created_at timestamptz! now()`,
  };
  test.each(Object.entries(specified))("%s has the columns of the specification", async (table, columns) => {
    const { rows } = await client.query<{ definition: string }>(
      `select attname || ' ' || format_type(atttypid, atttypmod) || case when attnotnull then '!' else '' end
        || coalesce(' ' || pg_get_expr(adbin, adrelid), '') as definition
      from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
      where attrelid = $1::regclass and attnum > 0`,
      [table],
    );
    const actual = rows.map(({ definition }) =>
      definition
        .replace("character varying", "varchar")
        .replace("timestamp with time zone", "timestamptz")
        .replace(/('[^']*')::.*/, "$1"),
    );
    expect(actual).toEqual(expect.arrayContaining(columns.split(/,\s+/)));
  });

  test("the indexes that the specification names exist", async () => {
    const { rows } = await client.query<{ name: string }>(
      `select indexname as name from pg_indexes where schemaname = 'public' and indexname = any ($1) order by 1`,
      [
        [
          "idx_benchmarks_created_at",
          "idx_benchmarks_provider",
          "idx_benchmarks_status",
          "idx_jobs_created_at",
          "idx_jobs_status_priority",
          "idx_workers_last_heartbeat",
        ],
      ],
    );
    expect(rows).toHaveLength(6);
  });
});
