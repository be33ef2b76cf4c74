import type { Client, ClientConfig } from "pg";
import { PgBoss } from "pg-boss";
import { jobType, payload, result } from "./job.ts";
import { perSecond, rateOf } from "./statistics.ts";

const batchSize = 500;

/** pg-boss in this process: jobs are fetched and completed in batches, without any pause for polling. */
export class Boss {
  readonly #boss: PgBoss;
  readonly #db: Client;

  private constructor(boss: PgBoss, db: Client) {
    this.#boss = boss;
    this.#db = db;
  }

  static async start(connection: ClientConfig, db: Client): Promise<Boss> {
    const { host, port, user, password, database } = connection;
    const boss = new PgBoss({
      ...(host && { host }),
      ...(port && { port }),
      ...(user && { user }),
      ...(typeof password === "string" && { password }),
      ...(database && { database }),
      supervise: false,
      schedule: false,
    });
    boss.on("error", () => undefined);
    await boss.start();
    await boss.createQueue(jobType);
    return new Boss(boss, db);
  }

  async clear(): Promise<void> {
    await this.#db.query("truncate pgboss.job cascade");
  }

  /** insert of 1,000, four in flight; jobs a second. */
  async createBatched(total: number): Promise<number> {
    const jobs = Array.from({ length: 1_000 }, () => ({ data: payload }));
    return 1_000 * (await rateOf(total / 1_000, 4, () => this.#boss.insert(jobType, jobs)));
  }

  /** Fetches and completes `total` jobs that are ready; jobs a second. */
  async work(total: number): Promise<number> {
    let fetched = 0;
    const startedAt = performance.now();
    const loop = async () => {
      while (fetched < total) {
        const jobs = await this.#boss.fetch(jobType, { batchSize });
        fetched += jobs.length;
        const ids = jobs.map(({ id }) => id);
        if (ids.length > 0) await this.#boss.complete(jobType, ids, result);
      }
    };
    await Promise.all([loop(), loop(), loop(), loop()]);
    const rate = perSecond(total, startedAt);
    const { rows } = await this.#db.query("select count(*)::int from pgboss.job where state = 'completed'");
    if (rows[0].count !== total) throw new Error(`pg-boss completed ${rows[0].count} of ${total} jobs`);
    return rate;
  }

  close(): Promise<void> {
    return this.#boss.stop({ graceful: false });
  }
}
