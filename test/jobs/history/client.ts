import { setTimeout as sleep } from "node:timers/promises";
import { Code } from "@connectrpc/connect";
import type { Pool } from "pg";
import { ServiceError } from "../../../src/errors.ts";
import { newId } from "../../../src/ids.ts";
import type { Lease } from "../../../src/jobs/claim/taking.ts";
import type { Job } from "../../../src/jobs/rows.ts";
import { QueueMaintenance } from "../../../src/jobs/upkeep/maintenance.ts";
import type { Database } from "../../../src/storage.ts";
import { completeAndClaim } from "../support.ts";
import type { Command } from "./commands.ts";
import type { History } from "./record.ts";

export const lanes = [
  { jobType: "a", requiredTags: [] },
  { jobType: "a", requiredTags: ["gpu"] },
  { jobType: "b", requiredTags: [] },
  { jobType: "b", requiredTags: ["gpu", "big"], limitKey: "k" },
];

export interface Shared {
  history: History;
  onlooker: Pool;
  /** Every job that any client knows of. */
  ids: string[];
}

/**
 * One caller, with what it knows. It follows its commands one after the other and writes down what it is
 * told.
 */
export class QueueClient {
  readonly #db: Database;
  readonly #workerId: string;
  readonly #shared: Shared;
  /** Also those that are long over: a stalled worker still acts on them. */
  #leases: Lease[] = [];

  constructor(db: Database, workerId: string, shared: Shared) {
    this.#db = db;
    this.#workerId = workerId;
    this.#shared = shared;
  }

  async follow(commands: readonly Command[]): Promise<void> {
    for (const command of commands) {
      try {
        await this.#do(command);
      } catch (error) {
        // What other clients do may make these right answers.
        const expected = [Code.NotFound, Code.FailedPrecondition];
        if (error instanceof ServiceError && expected.includes(error.code)) continue;
        this.#shared.history.errors.push(`${JSON.stringify(command)}: ${error}`);
      }
    }
  }

  #do(command: Command): Promise<unknown> {
    switch (command.op) {
      case "create":
        return this.#create(command);
      case "claim":
        return this.#claim(command);
      case "complete":
      case "fail":
      case "release":
      case "snooze":
      case "progress":
        return this.#report(command);
      case "cancel":
      case "retry":
      case "delete":
        return this.#change(command.op, command.pick);
      case "cancelMany":
        return this.#bulk(command.op, () => this.#db.jobs.cancelMany(filterOf(command.lane)));
      case "retryMany":
        return this.#bulk(command.op, () => this.#db.jobs.retryMany(filterOf(command.lane)));
      case "cleanup":
        return this.#bulk(command.op, () => this.#db.jobs.cleanupOldJobs(0));
      case "maintain":
        return new QueueMaintenance(this.#db.executor, this.#db.queue).run();
      case "expire":
        return this.#expire(command.pick);
      case "steal":
        return this.#steal(command.pick);
      case "hold":
        return this.#hold(command);
      case "due":
        return this.#makeDue();
      case "crash":
        this.#leases = [];
        return Promise.resolve();
    }
  }

  async #create({
    lane,
    priority,
    key,
    later,
    jobs,
    fair,
    after,
    anyway,
  }: Extract<Command, { op: "create" }>): Promise<void> {
    const { history, ids } = this.#shared;
    const base = { ...lanes[lane], jobType: lanes[lane]?.jobType ?? "a", priority };
    const runAt = later ? new Date(Date.now() + 60_000).toISOString() : undefined;
    const dependsOn = ids.length === 0 ? [] : after.map((pick) => ids[pick % ids.length] ?? "");
    const uniqueKey = key === null ? undefined : `key ${key}`;
    const wanted = Array.from({ length: key === null ? jobs : 1 }, () => ({
      ...base,
      id: newId(),
      runAt,
      uniqueKey,
      fairKey: fair === null ? undefined : `fair ${fair}`,
      dependsOn,
      runsAfterFailure: anyway,
    }));
    ids.push(...wanted.map(({ id }) => id));
    const began = Date.now();
    let made: readonly Job[];
    try {
      made =
        wanted.length === 1
          ? await Promise.all(wanted.map((job) => this.#db.jobs.create(job)))
          : await this.#db.jobs.createMany(wanted);
    } catch (error) {
      if (error instanceof ServiceError && error.reason === "UNIQUE_KEY_TAKEN") return;
      throw error;
    }
    const ended = Date.now();
    for (const { id, jobType, workerId } of made)
      history.created.push({ id, jobType, uniqueKey, dependsOn, anyway, givenTo: workerId, began, ended });
  }

  async #claim({ max, narrow, waitMs }: Extract<Command, { op: "claim" }>): Promise<void> {
    const began = Date.now();
    const { leases } = await this.#db.jobs.claim({
      workerId: this.#workerId,
      maxJobs: max,
      jobTypes: narrow ? ["a"] : [],
      waitMs,
    });
    this.#receive(leases, began);
  }

  #receive(leases: readonly Lease[], began: number): void {
    const ended = Date.now();
    this.#leases.push(...leases);
    for (const { id, epoch, workerId } of leases)
      this.#shared.history.granted.push({ id, epoch, workerId, began, ended });
  }

  async #report({
    op,
    pick,
    ...more
  }: Extract<Command, { op: "complete" | "fail" | "release" | "snooze" | "progress" }>) {
    const chosen =
      this.#leases.length === 0 ? [] : Array.from({ length: more.items }, (_, i) => this.#lease(pick + i));
    const items = [...new Set(chosen)].map(({ id, epoch }) => ({ jobId: id, epoch, result: newId() }));
    if (items.length === 0) return;
    const began = Date.now();
    const next = "next" in more ? more.next : 0;
    const results =
      next > 0
        ? await this.#completeAndClaim(items, next, began)
        : await this.#send(op, items, "retryable" in more && more.retryable);
    const ended = Date.now();
    if (results.length !== items.length) throw new Error("another number of results than of items");
    for (const [index, { jobId: id, epoch, result }] of items.entries()) {
      const outcome = results[index]?.outcome ?? "not_found";
      this.#shared.history.reported.push({
        op,
        id,
        epoch,
        workerId: this.#workerId,
        outcome,
        result,
        began,
        ended,
      });
    }
  }

  async #completeAndClaim(
    items: { jobId: string; epoch: number; result: string }[],
    next: number,
    began: number,
  ) {
    const claim = { workerId: this.#workerId, maxJobs: next };
    const { results, leases } = await completeAndClaim(this.#db, this.#workerId, items, claim);
    this.#receive(leases ?? [], began);
    return results;
  }

  #send(op: string, items: { jobId: string; epoch: number; result: string }[], retryable: boolean) {
    const refs = items.map(({ jobId, epoch }) => ({ jobId, epoch }));
    if (op === "complete") return this.#db.jobs.complete(this.#workerId, items);
    if (op === "release") return this.#db.jobs.release(this.#workerId, refs);
    if (op === "snooze") {
      // Some of the jobs have limit keys, which are held meanwhile.
      const [delayMs, holdLimitKey] = [1, refs.length > 1];
      return this.#db.jobs.release(
        this.#workerId,
        refs.map((ref) => ({ ...ref, delayMs, holdLimitKey })),
      );
    }
    if (op === "progress") {
      return this.#db.jobs.progress(
        this.#workerId,
        refs.map((ref) => ({ ...ref, progress: 0.5, message: "m" })),
      );
    }
    return this.#db.jobs.fail(
      this.#workerId,
      refs.map((ref) => ({ ...ref, error: "e", retryable, retryAfterMs: 0 })),
    );
  }

  #lease(pick: number): Lease {
    // Often the latest, sometimes one from long ago.
    const index =
      pick % 3 === 0
        ? pick % this.#leases.length
        : this.#leases.length - 1 - (pick % Math.min(4, this.#leases.length));
    const lease = this.#leases[index];
    if (!lease) throw new Error(`no lease ${index}`);
    return lease;
  }

  async #change(op: "cancel" | "retry" | "delete", pick: number): Promise<void> {
    const { history, ids } = this.#shared;
    const id = ids[pick % ids.length];
    if (id === undefined) return;
    const began = Date.now();
    try {
      await this.#db.jobs[op](id);
    } catch (error) {
      if (error instanceof ServiceError && error.reason === "UNIQUE_KEY_TAKEN") return;
      throw error;
    }
    history.changed.push({ op, id, began, ended: Date.now() });
  }

  async #bulk(
    op: "cancelMany" | "retryMany" | "cleanup",
    run: () => Promise<{ affected: number }>,
  ): Promise<void> {
    const began = Date.now();
    const { affected } = await run();
    this.#shared.history.bulk.push({ op, affected, began, ended: Date.now() });
  }

  /** As if the worker of a job had been silent for too long. */
  async #expire(pick: number): Promise<void> {
    await this.#shared.onlooker.query(
      `update job_leases set expires_at = clock_timestamp() - interval '1 s'
      where ctid = any (array(
        select ctid from job_leases order by job_id offset $1 % greatest((select count(*) from job_leases), 1) limit 1
        for update skip locked
      ))`,
      [pick],
    );
  }

  /** A lease runs out and its job is ready for the next at once, while its worker still believes in it. */
  async #steal(pick: number): Promise<void> {
    const { onlooker } = this.#shared;
    const maintenance = new QueueMaintenance(this.#db.executor, this.#db.queue);
    await this.#expire(pick);
    await maintenance.run();
    await this.#makeDue();
    await maintenance.run();
    const { rows } = await onlooker.query("select 1 from job_ready limit 1");
    if (rows.length > 0) await this.#claim({ op: "claim", max: 2, narrow: false, waitMs: 0 });
  }

  /** Nothing is waited for while rows are held, so this is part of no deadlock. */
  async #hold({ table, ms }: Extract<Command, { op: "hold" }>): Promise<void> {
    const client = await this.#shared.onlooker.connect();
    try {
      await client.query("begin");
      await client
        .query(`select 1 from ${table} order by random() limit 3 for update skip locked`)
        .catch(() => undefined);
      await sleep(ms);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  async #makeDue(): Promise<void> {
    await this.#shared.onlooker.query(
      `with due as (
        update job_scheduled set run_at = clock_timestamp() - random() * interval '1 s'
        where ctid = any (array(select ctid from job_scheduled limit 2 for update skip locked))
        returning *
      ) update jobs j set run_at = due.run_at from due where j.id = due.job_id`,
    );
  }
}

function filterOf(lane: number) {
  return { jobType: lanes[lane]?.jobType ?? "a" };
}
