import { setTimeout as sleep } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import type { Client } from "pg";
import { authorization, type BenchServer } from "../server.ts";
import {
  claimBody,
  completeBody,
  countCompleted,
  createBatchBody,
  createBody,
  type Held,
  heldOf,
  idsOf,
} from "./messages.ts";
import { perSecond, rateOf } from "./statistics.ts";

const tables =
  "jobs, job_ready, job_scheduled, job_leases, job_keys, job_finished, job_attempts, job_stat_deltas, job_events, requests, " +
  "job_fair_turns";
const batchSize = 500;

/** The service, as its clients meet it: gRPC to another process. */
export class Ours {
  readonly #address: string;
  readonly #db: Client;
  readonly #metadata: grpc.Metadata;
  readonly #client: grpc.Client;

  constructor({ address, key }: BenchServer, db: Client) {
    this.#address = address;
    this.#metadata = authorization(key);
    this.#db = db;
    this.#client = this.#connect();
  }

  /** Registers workers that run every job without tags. */
  async register(names: readonly string[], capacity: number): Promise<void> {
    await this.#db.query(
      `with w as (
        insert into workers (id, worker_id, address, capacity) select gen_random_uuid(), w, 'bench', $2 from unnest($1::text[]) w
        on conflict (worker_id) do update set capacity = $2 returning id, worker_id
      )
      insert into worker_slots (worker_id, id, capacity) select worker_id, id, $2 from w
      on conflict (worker_id) do update set capacity = $2, used = 0`,
      [names, capacity],
    );
  }

  async clear(): Promise<void> {
    // Attempts are append-only: their guard is a trigger, which does not fire in this role.
    await this.#db.query(
      `set session_replication_role = replica; truncate ${tables}; reset session_replication_role`,
    );
    await this.#db.query("update worker_slots set used = 0");
    await this.#db.query("update job_lanes set fair = false where fair");
  }

  create(type?: string, tags?: string[]): Promise<Buffer> {
    return this.#call("CreateJob", createBody(type, tags));
  }

  /** CreateJob, 128 in flight; jobs a second. */
  createOneByOne(total: number): Promise<number> {
    const body = createBody();
    return rateOf(total, 128, () => this.#call("CreateJob", body));
  }

  /**
   * BatchCreateJobs of 1,000, four in flight; jobs a second.
   * @param options.fairKeyOf the key of each job, by its position among all
   */
  async createBatched(
    total: number,
    { size = 1_000, fairKeyOf }: { size?: number; fairKeyOf?: (index: number) => string } = {},
  ): Promise<number> {
    let body = createBatchBody(size);
    let made = 0;
    return (
      size *
      (await rateOf(total / size, 4, () => {
        const first = made;
        made += size;
        if (fairKeyOf) body = createBatchBody(size, (index) => fairKeyOf(first + index));
        return this.#call("BatchCreateJobs", body);
      }))
    );
  }

  /** Creates jobs of one key by one call; their ids. */
  async createSome(count: number, fairKey: string): Promise<Set<string>> {
    return idsOf(
      await this.#call(
        "BatchCreateJobs",
        createBatchBody(count, () => fairKey),
      ),
    );
  }

  /** Claims and completes `total` jobs that are ready; jobs a second. */
  async work(total: number, { workers = 4, batch = batchSize } = {}): Promise<number> {
    const names = Array.from({ length: workers }, (_, index) => `worker-${index}`);
    await this.register(names, batch);
    let claimed = 0;
    let completed = 0;
    const startedAt = performance.now();
    const loop = async (name: string) => {
      const body = claimBody(name, batch);
      let held: Held[] = [];
      while (claimed < total || held.length > 0) {
        if (held.length === 0) held = await this.claim(body);
        else {
          // As our workers do: the report of what is done brings what is next.
          const next = claimed < total ? batch : 0;
          const answer = await this.#call("CompleteJobs", completeBody(name, held, next));
          completed += countCompleted(answer);
          held = heldOf(answer, "ofReport");
        }
        claimed += held.length;
      }
    };
    await Promise.all(names.map(loop));
    const rate = perSecond(completed, startedAt);
    if (completed < total || completed !== claimed) {
      throw new Error(`completed ${completed} of ${claimed} claimed jobs, ${total} were expected`);
    }
    return rate;
  }

  async claim(body: Uint8Array): Promise<Held[]> {
    return heldOf(await this.#call("ClaimJobs", body));
  }

  async complete(worker: string, held: readonly Held[]): Promise<number> {
    return countCompleted(await this.#call("CompleteJobs", completeBody(worker, held)));
  }

  /** Milliseconds from the call of CreateJob to the job's arrival at an idle worker whose claim is parked. */
  async startLatencies(count: number): Promise<number[]> {
    const worker = "worker-0";
    await this.register([worker], 1);
    const creator = this.#connect();
    const createOne = createBody();
    const parked = claimBody(worker, 1, 30);
    const latencies: number[] = [];
    while (latencies.length < count) {
      const claim = this.claim(parked).then((held) => ({ held, at: performance.now() }));
      await sleep(20 + Math.random() * 10);
      const startedAt = performance.now();
      await unary(creator, "CreateJob", createOne, this.#metadata);
      const { held, at } = await claim;
      latencies.push(at - startedAt);
      await this.complete(worker, held);
    }
    creator.close();
    return latencies;
  }

  close(): void {
    this.#client.close();
  }

  #connect(): grpc.Client {
    return new grpc.Client(this.#address, grpc.credentials.createInsecure(), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
    });
  }

  #call(method: string, body: Uint8Array): Promise<Buffer> {
    return unary(this.#client, method, body, this.#metadata);
  }
}

function unary(
  client: grpc.Client,
  method: string,
  body: Uint8Array,
  metadata: grpc.Metadata,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/ltb.v1.JobService/${method}`,
      (message: Uint8Array) => Buffer.from(message.buffer, message.byteOffset, message.byteLength),
      (bytes: Buffer) => bytes,
      body,
      metadata,
      (error, response) => {
        if (error) reject(error);
        else resolve(response as Buffer);
      },
    );
  });
}
