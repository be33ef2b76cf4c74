import type { z } from "zod";
import { currentOrigin } from "../call-scope.ts";
import type { GroupsRead } from "../database/failure-groups.ts";
import type { FieldValues, FieldValuesOptions } from "../database/field-values.ts";
import { type RequestKey, runOnce } from "../database/requests.ts";
import type { Executor } from "../database/statement/executor.ts";
import type { Page, PageOptions } from "../database/statement/page.ts";
import { notFound, requireFound, requireVersion, ServiceError } from "../errors.ts";
import { newId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { Counts } from "../metrics/counts.ts";
import { parseInput, uuid } from "../validation.ts";
import type { Lease } from "./claim/taking.ts";
import { type ClaimAlong, claimAlong, claimForWorker, type WorkerClaim } from "./claim/worker.ts";
import {
  bytesOf,
  type Creation,
  createJobs,
  hasFairKey,
  isDependent,
  type JobToCreate,
  keyTaken,
  tooManyLanes,
} from "./create.ts";
import { completeAndClaim } from "./finish/complete-and-claim.ts";
import { type End, lockHeldLeases } from "./finish/finish.ts";
import { endOfCompletion, endOfFailure } from "./finish/rejection.ts";
import { type HistoryQuery, type HistoryStep, readHistory } from "./history/read.ts";
import * as input from "./input.ts";
import { laneIdOf } from "./limits/lanes.ts";
import * as jobLimits from "./limits/limits.ts";
import { type JobLane, listLanes } from "./limits/list-lanes.ts";
import {
  deleteLimit,
  deletePause,
  getLimit,
  insertPause,
  type JobLimit,
  type JobPause,
} from "./limits/statements.ts";
import { type JobFailureGroup, listFailureGroups } from "./lists/failure-groups.ts";
import { type jobFields, listFieldValues } from "./lists/field-values.ts";
import { type JobListOptions, type JobPage, listJobs, readJobs } from "./lists/lists.ts";
import * as query from "./lists/query.ts";
import { type JobStats, type JobTypeStats, jobStats } from "./lists/stats.ts";
import type { FairBy, JobQueue } from "./queue.ts";
import { forbiddenChange, idTaken, isIdTaken, keepsChanging, nameTakenId, refusalAt } from "./refusals.ts";
import type { Job, JobAttempt, JobStatus } from "./rows.ts";
import {
  type BulkResult,
  type Change,
  type ChangeResult,
  changeMany,
  cleanUpJobs,
  foreseeRetries,
} from "./transitions/bulk.ts";
import * as transitions from "./transitions/transitions.ts";
import { changedJob, entryOf as entryOfUpdate, isQueueFull, updateJob } from "./transitions/update.ts";
import { holderOf, isLive, replacementOf, type Submitted } from "./unique-conflict.ts";
import { type JobChange, type JobWatchOptions, type WatchFilter, watchJobs } from "./watch.ts";
import { type CreateJobs, type EndResult, type JobWrites, writeDirectly, writeValid } from "./writes.ts";

/** The benchmark that a job works for, null for none, and whether that was deleted. */
export type BenchmarkOfJob = Omit<z.output<typeof lockHeldLeases.row>, "position">;

/** `dryRun`: nothing is changed, and the result tells what would be, as of now. Default: false. */
interface DryRun {
  dryRun?: boolean;
}

/** `permittedTo`: the only user whose jobs may be changed. Default: everybody's. */
interface Permission {
  permittedTo?: string | undefined;
}

/** The job queue: `db.jobs`. */
export class JobRepository {
  readonly #db: Executor;
  readonly #queue: JobQueue;
  readonly #transaction: Executor | undefined;
  readonly #writes: JobWrites;
  readonly #counts: Counts;

  /**
   * @param options.transaction whether `db` is one transaction, which shares no statement with other callers
   * @param options.counts where what is done is counted. Default: those of the queue
   */
  constructor(
    db: Executor,
    queue: JobQueue,
    { transaction, counts = queue.counts }: { transaction: boolean; counts?: Counts },
  ) {
    this.#db = db;
    this.#queue = queue;
    this.#counts = counts;
    this.#transaction = transaction ? db : undefined;
    this.#writes = transaction ? writeDirectly(db) : queue.writes;
  }

  /**
   * Creates a job: pending, or running already where a claim had waited for it.
   * @throws ALREADY_EXISTS if its id, or its unique key among live jobs of the type, is taken, or the request
   * id was used for something else; NOT_FOUND without its benchmark, or a job that it depends on
   */
  async create(job: input.NewJob, request?: RequestKey): Promise<Job> {
    return (await this.submit(job, request)).job;
  }

  /**
   * Creates a job as `create` does, and tells whether one that existed is answered instead.
   * @param options.permittedTo only this user's jobs may be replaced. Default: everybody's
   */
  async submit(job: input.NewJob, request?: RequestKey, options: Permission = {}): Promise<Submitted> {
    const parsed = parseInput(input.newJob, job);
    const prepared = prepare(parsed, this.#queue.fairBy);
    if (prepared.tokens > 0) {
      for (const [, refusal] of await jobLimits.aboveTokenLimits(this.#db, [prepared])) throw refusal;
    }
    const create = async (db: Executor, writes: JobWrites) => {
      const creation = await writes.create(prepared).catch((error) => {
        throw nameTakenId(error, parsed.id);
      });
      const repository = db === this.#db ? this : this.#in(db);
      return repository.#settle(prepared, creation, writes, options);
    };
    const createOnce = (key: RequestKey) =>
      this.#handingOver((createJobs) =>
        runOnce(this.#db, key, "CreateJob", parsed, {
          create: (db) => create(db, writeDirectly(db, createJobs)),
          remember: ({ job: { id }, existing }) => ({ id, existing }),
          recall: async (db, { id, existing }) => ({ job: await this.#in(db).get(id), existing }),
        }),
      );
    const own = isDependent(prepared) ? writeDirectly(this.#db) : this.#writes;
    const submitted = await (request ? createOnce(request) : create(this.#db, own));
    this.#announce([prepared], [submitted]);
    return submitted;
  }

  /**
   * Creates up to 1000 jobs in one transaction: all of them or, on an error, none.
   * @throws as `create`; the message begins with the position of the job at fault
   */
  async createMany(jobs: readonly input.NewJob[], request?: RequestKey): Promise<readonly Job[]> {
    return (await this.submitMany(jobs, request)).map(({ job }) => job);
  }

  /** Creates jobs as `createMany` does, and tells of which one that existed is answered instead. */
  async submitMany(
    jobs: readonly input.NewJob[],
    request?: RequestKey,
    options: Permission = {},
  ): Promise<readonly Submitted[]> {
    const parsed = parseInput(input.newJobs, jobs, "jobs");
    const prepared = parsed.map((job) => prepare(job, this.#queue.fairBy));
    for (const [index, refusal] of await jobLimits.aboveTokenLimits(this.#db, prepared))
      throw refusalAt(index, refusal);
    const submitted = await this.#handingOver((createJobs) =>
      runOnce(this.#db, request, "BatchCreateJobs", parsed, {
        create: (db): Promise<readonly Submitted[]> =>
          db.transaction(async (transaction) => {
            const writes = writeDirectly(transaction);
            const inside = this.#in(transaction);
            const creations = await createJobs(transaction, prepared);
            const all: Submitted[] = [];
            for (const [index, job] of prepared.entries()) {
              try {
                all.push(await inside.#settle(job, creations[index], writes, options));
              } catch (error) {
                throw error instanceof ServiceError ? refusalAt(index, error) : error;
              }
            }
            return all;
          }),
        remember: (all) => all.map(({ job: { id }, existing }) => ({ id, existing })),
        recall: async (db, all) => {
          const ids = all.map(({ id }) => id);
          const jobs = new Map((await readJobs(db, ids, false)).map((job) => [job.id, job]));
          return all.map(({ id, existing }) => ({ job: requireFound(jobs.get(id), "job", id), existing }));
        },
      }),
    ).catch(async (error) => {
      throw isIdTaken(error) ? await this.#positionOfTaken(prepared) : error;
    });
    this.#announce(prepared, submitted);
    return submitted;
  }

  /** A creation as its job, or what is to be done about its unique key. */
  async #settle(
    job: JobToCreate,
    first: Creation | undefined,
    writes: JobWrites,
    options: Permission,
  ): Promise<Submitted> {
    let creation = first;
    for (let attempt = 0; attempt < limits.jobMoves; attempt++) {
      if (creation instanceof ServiceError) {
        const found = await this.#takeHolder(job, creation, options);
        if (found) return { job: found, existing: true };
      } else if (creation) {
        this.#counts.jobsCreated++;
        return { job: creation, existing: false };
      }
      creation = await writes.create(job);
    }
    throw creation;
  }

  /** The job that has the unique key, replaced if it is to be; undefined if the key is free again. */
  async #takeHolder(
    job: JobToCreate,
    refusal: ServiceError,
    { permittedTo }: Permission,
  ): Promise<Job | undefined> {
    const id = holderOf(job, refusal);
    const [holder] = id === undefined ? [] : await readJobs(this.#db, [id], true);
    if (!holder || !isLive(holder)) return undefined;
    if (job.onUniqueConflict === "return_existing") return holder;
    const isPermitted = permittedTo === undefined || holder.createdBy === permittedTo;
    if (holder.status !== "pending" || !isPermitted) throw refusal;
    return this.update(holder.id, replacementOf(job)).catch((error) => {
      const hasMoved = ["FORBIDDEN_STATUS_CHANGE", "NOT_FOUND"].includes(error.reason);
      if (hasMoved) return undefined;
      throw error;
    });
  }

  /** @throws NOT_FOUND */
  async get(id: string): Promise<Job> {
    const key = parseInput(uuid, id, "id");
    const [job] = await readJobs(this.#db, [key], true);
    return requireFound(job, "job", key);
  }

  /** A job with its latest 100 attempts, as of one moment. @throws NOT_FOUND */
  async getWithAttempts(id: string): Promise<Job & { attempts: readonly JobAttempt[] }> {
    const key = parseInput(uuid, id, "id");
    const found = await this.#db.maybeOne(query.getWithAttempts(key, limits.attemptsShown));
    return requireFound(found, "job", key);
  }

  /**
   * Locks the leases among these that the worker holds until the transaction ends, and reads the benchmark of
   * each one's job. Others are left out: those not held, invalid ones, and repeats.
   */
  async lockHeld<Item extends input.LeaseRef>(
    workerId: string,
    items: readonly Item[],
  ): Promise<Map<Item, BenchmarkOfJob>> {
    const worker = parseInput(input.reporter, { workerId });
    const named = new Map<string, { item: Item; end: End }>();
    for (const item of items) {
      const { data } = input.leaseRef.safeParse({ jobId: item.jobId, epoch: item.epoch });
      const key = `${data?.jobId} ${data?.epoch}`;
      if (data && !named.has(key)) named.set(key, { item, end: { ...data, ...worker } });
    }
    const each = [...named.values()];
    const rows = await this.#db.any(lockHeldLeases(each.map(({ end }) => end)));
    const held = new Map<Item, BenchmarkOfJob>();
    for (const { position, ...benchmark } of rows) {
      const lease = each[position - 1];
      if (lease) held.set(lease.item, benchmark);
    }
    return held;
  }

  /** The latest 100 attempts of a job, oldest first; a running one is last, without an end. */
  async attempts(id: string): Promise<readonly JobAttempt[]> {
    return this.#db.any(query.listAttempts(parseInput(uuid, id, "id"), limits.attemptsShown));
  }

  /**
   * Leases ready jobs to a worker: the best by priority, then age, of those that its types and tags match.
   * With `waitMs` it waits for a first one.
   * @throws NOT_FOUND if the worker is not registered
   */
  claim(claim: input.ClaimInput): Promise<WorkerClaim> {
    return claimForWorker(this.#db, this.#queue, claim);
  }

  /**
   * Completes jobs that the worker holds. Independent items, each with its result. One whose result can never
   * be stored fails its job for good, and is rejected.
   */
  async complete(workerId: string, items: readonly input.Completion[]): Promise<readonly EndResult[]> {
    const results = await this.#complete(workerId, items, this.#writes.complete);
    this.#queue.announce();
    return results;
  }

  async #complete(
    workerId: string,
    items: readonly input.Completion[],
    write: JobWrites["complete"],
  ): Promise<readonly EndResult[]> {
    const worker = parseInput(input.reporter, { workerId });
    const ending = { fail: this.#writes.fail, endOf: endOfCompletion };
    const results = await writeValid(input.completion, items, worker, write, ending);
    for (const { outcome } of results) this.#counts.completions.add(outcome);
    return results;
  }

  /** Makes a claim ready that is to come with completions; undefined if it has to be made by itself. */
  claimAlong(claim: input.ClaimInput): Promise<ClaimAlong | undefined> {
    return claimAlong(this.#queue, claim);
  }

  /**
   * Completes jobs as `complete` does, and claims for their worker in the same transaction if it can.
   * @param claim by `claimAlong`
   * @returns `leases` undefined: nothing was claimed, `claim` will tell what there is
   */
  async completeAndClaim(
    workerId: string,
    items: readonly input.Completion[],
    claim: ClaimAlong | undefined,
  ): Promise<{ results: readonly EndResult[]; leases?: readonly Lease[] | undefined }> {
    if (!claim) return { results: await this.complete(workerId, items) };
    const { lanes, giveBack } = this.#queue;
    let leases: readonly Lease[] | undefined;
    const results = await this.#complete(workerId, items, async (valid) => {
      const call = { ...claim, items: valid };
      const written = this.#transaction
        ? (await completeAndClaim(this.#transaction, lanes, giveBack, [call]))[0]
        : await this.#queue.completeAndClaim(call);
      leases = written?.leases;
      return written?.ends ?? [];
    });
    this.#counts.addClaimed(leases ?? []);
    // Slots that were filled again are nobody else's.
    const freed = results.filter(({ outcome }) => outcome === "ok").length;
    this.#queue.announce(freed === leases?.length ? "watchable" : "claimable");
    return { results, leases };
  }

  /** Releases leases that do not reach their worker. */
  giveBack(workerId: string, leases: readonly Lease[]): void {
    if (leases.length > 0) this.#queue.giveBack(workerId, leases);
  }

  /**
   * Ends attempts with an error: the job is retried after a pause or, with no retry left, fails. An item that
   * is rejected ends its attempt too, with what is wrong with it in the error, after the usual pause.
   */
  async fail(workerId: string, items: readonly input.Failure[]): Promise<readonly EndResult[]> {
    const worker = parseInput(input.reporter, { workerId });
    const { fail } = this.#writes;
    const results = await writeValid(input.failure, items, worker, fail, { fail, endOf: endOfFailure });
    for (const { outcome, status } of results) {
      this.#counts.failures.add(outcome);
      if (status === "pending") this.#counts.retries.add("failure");
    }
    this.#queue.announce();
    return results;
  }

  /**
   * Gives jobs back unrun: pending again, the first time in their old place, and then behind those that wait.
   * It costs no retry up to `limits.freeReleases` times. With a delay they are due later, in their old place,
   * at no cost as often as `maxSnoozes` says.
   */
  async release(workerId: string, items: readonly input.ReleaseInput[]): Promise<readonly EndResult[]> {
    const worker = { ...parseInput(input.reporter, { workerId }), byWorker: true };
    // A pause is its caller's own, so that write is not shared with others.
    const isHeld = items.some(({ holdLimitKey }) => holdLimitKey);
    const { release } = isHeld ? writeDirectly(this.#db) : this.#writes;
    const results = await writeValid(input.release, items, worker, release);
    for (const { outcome } of results) this.#counts.releases.add(outcome);
    this.#queue.announce();
    return results;
  }

  /** Records progress and renews the leases. */
  async progress(
    workerId: string,
    items: readonly input.ProgressReport[],
    leaseMs?: number,
  ): Promise<readonly EndResult[]> {
    const common = parseInput(input.progressInput, { workerId, leaseMs });
    const results = await writeValid(input.progressReport, items, common, this.#writes.progress);
    this.#queue.announce("watchable");
    return results;
  }

  /**
   * Changes only the given fields of a pending job, which keeps its age.
   * @throws NOT_FOUND; FAILED_PRECONDITION if it is not pending; ABORTED if the version differs;
   * RESOURCE_EXHAUSTED if its limit key or tags would make a lane too many
   */
  async update(
    id: string,
    given: input.JobChanges,
    { expectedVersion }: { expectedVersion?: number | undefined } = {},
  ): Promise<Job> {
    const key = parseInput(uuid, id, "id");
    const changes = parseInput(input.jobChanges, given);
    for (let attempt = 0; attempt < limits.jobMoves; attempt++) {
      const job = await this.get(key);
      requireVersion("job", key, expectedVersion, job.version);
      if (job.status !== "pending") throw forbiddenChange(job, "changed: only pending jobs can be");
      const entry = entryOfUpdate(job, changes);
      if (!entry) return job;
      const changed = changedJob(job, changes);
      for (const [, refusal] of await jobLimits.aboveTokenLimits(this.#db, [changed])) throw refusal;
      const laneId = laneIdOf(changed);
      const update = { id: key, version: job.version, laneId, bytes: bytesOf(changed), changes, entry };
      if (await this.#db.maybeOne(updateJob(update))) {
        this.#queue.lanes.add([{ ...changed, laneId }]);
        this.#queue.announce();
        return this.get(key);
      }
      if ((await this.#db.one(isQueueFull(laneId))).full) throw tooManyLanes();
    }
    throw keepsChanging(key);
  }

  /**
   * Cancels a job at once. The worker of a running one learns of it by its heartbeat. A cancelled one stays.
   * @throws NOT_FOUND, FAILED_PRECONDITION if it has completed or failed
   */
  async cancel(id: string, reason = ""): Promise<Job> {
    const why = parseInput(input.reasonText, reason, "reason");
    return this.#move(id, "cancelled", async (key) => {
      const [cancelled] = await this.#db.any(transitions.cancelJobs([key], why));
      return cancelled !== undefined;
    });
  }

  /**
   * Makes a failed or cancelled job pending again, with all its retries.
   * @throws NOT_FOUND, also without its benchmark; FAILED_PRECONDITION if it is neither, ALREADY_EXISTS if a
   * live job has its unique key
   */
  async retry(id: string): Promise<Job> {
    return this.#move(id, "pending", async (key, job) => {
      const [retried] = await this.#db.any(transitions.retryJobs([key]));
      if (retried) return true;
      if (job.benchmarkId !== null && !(await this.#db.maybeOne(query.benchmarkOfJob(key))))
        throw notFound("benchmark", job.benchmarkId);
      if (job.uniqueKey !== null && (job.status === "failed" || job.status === "cancelled")) {
        const holder = await this.#db.maybeOne(query.keyHolder(job.jobType, job.uniqueKey));
        if (holder) throw keyTaken(job.jobType, job.uniqueKey, holder.id);
      }
      return false;
    });
  }

  /** @throws NOT_FOUND, FAILED_PRECONDITION while it is running */
  async delete(id: string): Promise<void> {
    const key = parseInput(uuid, id, "id");
    for (let attempt = 0; attempt < limits.jobMoves; attempt++) {
      const [deleted] = await this.#db.any(transitions.deleteJobs([key]));
      if (deleted) return this.#queue.announce("watchable");
      const job = await this.get(key);
      if (job.status === "running") throw forbiddenChange(job, "deleted while it is running");
    }
    throw keepsChanging(key);
  }

  /** Cancels all pending and running jobs that match, in batches; or only counts them. */
  cancelMany(filter: input.BulkFilter, reason = "", options: DryRun = {}): Promise<ChangeResult> {
    const why = parseInput(input.reasonText, reason, "reason");
    const run = (ids: readonly string[]) => transitions.cancelJobs(ids, why);
    return this.#bulk(filter, { allowed: ["pending", "running"], run }, options);
  }

  /**
   * Retries all failed and cancelled jobs that match, in batches; or only counts them. Skips those whose
   * unique key is taken, or whose benchmark was deleted.
   */
  retryMany(filter: input.BulkFilter, options: DryRun = {}): Promise<ChangeResult> {
    const taken = new Set<string>();
    const foresee = (ids: readonly string[]) => foreseeRetries(this.#db, ids, taken);
    const run = transitions.retryJobs;
    return this.#bulk(filter, { allowed: ["failed", "cancelled"], run, foresee }, options);
  }

  /** Deletes jobs that ended over `days` days ago, in batches. Their attempts stay in the audit trail. */
  cleanupOldJobs(
    days: number = limits.jobAgeDaysDefault,
    statuses: readonly JobStatus[] = ["completed", "failed", "cancelled"],
  ): Promise<BulkResult> {
    return cleanUpJobs(this.#db, days, statuses);
  }

  /** One page of the jobs that match, newest first, ended ones by their end; or pending ones as claimed. */
  list(filter: input.JobFilter = {}, options: JobListOptions = {}): Promise<JobPage> {
    return listJobs(this.#db, this.#queue.lanes, filter, options);
  }

  /** Ready jobs in the order in which they will be claimed. */
  listPending(limit: number): Promise<readonly Job[]> {
    return this.#collect({ status: "pending", orderBy: "priority" }, limit);
  }

  /** Running jobs, newest first. */
  listRunning(limit: number): Promise<readonly Job[]> {
    return this.#collect({ status: "running" }, limit);
  }

  /** Jobs in this status, newest first; ended ones by when they ended. */
  listByStatus(status: JobStatus, limit: number): Promise<readonly Job[]> {
    return this.#collect({ status }, limit);
  }

  /** Jobs that a worker runs or ended. */
  listByWorker(workerId: string, limit: number): Promise<readonly Job[]> {
    return this.#collect({ workerId }, limit);
  }

  /** Failed jobs that have retries left, because their last failure was not to be retried. */
  async listRetryCandidates(limit: number): Promise<readonly Job[]> {
    const failed = await this.listByStatus("failed", limit);
    return failed.filter(({ retryCount, maxRetries }) => retryCount < maxRetries);
  }

  async countByStatus(status: JobStatus): Promise<number> {
    const stats = await this.getStats();
    return status === "pending" ? stats.pending + stats.scheduled : stats[status];
  }

  /** Groups failed jobs by their error, the largest group first: the newest 5,000 of the time asked for. */
  listFailureGroups(filter: input.FailureFilter = {}): Promise<GroupsRead<JobFailureGroup>> {
    return listFailureGroups(this.#db, filter);
  }

  /** What the queue did, step by step. Steps of which nothing is known are left out. */
  history(query: HistoryQuery = {}): Promise<readonly HistoryStep[]> {
    return readHistory(this.#db, query);
  }

  /** How many jobs are in each state, exact, in all and by type; without counting jobs. */
  getStats(
    filter: { jobType?: string; benchmarkId?: string } = {},
  ): Promise<JobStats & { byType: JobTypeStats[] }> {
    return jobStats(this.#db, filter);
  }

  /**
   * Watches changes of jobs on any server, until the loop is left. No change is missed. Changes that follow
   * each other closely may come as one, with the latest state, and after resuming one may come again. With
   * `ids` and without `after`, the present state of each of these jobs comes first. The first message, and
   * one after every 15 s of silence, only moves the cursor. An open transaction delays changes to its end.
   *
   * ```ts
   * for await (const { job, deleted, cursor } of db.jobs.watch({ jobType: "benchmark" })) …
   * ```
   * @throws CURSOR_EXPIRED if changes after the cursor are no longer kept, INVALID_CURSOR;
   * DATABASE_UNAVAILABLE after an outage of seconds: go on from the last cursor
   */
  watch(filter: WatchFilter = {}, options: JobWatchOptions = {}): AsyncGenerator<JobChange, never> {
    return watchJobs(this.#queue.feed, filter, options);
  }

  /** Sets the limit of a key, in place of a former one. Running jobs stay. */
  async setLimit(given: input.NewJobLimit): Promise<JobLimit> {
    const set = await jobLimits.setLimit(this.#db, given);
    this.#queue.announce();
    return set;
  }

  /**
   * Some of the different values of a field of jobs: types of jobs that there are, limit keys that have a
   * limit, and limit keys and tags of what has waited lately and of workers.
   */
  listFieldValues(field: (typeof jobFields)[number], options: FieldValuesOptions = {}): Promise<FieldValues> {
    return listFieldValues(this.#db, field, options);
  }

  /** @throws NOT_FOUND */
  async getLimit(limitKey: string): Promise<JobLimit> {
    return requireFound(await this.#db.maybeOne(getLimit(limitKey)), "job limit", limitKey);
  }

  /** One page of the limits, by key. */
  listLimits(options: PageOptions<input.LimitPosition> = {}): Promise<Page<JobLimit, input.LimitPosition>> {
    return jobLimits.listLimits(this.#db, options);
  }

  /** @throws NOT_FOUND */
  async deleteLimit(limitKey: string): Promise<void> {
    requireFound(await this.#db.maybeOne(deleteLimit(limitKey)), "job limit", limitKey);
    this.#queue.announce();
  }

  /** One page of the lanes that have jobs now, by type and limit key, and what holds these up. */
  listLanes(
    filter: input.LaneFilter = {},
    options: PageOptions<input.LanePosition> = {},
  ): Promise<Page<JobLane, input.LanePosition>> {
    return listLanes(this.#db, filter, options);
  }

  /** One page of the pauses, by type and limit key. */
  listPauses(options: PageOptions<input.PausePosition> = {}): Promise<Page<JobPause, input.PausePosition>> {
    return jobLimits.listPauses(this.#db, options);
  }

  /**
   * Keeps jobs from being claimed until `resume`, or for `durationMs`; running ones go on. Answers the lanes
   * with jobs now.
   */
  pause(pause: input.Pause): Promise<readonly JobLane[]> {
    return jobLimits.changePause(this.#db, insertPause, pause);
  }

  /** Ends the pause made with the same type and key, if there is one. */
  async resume(target: input.PauseTarget): Promise<readonly JobLane[]> {
    const lanes = await jobLimits.changePause(this.#db, deletePause, target);
    this.#queue.announce();
    return lanes;
  }

  /** Runs what creates jobs. Within a transaction no claim gets any: only its owner knows when it commits. */
  #handingOver<T>(work: (create: CreateJobs) => Promise<T>): Promise<T> {
    return this.#transaction ? work(createJobs) : this.#queue.handOver.run(work);
  }

  #announce(jobs: readonly JobToCreate[], submitted: readonly Submitted[]): void {
    this.#queue.lanes.add(jobs);
    if (submitted.some(({ job }) => job.waitsFor > 0)) this.#queue.settler.isAwaited = true;
    const isAllStarted = submitted.every(({ job }) => job.status === "running");
    this.#queue.announce(isAllStarted ? "watchable" : "claimable");
  }

  /** Finds the job whose id exists already, or is that of a job before it. */
  async #positionOfTaken(jobs: readonly JobToCreate[]): Promise<ServiceError> {
    const ids = jobs.map(({ id }) => id);
    // Within a transaction that has failed nothing can be asked any more.
    const rows = this.#transaction ? [] : await this.#db.any(query.existingJobs(ids));
    const existing = new Set(rows.map(({ id }) => id));
    const position = ids.findIndex((id, index) => existing.has(id) || ids.indexOf(id) < index);
    const id = ids[position];
    return id === undefined ? idTaken(undefined) : refusalAt(position, idTaken(id));
  }

  #in(db: Executor): JobRepository {
    return new JobRepository(db, this.#queue, { transaction: true, counts: this.#counts });
  }

  /** The first jobs that match, read by as many pages as it takes. */
  async #collect(filter: input.JobFilter, limit: number): Promise<readonly Job[]> {
    const found: Job[] = [];
    let after: JobPage["next"];
    do {
      const page = await this.list(filter, { limit: limit - found.length, after, full: true });
      found.push(...page.items);
      after = page.next;
    } while (after && found.length < limit);
    return found;
  }

  async #bulk(filter: input.BulkFilter, change: Change, options: DryRun): Promise<ChangeResult> {
    const result = await changeMany(this.#db, filter, change, options);
    if (!options.dryRun) this.#queue.announce();
    return result;
  }

  /** Looks at the job and tries again while it keeps moving between being ready, claimed and ended. */
  async #move(id: string, to: JobStatus, run: (key: string, job: Job) => Promise<boolean>): Promise<Job> {
    const key = parseInput(uuid, id, "id");
    const sources: JobStatus[] = to === "pending" ? ["failed", "cancelled"] : ["pending", "running"];
    for (let attempt = 0; attempt < limits.jobMoves; attempt++) {
      const job = await this.get(key);
      if (job.status === to && to === "cancelled") return job;
      if (!sources.includes(job.status))
        throw forbiddenChange(job, to === "pending" ? "retried" : "cancelled");
      if (await run(key, job)) {
        this.#queue.announce();
        return this.get(key);
      }
    }
    throw keepsChanging(key);
  }
}

function prepare(given: input.ParsedJob, fairBy: FairBy): JobToCreate {
  const job = withFairKey(given, fairBy);
  const { id = newId(), jobType, requiredTags, limitKey } = job;
  const laneId = laneIdOf({ jobType, requiredTags, limitKey: limitKey ?? null });
  const runAt = job.runAt && atMicroseconds(job.runAt);
  return { ...job, id, laneId, runAt, bytes: bytesOf(job), origin: currentOrigin() };
}

function withFairKey(job: input.ParsedJob, fairBy: FairBy): input.ParsedJob {
  if (fairBy === "none" || hasFairKey(job)) return job;
  return { ...job, fairKey: fairBy === "user" ? job.createdBy : job.benchmarkId };
}

/** A time as the database will answer it. */
function atMicroseconds(time: string): string {
  return `${time.slice(0, 19)}.${time.slice(20, -1).padEnd(6, "0").slice(0, 6)}Z`;
}
