import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Code, createClient, type Client as ServiceClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { AuditService } from "../../../gen/ltb/v1/audit_service_pb.ts";
import { attemptId } from "../../../src/audit/attempt.ts";
import { createKeyFile } from "../../../src/audit/seal/key.ts";
import { addVerify } from "../../../src/cli/audit/verify.ts";
import { Command } from "../../../src/cli/shared/command.ts";
import { loadConfig } from "../../../src/config.ts";
import { createLogger } from "../../../src/log.ts";
import { type RunningService, serve } from "../../../src/serve.ts";
import { temporaryFolder } from "../../harness/folder.ts";
import { createTestDatabase, onlooker } from "../../harness/postgres.ts";
import { elapsed, eventually } from "../../harness/waiting.ts";
import { addAttempts, addLogs } from "./support.ts";

let service: RunningService;
let audit: ServiceClient<typeof AuditService>;
let address: string;
let own: string;

async function startService(
  keyFile: string | undefined,
  connection: Awaited<ReturnType<typeof createTestDatabase>>,
) {
  const env = {
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_AUTH: "off",
    LTB_DATA_DIR: own,
    ...(keyFile && { LTB_AUDIT_KEY_FILE: keyFile }),
  };
  const database = {
    kind: "external",
    connection,
    migration: undefined,
    replica: undefined,
    listen: false,
  } as const;
  return serve({ ...loadConfig({ env, cwd: own }), database }, { log: createLogger("silent") });
}

const auditOf = ({ grpcAddress }: RunningService) =>
  createClient(AuditService, createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcAddress.port}` }));

const queued = async () => (await client.query("select from audit_unsealed")).rowCount;

const connection = await createTestDatabase();
const client = await onlooker(connection);
beforeAll(async () => {
  own = temporaryFolder();
  const keyFile = join(own, "k");
  await createKeyFile(keyFile);
  service = await startService(keyFile, connection);
  audit = auditOf(service);
  address = `127.0.0.1:${service.grpcAddress.port}`;
});
afterAll(() => service.stop());

/** `ltb audit verify` in this process. */
async function ltb(...args: string[]) {
  const printed = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
      printed[stream] += String(chunk);
      return true;
    }),
  );
  try {
    const program = new Command("ltb").exitOverride();
    addVerify(program.command("audit"));
    await program.parseAsync(["audit", "verify", "--address", address, ...args], { from: "user" });
    return { code: Number(process.exitCode ?? 0), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}

let logs: string[];
let jobs: string[];
beforeAll(async () => {
  logs = await addLogs(client, 3);
  jobs = await addAttempts(client, 2);
  // The stated window, and time to spare.
  expect(await elapsed(() => eventually(async () => (await queued()) === 0))).toBeLessThan(4_000);
});

/** Undone when `work` is over. */
async function altered<T>(
  update: string,
  id: string | undefined,
  undo: string,
  work: () => Promise<T>,
): Promise<T> {
  const change = (text: string) =>
    client
      .query("set session_replication_role = replica")
      .then(() => client.query(text, [id]))
      .finally(() => client.query("reset session_replication_role"));
  await change(update);
  try {
    return await work();
  } finally {
    await change(undo);
  }
}

const anAttempt = () =>
  [
    "update job_attempts set worker_id = 'x' where job_id = $1",
    jobs[1],
    "update job_attempts set worker_id = 'worker-1' where job_id = $1",
  ] as const;

test("a server seals by itself, and verifies", async () => {
  const before = await audit.getAuditStatus({});
  expect(before).toMatchObject({ entriesUnsealed: 0n, sealLag: { seconds: 0n, nanos: 0 } });
  expect(before.lastVerification).toBeUndefined();
  const answer = await audit.verifyAuditLog({});
  expect(answer).toMatchObject({
    valid: true,
    entriesChecked: 5n,
    entriesRemoved: 0n,
    entriesUnsealed: 0n,
    heads: [{ seal: expect.stringMatching(/^[0-9a-f]{64}$/), sealedAt: expect.anything() }],
  });
  expect(answer.firstBroken).toBeUndefined();
  expect(before.head).toEqual(answer.heads[0]);
  expect((await audit.verifyAuditLog({ knownHeads: answer.heads })).valid).toBe(true);
  expect(await audit.cleanupAuditLogs({ olderThanDays: 1 })).toMatchObject({ deleted: 0n, more: false });
});

test("a break is a result that names the entry by its id in the lists", async () => {
  const answer = await altered(...anAttempt(), () => audit.verifyAuditLog({}));
  const { lastVerification } = await audit.getAuditStatus({});
  expect(lastVerification).toMatchObject({ valid: false, reason: answer.firstBroken?.reason });
  expect(answer).toMatchObject({
    valid: false,
    firstBroken: {
      sequence: expect.any(BigInt),
      entryId: attemptId(jobs[1] ?? "", 2),
      reason: `the attempt 2 at job ${jobs[1]} was altered after it was sealed`,
    },
    heads: [],
  });
  expect((await audit.getAuditLog({ id: answer.firstBroken?.entryId ?? "" })).auditLog?.entityId).toBe(
    jobs[1],
  );
  const log = await altered(
    "update audit_logs set actor = 'bob' where id = $1",
    logs[0],
    "update audit_logs set actor = 'alice' where id = $1",
    () => audit.verifyAuditLog({}),
  );
  expect(log.firstBroken?.entryId).toBe(logs[0]);
});

test.each([
  [{ knownHeads: [{ sequence: 0n, seal: "0".repeat(64) }] }, "known_heads[0].sequence"],
  [{ knownHeads: [{ sequence: 1n, seal: "0" }] }, "known_heads[0].seal"],
  [{ from: { seconds: -99_999_999_999n, nanos: 0 } }, "from"],
])("refuses %o", async (request, field) => {
  await expect(audit.verifyAuditLog(request)).rejects.toMatchObject({
    code: Code.InvalidArgument,
    rawMessage: expect.stringContaining(field),
  });
});

test("without a key: the service serves, seals nothing and verifies nothing", async () => {
  const keyless = await startService(undefined, await createTestDatabase());
  const call = auditOf(keyless);
  for (const ask of [() => call.verifyAuditLog({}), () => call.cleanupAuditLogs({ olderThanDays: 30 })])
    await expect(ask()).rejects.toMatchObject({ code: Code.FailedPrecondition });
  await keyless.stop();
});

test("a key file that is named has to be there", async () => {
  await expect(startService(join(own, "none"), await createTestDatabase())).rejects.toThrow(
    /LTB_AUDIT_KEY_FILE: expected the file .*none, found none: .*openssl rand -hex 32/,
  );
});

test("ltb audit verify keeps and gives back heads", async () => {
  const file = join(own, "kept.head");
  const first = await ltb("--head-file", file);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/^The audit trail holds\.\nentries checked \d+, .*\nhead \d+:[0-9a-f]{64}\n$/);
  const head = (await readFile(file, "utf8")).trim();
  expect(first.stdout).toContain(`head ${head}\n`);
  const again = await ltb("--head-file", file, "--head", head, "--json");
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout)).toEqual({
    valid: true,
    entries_checked: expect.any(Number),
    entries_removed: 0,
    entries_unsealed: expect.any(Number),
    first_broken: null,
    // The first verification is an entry, too, which may be sealed by now.
    head: expect.stringMatching(/^\d+:[0-9a-f]{64}$/),
  });
  const kept = await readFile(file, "utf8");

  const broken = await altered(...anAttempt(), () => ltb("--head-file", file));
  expect(broken.code).toBe(1);
  expect(broken.stdout).toMatch(/^THE AUDIT TRAIL DOES NOT HOLD: the attempt 2 at job .* was altered/);
  expect(await readFile(file, "utf8")).toBe(kept);
  const json = await altered(...anAttempt(), () => ltb("--json"));
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    valid: false,
    head: null,
    first_broken: { reason: expect.anything() },
  });

  await writeFile(file, `${1_000}:${"0".repeat(64)}\n`);
  const cut = await ltb("--head-file", file);
  expect(cut).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("seal 1000, which was there, is gone"),
  });
  expect(await readFile(file, "utf8")).toMatch(/^1000:/);
});

test("ltb audit verify ends with 2 when it could not find out", async () => {
  expect(await ltb("--head", "x")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("SEQUENCE:SEAL"),
  });
  const file = join(own, "nonsense");
  await writeFile(file, "nonsense");
  expect((await ltb("--head-file", file)).code).toBe(2);
  const unreachable = await ltb("--address", "127.0.0.1:1", "--json");
  expect(unreachable.code).toBe(2);
  expect(JSON.parse(unreachable.stderr)).toMatchObject({ error: { code: "UNAVAILABLE" } });
  await expect(stat(join(own, "kept.head.new"))).rejects.toThrow("ENOENT");
});

test("the last verification is told, with its range and its result, and nobody can make one up", async () => {
  const from = { seconds: 946_684_800n, nanos: 0 };
  await audit.verifyAuditLog({ from });
  const { lastVerification: last } = await audit.getAuditStatus({});
  expect(last).toMatchObject({ valid: true, from, reason: "" });
  expect(last?.to).toBeUndefined();
  const { auditLogs } = await audit.listAuditLogs({
    entityType: "audit_log",
    entityId: "chain",
    pageSize: 1,
  });
  expect(auditLogs).toMatchObject([{ action: "verify", createdAt: last?.verifiedAt, external: false }]);
  const made = { action: "verify", entityType: "audit_log", entityId: "chain" };
  await expect(audit.createAuditLog(made)).rejects.toMatchObject({ code: Code.InvalidArgument });
});

test("what waits for its seal is counted, and for how long", async () => {
  const keyless = await startService(undefined, await createTestDatabase());
  const call = auditOf(keyless);
  expect(await call.getAuditStatus({})).toMatchObject({ entriesUnsealed: 0n });
  for (let i = 0; i < 3; i++) await call.createAuditLog({ action: "a", entityType: "t" });
  const { head, entriesUnsealed, sealLag } = await call.getAuditStatus({});
  expect({ head, entriesUnsealed }).toEqual({ head: undefined, entriesUnsealed: 3n });
  expect(sealLag?.seconds || sealLag?.nanos).toBeTruthy();
  await keyless.stop();
});
