import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { createClient as createLtbClient } from "../../src/client/index.ts";
import { loadConfig } from "../../src/config.ts";
import { createLogger } from "../../src/log.ts";
import { type RunningService, serve } from "../../src/serve.ts";
import { Database } from "../../src/storage.ts";
import { commands, ltb } from "../cli/support.ts";
import { proxyTo } from "../database/proxy.ts";
import { sample } from "../harness/examples.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { type OwnPostgres, startOwnPostgres } from "./postgres.ts";
import { type Standby, startStandby } from "./standby.ts";

const maxLagMs = 2_000;

let postgres: OwnPostgres;
let standby: Standby;
let service: RunningService;
let said: string[] = [];
beforeAll(async () => {
  postgres = await startOwnPostgres();
  standby = await startStandby(postgres);
  const output = { write: (line: string) => said.push(line) };
  service = await serve(configured({ DATABASE_REPLICA_URL: standby.url, LTB_REPLICA_MAX_LAG: "2s" }), {
    log: createLogger("info", output),
  });
});
afterAll(async () => {
  await service.stop();
  await standby.end();
  await postgres.end();
});
afterEach(() => {
  said = [];
});

function configured(settings: Record<string, string>) {
  const env = {
    DATABASE_URL: postgres.url,
    LTB_GRPC_ADDRESS: "127.0.0.1:0",
    LTB_HTTP_ADDRESS: "127.0.0.1:0",
    LTB_AUTH: "off",
    LTB_DRAIN_TIMEOUT: "1s",
    ...settings,
  };
  return loadConfig({ env, cwd: import.meta.dirname });
}

const listeners: Record<string, (service: RunningService, interceptors: Interceptor[]) => Transport> = {
  gRPC: ({ grpcAddress }, interceptors) =>
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcAddress.port}`, interceptors }),
  HTTP: ({ httpAddress }, interceptors) =>
    createConnectTransport({
      baseUrl: `http://127.0.0.1:${httpAddress.port}`,
      httpVersion: "1.1",
      interceptors,
    }),
};

/** Clients that ask for the replica, and who answered their last call. */
function reader(listener: string, of = service, value = "replica") {
  const asking: Interceptor = (next) => (request) => {
    request.header.set("ltb-read", value);
    return next(request);
  };
  const transport = listeners[listener]?.(of, [asking]);
  if (!transport) throw new Error(`no listener ${listener}`);
  let from: string | null = null;
  const note = {
    onTrailer: (trailer: Headers) => {
      from = trailer.get("ltb-read");
    },
  };
  return {
    benchmarks: createClient(BenchmarkService, transport),
    jobs: createClient(JobService, transport),
    note,
    from: () => from,
  };
}

const writer = () => createClient(BenchmarkService, listeners.gRPC?.(service, []) as Transport);

const lines = (text: string) => said.filter((line) => line.includes(text)).length;

/** Waits until the replica answers again. */
async function inUse(): Promise<void> {
  const { benchmarks, note, from } = reader("gRPC");
  await expect
    .poll(async () => {
      await benchmarks.listBenchmarks({}, note);
      return from();
    })
    .toBe("replica");
}

test("a backup of the replica asks nothing of the primary", async () => {
  const { benchmark } = await writer().createBenchmark(sample);
  await inUse();
  const { benchmarks, note, from } = reader("gRPC");
  await expect
    .poll(async () => (await benchmarks.getBenchmark({ id: benchmark?.id ?? "" }, note)) && from())
    .toBe("replica");
  const folder = temporaryFolder();
  const away = "postgres://nobody@127.0.0.1:1/none";
  const settings = { DATABASE_URL: away, DATABASE_REPLICA_URL: standby.url };
  const file = join(folder, "replica.tar");
  const { code, stdout, stderr } = await ltb(["backup", file, "--replica", "--json"], settings);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(JSON.parse(stdout).tables.benchmarks.rows).toBeGreaterThan(0);
  expect(await ltb(["backup", "verify", file])).toMatchObject({ code: 0 });
  const without = await ltb(["backup", join(folder, "other.tar"), "--replica"], { DATABASE_URL: away });
  expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining("DATABASE_REPLICA_URL") });
});

describe.each(Object.keys(listeners))("over %s", (listener) => {
  test("what is asked of the replica is answered by it and says so", async () => {
    await inUse();
    const { benchmarks, jobs, note, from } = reader(listener);
    const { benchmark } = await writer().createBenchmark(sample);
    const id = benchmark?.id ?? "";
    await writer().createEvaluation({ benchmarkId: id, output: "o", score: 0.5 });
    await expect
      .poll(async () => {
        const { evaluationCount } = await benchmarks.getBenchmarkSummary({ benchmarkId: id }, note);
        return [evaluationCount, from()];
      })
      .toEqual([1, "replica"]);
    let exported = 0;
    for await (const { evaluations } of benchmarks.exportEvaluations({ benchmarkId: id }, note))
      exported += evaluations.length;
    expect([exported, from()]).toEqual([1, "replica"]);
    await jobs.listJobs({}, note);
    expect(from()).toBe("replica");
  });

  test("methods that write or watch take no notice of it", async () => {
    const { benchmarks, note, from } = reader(listener);
    const { benchmark } = await benchmarks.createBenchmark(sample, note);
    expect(from()).toBeNull();
    expect(await writer().getBenchmark({ id: benchmark?.id ?? "" })).toMatchObject({ benchmark: sample });
  });

  test("a word that is neither replica nor primary is refused where it would matter", async () => {
    const { benchmarks, note } = reader(listener, service, "standby");
    await expect(benchmarks.listBenchmarks({}, note)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("ltb-read"),
    });
    const primary = reader(listener, service, "primary");
    await primary.benchmarks.listBenchmarks({}, primary.note);
    expect(primary.from()).toBeNull();
  });
});

test("a read is never older than the limit, beyond which the primary answers", async () => {
  await inUse();
  const { benchmarks, note, from } = reader("gRPC");
  await standby.pauseReplay();
  const { benchmark } = await writer().createBenchmark(sample);
  const writtenAt = performance.now();
  const id = benchmark?.id ?? "";
  expect(await writer().getBenchmark({ id })).toMatchObject({ benchmark: { id } });

  let missed = 0;
  let oldest = 0;
  for (let isFound = false; !isFound; ) {
    const startedAt = performance.now();
    try {
      await benchmarks.getBenchmark({ id }, note);
      isFound = true;
    } catch (error) {
      expect(ConnectError.from(error).code).toBe(Code.NotFound);
      missed++;
      oldest = startedAt - writtenAt;
    }
  }
  expect(from()).toBe("primary");
  // The replica was asked indeed, and not for longer than it may be.
  expect(missed).toBeGreaterThan(0);
  expect(oldest).toBeLessThanOrEqual(maxLagMs);
  await expect.poll(() => lines("the replica is not used")).toBe(1);
  await standby.resumeReplay();
  await inUse();
  await expect.poll(() => lines("the replica is used again")).toBe(1);
});

test("nothing being written is no reason to distrust it", async () => {
  await inUse();
  const { benchmarks, note, from } = reader("gRPC");
  const startedAt = performance.now();
  while (performance.now() - startedAt < maxLagMs + 1_000) {
    await benchmarks.listBenchmarks({ pageSize: 1 }, note);
    expect(from()).toBe("replica");
    await setTimeout(50);
  }
});

test("a replica that is down costs nobody an answer, and is told of once", async () => {
  await inUse();
  const { benchmarks, note, from } = reader("gRPC");
  await standby.crash();
  const startedAt = performance.now();
  while (performance.now() - startedAt < maxLagMs + 1_500) {
    await benchmarks.listBenchmarks({ pageSize: 1 }, note);
    expect(from()).toBe("primary");
    await setTimeout(50);
  }
  expect(lines("the replica is not used")).toBe(1);
  await standby.start();
  await inUse();
});

test("a service without a replica, or whose replica is not one, answers by the primary", async () => {
  for (const settings of [{}, { DATABASE_REPLICA_URL: postgres.url }]) {
    const own: string[] = [];
    const alone = await serve(configured(settings), {
      log: createLogger("info", { write: (line: string) => own.push(line) }),
    });
    try {
      const { benchmarks, note, from } = reader("gRPC", alone);
      await benchmarks.listBenchmarks({}, note);
      expect(from()).toBe("primary");
      if ("DATABASE_REPLICA_URL" in settings)
        await expect.poll(() => own.join("")).toContain("it is no streaming replica");
    } finally {
      await alone.stop();
    }
  }
});

test("a server starts without its replica", async () => {
  await standby.crash();
  const early = await serve(configured({ DATABASE_REPLICA_URL: standby.url }), {
    log: createLogger("silent"),
  });
  try {
    const { benchmarks, note, from } = reader("gRPC", early);
    await benchmarks.listBenchmarks({}, note);
    expect(from()).toBe("primary");
    await standby.start();
    await expect
      .poll(async () => {
        await benchmarks.listBenchmarks({}, note);
        return from();
      })
      .toBe("replica");
  } finally {
    await early.stop();
  }
});

test("the library reads from it within readFromReplica only", async () => {
  const db = await Database.connect(postgres.config, { replica: { database: standby.config, maxLagMs } });
  try {
    await expect.poll(() => db.replicaLagMs).toBeLessThan(maxLagMs);
    await standby.pauseReplay();
    const { id } = await db.benchmarks.create(sample);
    expect(await db.benchmarks.get(id)).toMatchObject({ id });
    await expect(db.readFromReplica(({ benchmarks }) => benchmarks.get(id))).rejects.toMatchObject({
      code: Code.NotFound,
    });
    await standby.resumeReplay();
    const read = () => db.readFromReplica(({ benchmarks }) => benchmarks.get(id));
    await expect.poll(read).toMatchObject({ id });
  } finally {
    await db.close();
  }
});

test("--replica of the command line, and readFrom of the client, ask for it", async () => {
  await inUse();
  const address = `127.0.0.1:${service.grpcAddress.port}`;
  const cli = commands(address);
  const client = createLtbClient({ address, readFrom: "replica" });
  try {
    await standby.pauseReplay();
    const { benchmark } = await writer().createBenchmark(sample);
    const id = benchmark?.id ?? "";
    await expect(client.benchmarks.getBenchmark({ id })).rejects.toMatchObject({ code: Code.NotFound });
    expect(await cli.json("summary", id)).toMatchObject({ benchmark_id: id });
    await standby.resumeReplay();
    await expect.poll(() => client.benchmarks.getBenchmark({ id })).toMatchObject({ benchmark: { id } });
    expect(await cli.json("summary", id, "--replica")).toMatchObject({ benchmark_id: id });
    expect((await cli.run("export", id, "--replica")).stdout).toContain(id);
  } finally {
    client.close();
  }
});

test("one that falls silent is given up within seconds, not at each caller's deadline", async () => {
  const proxy = await proxyTo(standby.config);
  const db = await Database.connect(postgres.config, {
    replica: { database: { ...proxy.config, poolSize: 2 }, maxLagMs: 60_000 },
  });
  try {
    const count = async () => {
      await db.readFromReplica(({ benchmarks }) => benchmarks.count());
      return true;
    };
    await expect.poll(() => db.replicaLagMs).toBeLessThan(60_000);
    expect(await count()).toBe(true);
    proxy.network = "silent";
    // Some are on their way already; those that come later are answered.
    await expect.poll(() => Promise.race([count(), setTimeout(500, false)])).toBe(true);
    expect(db.replicaLagMs).toBeLessThan(60_000);
  } finally {
    await proxy.close();
    await db.close();
  }
});
