import { difference, recordAudit } from "../audit/record.ts";
import type { Executor } from "../database/statement/executor.ts";
import { cut, type Page, type PageOptions } from "../database/statement/page.ts";
import { requireFound, ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { expireLeasesOf } from "../jobs/finish/finish.ts";
import { reasonText } from "../jobs/input.ts";
import type { JobQueue } from "../jobs/queue.ts";
import type { Outage } from "../jobs/upkeep/outages.ts";
import { releaseJobs } from "../jobs/writes.ts";
import { limits } from "../limits.ts";
import { parseInput, parseLimit, uuid, workerName } from "../validation.ts";
import { type ClusterStats, clusterStatsOf, readCluster } from "./cluster.ts";
import { gatherHeartbeats, type HeartbeatReply, writeHeartbeats } from "./heartbeat.ts";
import * as input from "./input.ts";
import type { Worker, WorkerStatus } from "./rows.ts";
import * as query from "./statements.ts";

type WorkerPage = Page<Worker, input.WorkerPosition>;

/** Whether a worker drains after a change; undefined: as before. */
const drainingAfter = { register: false, update: undefined, drain: true } as const;

export interface StaleRemoval {
  removed: number;
  /** Jobs that the workers held and that are pending again. */
  jobsRequeued: number;
}

/** The registry of workers: `db.workers`. */
export class WorkerRepository {
  readonly #db: Executor;
  readonly #queue: JobQueue;
  readonly #beat: ReturnType<typeof gatherHeartbeats>;

  /** @param options.transaction true: `db` is one transaction, which shares no statement with others */
  constructor(db: Executor, queue: JobQueue, { transaction }: { transaction: boolean }) {
    this.#db = db;
    this.#queue = queue;
    this.#beat = transaction
      ? async (beat) => expectFirst(await writeHeartbeats(db, [beat]))
      : gatherHeartbeats(db);
  }

  /** Registers a worker. Registering it again keeps its counters and leases, and ends its drain. */
  async register(worker: input.NewWorker): Promise<Worker> {
    const parsed = parseInput(input.newWorker, worker);
    const registered = await this.#change("register", parsed.workerId, (db) =>
      db.one(query.registerWorker({ ...parsed, id: newId() })),
    );
    this.#queue.announce();
    return registered;
  }

  /** The same as `register`. */
  create(worker: input.NewWorker): Promise<Worker> {
    return this.register(worker);
  }

  /** By the registry's own id. @throws NOT_FOUND */
  async get(id: string): Promise<Worker> {
    const key = parseInput(uuid, id, "id");
    return requireFound(await this.#db.maybeOne(query.getWorker(key)), "worker", key);
  }

  /** By the worker's own name. @throws NOT_FOUND */
  async getByWorkerId(workerId: string): Promise<Worker> {
    const name = parseInput(workerName, workerId, "worker_id");
    return requireFound(await this.#db.maybeOne(query.getWorkerByName(name)), "worker", name);
  }

  /** Changes the given fields of the registration and no others. @throws NOT_FOUND */
  async update(id: string, changes: input.WorkerChanges): Promise<Worker> {
    const parsed = parseInput(input.workerChanges, changes);
    const worker = await this.get(id);
    const updated = await this.#change("update", worker.workerId, (db) =>
      db.maybeOne(query.updateWorker(worker.id, parsed)),
    );
    this.#queue.announce();
    return updated;
  }

  /** Deregisters a worker by the registry's own id. @throws NOT_FOUND */
  async delete(id: string): Promise<void> {
    await this.deregister((await this.get(id)).workerId);
  }

  /** Takes a sign of life without leases or load. @throws NOT_FOUND: register again */
  async updateHeartbeat(workerId: string): Promise<void> {
    await this.heartbeat({ workerId });
  }

  /** Takes a sign of life, renews its leases and tells the news. @throws NOT_FOUND: register again */
  async heartbeat(heartbeat: input.Heartbeat): Promise<HeartbeatReply> {
    const reply = await this.#beat(parseInput(input.heartbeat, heartbeat));
    if (reply instanceof ServiceError) throw reply;
    return reply;
  }

  /**
   * Gives a worker no more jobs; it finishes those it holds. Claims that wait are answered at once, those on
   * other servers within a second or so. Registering ends it.
   * @throws NOT_FOUND
   */
  async drain(workerId: string, reason = ""): Promise<Worker> {
    const name = parseInput(workerName, workerId, "worker_id");
    const why = parseInput(reasonText, reason, "reason");
    const drained = await this.#change("drain", name, (db) => db.maybeOne(query.drainWorker(name, why)));
    this.#queue.claimer.dismiss(name);
    return drained;
  }

  /**
   * Removes a worker, which gives its jobs back as `JobRepository.release` does.
   * @returns the number of those jobs
   * @throws NOT_FOUND
   */
  async deregister(workerId: string, reason = ""): Promise<number> {
    const name = parseInput(workerName, workerId, "worker_id");
    const why = parseInput(reasonText, reason, "reason");
    const released = await this.#db.transaction(async (db) => {
      const before = requireFound(await db.maybeOne(query.lockWorker(name)), "worker", name);
      await db.any(query.lockSlots([name]));
      const leases = await db.any(query.leasesOfWorker(name));
      const held = leases.map((lease) => ({ ...lease, byWorker: true }));
      const { length: jobsReleased } = held.length > 0 ? await releaseJobs(db, held) : [];
      await db.any(query.deleteWorkers([name]));
      const changes = { before, after: { reason: why ?? undefined, jobsReleased } };
      await recordAudit(db, [{ action: "deregister", entityType: "worker", entityId: name, changes }]);
      return jobsReleased;
    });
    this.#queue.claimer.dismiss(name);
    this.#queue.announce();
    return released;
  }

  /** One page of the workers that match, latest registration first. */
  async list(
    filter: input.WorkerFilter = {},
    options: PageOptions<input.WorkerPosition> = {},
  ): Promise<WorkerPage> {
    const parsed = parseInput(input.workerFilter, filter);
    const limit = parseLimit(options.limit);
    const rows = await this.#db.any(query.listWorkers(parsed, limit + 1, options.after));
    const { items, last } = cut(rows, limit);
    return { items, next: last && { registeredAt: last.registeredAt, id: last.id } };
  }

  /** Every worker, latest registration first. */
  listAll(): Promise<readonly Worker[]> {
    return this.#listWhole({});
  }

  /** Every worker in this status, latest registration first. */
  listByStatus(status: WorkerStatus): Promise<readonly Worker[]> {
    return this.#listWhole({ status });
  }

  /** Workers heard of within so many seconds that are idle or busy, the one heard of last first. */
  async listActive(timeoutSeconds: number): Promise<readonly Worker[]> {
    const activeWithinMs = parseInput(input.silence, timeoutSeconds, "timeout_seconds");
    const workers = await this.#listWhole({ activeWithinMs });
    return workers
      .filter(({ status }) => status === "idle" || status === "busy")
      .sort((a, b) => (a.lastHeartbeat < b.lastHeartbeat ? 1 : -1));
  }

  /**
   * Removes the workers that have been silent for longer than this. Leases that they still hold end as
   * expired ones do: the job is retried or, with no retry left, fails. Done in batches, so an interrupted
   * call has done a part; it may be repeated, and be made on several servers at once. After an outage, and
   * after its start, a server leaves those alone for 30 s that were silent before.
   */
  async removeStale(timeoutSeconds: number): Promise<StaleRemoval> {
    const silentMs = parseInput(input.silence, timeoutSeconds, "timeout_seconds");
    const total = { removed: 0, jobsRequeued: 0 };
    for (;;) {
      const { removed, jobsRequeued } = await this.#db.transaction((db) =>
        removeStaleBatch(db, silentMs, this.#queue.outages.latest),
      );
      total.removed += removed;
      total.jobsRequeued += jobsRequeued;
      if (removed < limits.staleWorkers) break;
    }
    if (total.removed > 0) this.#queue.announce();
    return total;
  }

  async clusterStats(): Promise<ClusterStats> {
    return clusterStatsOf(await this.#db.one(readCluster()));
  }

  /** Changes a worker under a lock and records what is new or has changed; being there again is no change. */
  #change(
    action: keyof typeof drainingAfter,
    workerId: string,
    run: (db: Executor) => Promise<Worker | null>,
  ): Promise<Worker> {
    return this.#db.transaction(async (db) => {
      let before = await db.maybeOne(query.lockRegistration(workerId));
      if (!before && action === "register") {
        await db.one(query.awaitRegistrations(workerId));
        before = await db.maybeOne(query.lockRegistration(workerId));
      }
      const worker = requireFound(await run(db), "worker", workerId);
      const draining = drainingAfter[action] ?? before?.draining;
      // Strips the fields that belong to no registration.
      const after = query.registrationRow.parse({ ...worker, draining });
      const changes = before ? difference(before, after) : { after };
      if (changes) await recordAudit(db, [{ action, entityType: "worker", entityId: workerId, changes }]);
      return worker;
    });
  }

  async #listWhole(filter: input.WorkerFilter): Promise<readonly Worker[]> {
    const all: Worker[] = [];
    let after: input.WorkerPosition | undefined;
    do {
      const { items, next } = await this.list(filter, { limit: limits.pageSizeMax, after });
      all.push(...items);
      after = next;
    } while (after);
    return all;
  }
}

async function removeStaleBatch(
  db: Executor,
  silentMs: number,
  outage: Outage | null,
): Promise<StaleRemoval> {
  const stale = await db.any(query.lockStaleWorkers(silentMs, limits.staleWorkers, outage));
  const workers = stale.map(({ workerId }) => workerId).sort();
  if (workers.length === 0) return { removed: 0, jobsRequeued: 0 };
  await db.any(query.lockSlots(workers));
  let jobsRequeued = 0;
  // A lease whose job is just reporting progress is passed over; it ends by itself when it expires.
  for (let more = true; more; ) {
    const ended = await db.any(expireLeasesOf(workers, limits.maintenanceBatchRows));
    jobsRequeued += ended.filter(({ willRetry }) => willRetry).length;
    more = ended.length > 0;
  }
  await db.any(query.deleteWorkers(workers));
  const after = { reason: `silent for more than ${silentMs / 1000} s` };
  const entryOf = ({ workerId, ...before }: (typeof stale)[number]) =>
    ({ action: "deregister", entityType: "worker", entityId: workerId, changes: { before, after } }) as const;
  await recordAudit(db, stale.map(entryOf));
  return { removed: workers.length, jobsRequeued };
}

function expectFirst<Item>([item]: readonly Item[]): Item {
  if (item === undefined) throw new Error("a heartbeat was written without a reply");
  return item;
}
