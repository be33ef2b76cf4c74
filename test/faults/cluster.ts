import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { newId } from "../../src/ids.ts";
import { Database } from "../../src/storage.ts";
import type { Random } from "../harness/random.ts";
import { miscounts } from "./counts.ts";
import { RunningIngest } from "./ingest.ts";
import { RunningLoad } from "./load.ts";
import { type OwnPostgres, startOwnPostgres } from "./postgres.ts";
import { clients, freeAddress, launchServer } from "./server.ts";
import { Supervised } from "./supervised.ts";

export type Victim = "worker" | "server" | "connections" | "PostgreSQL" | "backend" | "postmaster";

/** Two servers on one PostgreSQL with workers, all at work, and what it takes to kill any of them. */
export class Cluster {
  readonly #postgres: OwnPostgres;
  readonly #addresses: readonly string[];
  readonly #servers: readonly Supervised[];
  readonly #benchmarkId: string;
  /** One a server, with workers of its own in this process. */
  readonly #loads: readonly RunningLoad[];
  /** Jobs for the workers of the client library. */
  readonly #forWorkers: RunningLoad;
  readonly #workers: readonly Supervised[];
  readonly #ingests: readonly RunningIngest[];
  /**
   * Milliseconds that each server took to serve again after each end of PostgreSQL, once that accepted
   * connections.
   */
  readonly recoveries: number[] = [];

  private constructor(
    postgres: OwnPostgres,
    addresses: readonly string[],
    servers: readonly Supervised[],
    benchmarkId: string,
    random: Random,
  ) {
    this.#postgres = postgres;
    this.#addresses = addresses;
    this.#servers = servers;
    this.#benchmarkId = benchmarkId;
    const common = { benchmarkId, pauseMs: 50, creators: 4 };
    this.#loads = addresses.map(
      (address, index) =>
        new RunningLoad(address, { ...common, jobType: `load ${index}`, workers: 1, stalling: 1 }),
    );
    const [first = ""] = addresses;
    this.#forWorkers = new RunningLoad(first, { ...common, jobType: "runtime", workers: 0 });
    this.#workers = addresses.map(
      (address) => new Supervised((started) => launchWorker(address, "runtime", random, started)),
    );
    this.#ingests = addresses.map((address) => new RunningIngest(address, benchmarkId));
  }

  static async start(random: Random): Promise<Cluster> {
    const postgres = await startOwnPostgres();
    const addresses = [await freeAddress(), await freeAddress()] as const;
    const servers = addresses.map((address) => new Supervised(() => launchServer(postgres.url, address)));
    while (!servers.every(({ isUp }) => isUp)) {
      await sleep(20);
      const [failure] = servers.flatMap(({ failedStarts }) => failedStarts);
      if (failure !== undefined) throw new Error(failure);
    }
    const about = { name: "killed", provider: "p", model: "m", dataset: "d" };
    const { benchmark } = await clients(addresses[0]).benchmarks.createBenchmark(about);
    const cluster = new Cluster(postgres, addresses, servers, benchmark?.id ?? "", random);
    // What is killed is to be at work, not on its way there.
    while (!cluster.#isAtWork) await sleep(20);
    return cluster;
  }

  get #isAtWork(): boolean {
    const areLoaded = this.#loads.every(({ acknowledged }) => acknowledged.completed >= 50);
    return areLoaded && this.#workers.every(({ isUp }) => isUp);
  }

  /**
   * Kills one of a kind. Resolves when the others serve again; what was killed may still be on its way back.
   */
  async kill(victim: Victim, random: Random): Promise<void> {
    switch (victim) {
      case "worker":
        return killOneOf(this.#workers, random);
      case "server":
        return killOneOf(this.#servers, random);
      case "connections":
        await this.#postgres.pool.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and random() < 0.5",
        );
        return;
      case "PostgreSQL":
        return this.#postgres.restart().then(() => this.#recovered());
      case "backend":
        return this.#postgres.killBackend().then(() => this.#recovered());
      case "postmaster":
        return this.#postgres.kill().then(() => this.#recovered());
    }
  }

  async #recovered(): Promise<void> {
    // Both servers may have been killed just before.
    while (!this.#servers.some(({ isUp }) => isUp)) await sleep(20);
    const up = this.#loads.filter((_, index) => this.#servers[index]?.isUp);
    this.recoveries.push(...(await Promise.all(up.map((load) => load.recovery()))));
  }

  /**
   * Waits until all jobs have ended, and tells what has gone wrong and what was done.
   * @param options.hurry ends the leases of dead workers at once: after PostgreSQL was away they get one more
   * term, of 30 s
   */
  async finish({ hurry }: { hurry: boolean }): Promise<{ wrong: string[]; figures: Record<string, number> }> {
    const { pool } = this.#postgres;
    const loads = [...this.#loads, this.#forWorkers];
    const maintainer = hurry ? await Database.connect(this.#postgres.config) : undefined;
    const maintaining = setInterval(() => void maintainer?.maintain().catch(() => undefined), 200);
    const wrong = await Promise.all([
      ...loads.map((load) => load.finish(pool, 120_000)),
      ...this.#ingests.map((ingest) => ingest.finish(pool)),
    ]);
    clearInterval(maintaining);
    await maintainer?.close();
    for (const address of this.#addresses)
      wrong.push(await miscounts(clients(address), this.#benchmarkId, pool));
    wrong.push([...this.#servers, ...this.#workers].flatMap(({ deaths }) => deaths));
    const told = loads.map(({ acknowledged }) => acknowledged);
    const { rows } = await pool.query(
      "select count(*)::integer as jobs from jobs where job_type = 'runtime' and status = 'completed'",
    );
    const figures = {
      created: sum(told.map(({ created }) => created)),
      completed: sum(told.map(({ completed }) => completed)),
      completedByRuntime: Number(rows[0].jobs),
      refusedAsStale: sum(told.map(({ refused }) => refused)),
      failedStarts: sum(this.#servers.map(({ failedStarts }) => failedStarts.length)),
      evaluations: sum(this.#ingests.map(({ acknowledged }) => acknowledged)),
    };
    return { wrong: wrong.flat(), figures };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers, ...this.#workers].map((one) => one.stop()));
    await this.#postgres.end();
  }
}

/** Resolves with the worker's first job. */
async function launchWorker(
  address: string,
  jobType: string,
  random: Random,
  started: (child: ChildProcess) => void,
): Promise<ChildProcess> {
  const name = `${jobType} ${newId()}`;
  const file = join(import.meta.dirname, "runtime.ts");
  const child = fork(file, [address, name, jobType, `${random.below(2 ** 32)}`], {
    execArgv: [],
    silent: true,
  });
  started(child);
  await Promise.race([once(child, "message"), once(child, "exit")]);
  return child;
}

async function killOneOf(processes: readonly Supervised[], random: Random): Promise<void> {
  for (;;) {
    const up = processes.filter(({ isUp }) => isUp);
    if (up.length > 0 && random.pick(up).kill()) return;
    await sleep(20);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
