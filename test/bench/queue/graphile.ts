import { setTimeout as sleep } from "node:timers/promises";
import { Logger, makeWorkerUtils, run, type WorkerUtils } from "graphile-worker";
import pg from "pg";
import { jobType, payload } from "./job.ts";
import { perSecond, rateOf } from "./statistics.ts";

const logger = new Logger(() => () => undefined);

/**
 * graphile-worker in this process, with the settings that its documentation and its own benchmark recommend
 * for throughput.
 */
export class Graphile {
  readonly #pool: pg.Pool;
  readonly #utils: WorkerUtils;

  private constructor(pool: pg.Pool, utils: WorkerUtils) {
    this.#pool = pool;
    this.#utils = utils;
  }

  static async start(connection: pg.ClientConfig): Promise<Graphile> {
    const pool = new pg.Pool({ ...connection, max: 34 });
    pool.on("error", () => undefined);
    pool.on("connect", (client) => client.on("error", () => undefined));
    const utils = await makeWorkerUtils({ pgPool: pool, logger });
    await utils.migrate();
    return new Graphile(pool, utils);
  }

  async clear(): Promise<void> {
    await this.#pool.query("truncate graphile_worker._private_jobs");
  }

  /** addJob, 128 in flight; jobs a second. */
  createOneByOne(total: number): Promise<number> {
    return rateOf(total, 128, () => this.#utils.addJob(jobType, payload));
  }

  /** addJobs of 1,000, four in flight; jobs a second. */
  async createBatched(total: number): Promise<number> {
    const jobs = Array.from({ length: 1_000 }, () => ({ identifier: jobType, payload }));
    return 1_000 * (await rateOf(total / 1_000, 4, () => this.#utils.addJobs(jobs)));
  }

  /** Runs `total` jobs that are ready, until none is left in the table; jobs a second. */
  async work(total: number, { batched }: { batched: boolean }): Promise<number> {
    let done = 0;
    const finished = Promise.withResolvers<void>();
    const startedAt = performance.now();
    const runner = await run({
      pgPool: this.#pool,
      logger,
      noHandleSignals: true,
      preset: {
        worker: {
          concurrentJobs: 24,
          ...(batched && { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }),
        },
      },
      taskList: {
        [jobType]: () => {
          if (++done === total) finished.resolve();
        },
      },
    });
    await finished.promise;
    while ((await this.#left()) > 0) await sleep(1);
    const rate = perSecond(total, startedAt);
    await runner.stop();
    return rate;
  }

  /** Milliseconds from the call of addJob to the start of its handler in an idle worker that listens. */
  async startLatencies(count: number): Promise<number[]> {
    let started: (at: number) => void = () => {};
    const runner = await run({
      pgPool: this.#pool,
      logger,
      noHandleSignals: true,
      preset: { worker: { concurrentJobs: 1 } },
      taskList: { [jobType]: () => started(performance.now()) },
    });
    const latencies: number[] = [];
    await sleep(200);
    while (latencies.length < count) {
      const start = new Promise<number>((resolve) => {
        started = resolve;
      });
      await sleep(20 + Math.random() * 10);
      const startedAt = performance.now();
      await this.#utils.addJob(jobType, payload);
      latencies.push((await start) - startedAt);
    }
    await runner.stop();
    return latencies;
  }

  async close(): Promise<void> {
    await this.#utils.release();
    await this.#pool.end();
  }

  async #left(): Promise<number> {
    const { rows } = await this.#pool.query(
      "select count(*)::int as count from graphile_worker._private_jobs",
    );
    return rows[0].count;
  }
}
