import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { sql } from "../../src/database/statement/sql.ts";
import type { RunningService } from "../../src/serve.ts";
import { running } from "../database/support.ts";
import { onlooker } from "../harness/postgres.ts";
import { eventually, within } from "../harness/waiting.ts";
import { bench, type Caller, clients, listeners, outcome } from "./support.ts";

// What is done by one server, or in the database, takes effect on another.

let here: RunningService;
let there: RunningService;
let own: Awaited<ReturnType<typeof bench>>;
let admin: ReturnType<typeof clients>;
beforeAll(async () => {
  own = await bench();
  here = await own.serve();
  there = await own.serve();
  admin = clients(listeners.gRPC(here, (await own.caller("admin")).key));
});

const created = { name: "b", provider: "p", model: "m", dataset: "d" };
const run = (statement: ReturnType<typeof sql.fragment>) =>
  own.db.executor.any(sql.type(z.unknown())`${statement}`);

/** The last call may be cut off in its midst. */
const out = /^CREDENTIAL_(INVALID|REVOKED)$/;

/** As documentation has it: a server looks twice a second whether the credentials it knows are still good. */
const withinASecond = <T>(work: Promise<T>) => within(1_000, work, () => own.db.healthCheck());

/** What a credential is refused with on the other server, which has to happen within a second. */
const refused = (call: () => Promise<unknown>): Promise<string> =>
  withinASecond(
    eventually(async () => {
      const reason = await outcome(call());
      return reason !== "OK" && reason;
    }),
  );

const ends: Record<string, (caller: Caller) => Promise<unknown>> = {
  "a revoked key": ({ keyId }) => admin.users.revokeApiKey({ id: keyId }),
  "a rotated key": ({ keyId }) => admin.users.rotateApiKey({ id: keyId }),
  "an expired key": ({ keyId }) =>
    run(sql.fragment`update api_keys set expires_at = clock_timestamp() where id = ${keyId}`),
  "a disabled user": ({ userId }) => admin.users.updateUser({ id: userId, active: false }),
  "a deleted user": ({ userId }) => admin.users.deleteUser({ id: userId }),
};

describe.concurrent.each(["gRPC", "HTTP"] as const)("over %s", (listener) => {
  test.each(Object.keys(ends))("%s is out on the other server within a second", async (what) => {
    const caller = await own.caller("user");
    const client = clients(listeners[listener](there, caller.key));
    expect(await outcome(client.jobs.listJobs({}))).toBe("OK");
    await ends[what]?.(caller);
    expect(await refused(() => client.jobs.listJobs({}))).toMatch(out);
  });
});

test("a role that is changed, and a user that is renamed, are so on the other server within a second", async () => {
  const caller = await own.caller("admin");
  const client = clients(listeners.gRPC(there, caller.key));
  expect(await outcome(client.users.listUsers({}))).toBe("OK");
  await run(sql.fragment`update users set role = 'viewer' where id = ${caller.userId}`);
  expect(await refused(() => client.users.listUsers({}))).toBe("ROLE_REQUIRED");
  await run(sql.fragment`update users set role = 'admin' where id = ${caller.userId}`);
  await eventually(async () => (await outcome(client.users.listUsers({}))) === "OK");
});

test("a session that logs out is out on the other server", async () => {
  const { userId } = await own.caller("user");
  const { email } = await own.db.users.get(userId);
  await own.db.users.changePassword(userId, { newPassword: "a long enough passphrase" });
  const anybody = clients(listeners.gRPC(here));
  const { sessionToken } = await anybody.users.login({ email, password: "a long enough passphrase" });
  const [a, b] = [here, there].map((service) => clients(listeners.HTTP(service, sessionToken)));
  expect((await b?.users.whoAmI({}))?.user?.id).toBe(userId);
  await a?.users.logout({});
  expect(await refused(async () => b?.jobs.listJobs({}))).toMatch(out);
});

describe.concurrent("calls that are running on the other server", () => {
  /**
   * Begins a long call, and tells how it was ended, which has to happen within a second after its credential.
   */
  async function cutOff(
    role: "worker" | "user",
    begin: (client: ReturnType<typeof clients>, caller: Caller) => Promise<{ call: Promise<unknown> }>,
    end: (caller: Caller) => Promise<unknown>,
  ): Promise<string> {
    const caller = await own.caller(role);
    const begun = await begin(clients(listeners.gRPC(there, caller.key)), caller);
    const call = outcome(begun.call);
    let hasEnded = false;
    void call.then(() => {
      hasEnded = true;
    });
    // Longer than a check takes: that alone does not end it.
    await sleep(1_200);
    expect(hasEnded).toBe(false);
    await end(caller);
    return withinASecond(call);
  }

  const parked = async (client: ReturnType<typeof clients>, { username }: Caller) => {
    await client.workers.registerWorker({ workerId: username, jobTypes: ["never"] });
    return { call: client.jobs.claimJobs({ workerId: username, wait: { seconds: 30n, nanos: 0 } }) };
  };
  const watching = async (client: ReturnType<typeof clients>) => {
    const messages = client.jobs.watchJobs({ jobType: "never" })[Symbol.asyncIterator]();
    await messages.next();
    return { call: messages.next() };
  };
  const watchingBenchmarks = async (client: ReturnType<typeof clients>) => {
    const messages = client.benchmarks.watchBenchmarks({ dataset: "never" })[Symbol.asyncIterator]();
    await messages.next();
    // Benchmarks of other tests may be deleted, which every watch is told of.
    return {
      call: (async () => {
        while (!(await messages.next()).done);
      })(),
    };
  };
  const streaming = async (client: ReturnType<typeof clients>) => {
    const { benchmark } = await client.benchmarks.createBenchmark(created);
    const benchmarkId = benchmark?.id ?? "";
    async function* slowly() {
      for (let n = 0; n < 200; n++) {
        yield { benchmarkId, evaluations: [{ sampleId: `${n}`, input: "i", output: "o" }] };
        await sleep(50);
      }
    }
    return { call: client.benchmarks.streamEvaluations(slowly()) };
  };
  const revoke = ({ keyId }: Caller) => admin.users.revokeApiKey({ id: keyId });

  test.each([
    ["a parked ClaimJobs", "worker", parked],
    ["WatchJobs", "user", watching],
    ["WatchBenchmarks", "user", watchingBenchmarks],
    ["StreamEvaluations", "user", streaming],
  ] as const)("%s is cut off within a second when its key is revoked", async (_, role, begin) => {
    expect(await cutOff(role, begin, revoke)).toBe("CREDENTIAL_REVOKED");
  });

  test("a disabled user's is cut off too", async () => {
    const disable = ({ userId }: Caller) => admin.users.updateUser({ id: userId, active: false });
    expect(await cutOff("worker", parked, disable)).toBe("CREDENTIAL_REVOKED");
  });

  test("one that the new role may not make is cut off, one that it may make goes on", async () => {
    const becomes = (role: string) => (caller: Caller) =>
      run(sql.fragment`update users set role = ${role} where id = ${caller.userId}`);
    expect(await cutOff("worker", parked, becomes("viewer"))).toBe("ROLE_REQUIRED");
    const watch = cutOff("user", watching, async (caller) => {
      await becomes("viewer")(caller);
      await sleep(1_500);
      await revoke(caller);
    });
    expect(await watch).toBe("CREDENTIAL_REVOKED");
  });

  test("nothing that comes of a stream after it was cut off is written", async () => {
    let benchmarkId = "";
    await cutOff(
      "user",
      async (client) => {
        ({
          benchmark: { id: benchmarkId } = { id: "" },
        } = await client.benchmarks.createBenchmark(created));
        async function* forever() {
          for (let n = 0; n < 10_000; n++) {
            yield { benchmarkId, evaluations: [{ sampleId: `${n}`, input: "i", output: "o" }] };
            await sleep(1);
          }
        }
        return { call: client.benchmarks.streamEvaluations(forever()) };
      },
      revoke,
    );
    const stored = async () => (await own.db.benchmarks.get(benchmarkId)).completedIterations;
    // What it has begun to write before may still be committed.
    const client = await onlooker(own.connection);
    await eventually(async () => (await running(client, "%insert into evaluations%")).length === 0);
    await client.end();
    const before = await stored();
    await sleep(1_500);
    expect(await stored()).toBe(before);
  });
});

test("use is noted about when it happens, and not more than once a minute", async () => {
  const { key, keyId } = await own.caller("user");
  const client = clients(listeners.gRPC(here, key));
  const lastUsed = async () => (await own.db.users.getApiKey(keyId)).lastUsed;
  expect(await lastUsed()).toBeNull();
  await client.users.whoAmI({});
  await eventually(async () => (await lastUsed()) !== null);
  const noted = await lastUsed();
  await client.users.whoAmI({});
  await sleep(1_200);
  expect(await lastUsed()).toBe(noted);
});

test("revocation does not wait its turn behind calls that keep every connection busy", async () => {
  const caller = await own.caller("worker");
  const client = clients(listeners.gRPC(there, caller.key));
  await client.workers.registerWorker({ workerId: "busy", jobTypes: ["never"] });
  const claim = outcome(client.jobs.claimJobs({ workerId: "busy", wait: { seconds: 20n, nanos: 0 } }));
  await own.db.benchmarks.create({ ...created, name: "locked" });
  const locked = await onlooker(own.connection);
  await locked.query("begin; lock table benchmarks");
  const stuck = Array.from({ length: 60 }, () =>
    outcome(client.benchmarks.listBenchmarks({}, { timeoutMs: 8_000 })),
  );
  await sleep(500);
  await admin.users.revokeApiKey({ id: caller.keyId });
  expect(await withinASecond(claim)).toBe("CREDENTIAL_REVOKED");
  expect(new Set(await Promise.all(stuck))).toEqual(new Set(["CREDENTIAL_REVOKED"]));
  await locked.query("rollback");
  await locked.end();
});
