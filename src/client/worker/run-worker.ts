import type { Lease } from "../../../gen/ltb/v1/job_pb.ts";
import { createClient } from "../client.ts";
import { Claims } from "./claims.ts";
import { deliveries } from "./deliveries.ts";
import { beat } from "./heartbeats.ts";
import { abort, type HeldLease, Leases } from "./leases.ts";
import { consoleLog, logWith } from "./log.ts";
import { Notifier } from "./notifier.ts";
import { settingsOf, type WorkerOptions } from "./options.ts";
import { ProgressReports } from "./progress.ts";
import { Registration } from "./registration.ts";
import { runJob } from "./run-job.ts";
import { onStopSignal } from "./stop-signals.ts";

/** Time at a stop for aborted handlers to return, and then for outcomes to be delivered. */
const ABORT_GRACE_MS = 1_000;
const DELIVERY_GRACE_MS = 5_000;

/** A running worker. */
export interface RunningWorker {
  /**
   * Stops in order: it claims no more, gives back jobs that have not started, waits for running jobs,
   * delivers their outcomes and leaves the registry. May be called again. Resolves when all of that is done.
   */
  stop(): Promise<void>;
  /** Resolves when the worker has stopped; rejects if the service refuses its key or one of its options. */
  done: Promise<void>;
}

/**
 * Runs jobs of the queue until it is stopped.
 *
 * ```ts
 * const worker = runWorker({
 *   address: "localhost:50052",
 *   apiKey: process.env.LTB_API_KEY,
 *   workerId: `worker-${hostname()}`,
 *   capacity: 8,
 *   handleSignals: true,
 *   handlers: {
 *     benchmark: async ({ payload }, { signal, progress }) => {
 *       progress(0, "asking the model");
 *       const response = await fetch(modelUrl, { method: "POST", body: JSON.stringify(payload), signal });
 *       if (response.status === 429) throw new JobError("rate limited", { retryAfterMs: 10_000 });
 *       if (response.status === 400) throw new JobError(await response.text(), { retryable: false });
 *       const { answer, score } = await response.json();
 *       const evaluation = { sampleId: "17", input: "What is 2 + 2?", output: answer, score };
 *       return withEvaluations({ score }, [evaluation]);
 *     },
 *   },
 * });
 * await worker.done;
 * ```
 *
 * It survives restarts of the service and network failures: jobs keep running, and outcomes are sent until
 * the service has accepted or refused them. The signal of a cancelled or lost job is aborted. When an
 * operator drains the worker, it finishes running jobs, gives back jobs that have not started, and stays
 * registered without work until it is stopped or the drain ends. Handlers that block the event loop for
 * longer than `leaseMs` lose their jobs, because no heartbeat can be sent.
 * @throws TypeError, RangeError naming the option that is wrong
 */
export function runWorker(options: WorkerOptions): RunningWorker {
  const settings = settingsOf(options);
  const { workerId, capacity, prefetch, leaseMs } = settings;
  const { address, apiKey, tls } = options;
  const log = logWith(options.log ?? consoleLog, { workerId });
  // The worker itself repeats its calls, for longer than a client would.
  const client = createClient({ ...(address !== undefined && { address }), apiKey, tls, retry: false });

  /** Ends claims. */
  const stopping = new AbortController();
  /** Ends everything. */
  const closed = new AbortController();
  const changes = new Notifier();
  const changed = () => changes.notify();
  const leases = new Leases(capacity, prefetch, changed);
  const unknown = () => registration.registerAgain();
  const claimant = {
    wanted: (freed: number) => (draining || stopping.signal.aborted ? 0 : leases.wantedAfter(freed)),
    changed: (signal: AbortSignal) => changes.changed(signal),
    notify: changed,
    received,
    ordered,
    unknown,
  };
  const claims = new Claims(client, settings, claimant, log);
  const outcomes = deliveries(client, { workerId, leases, log }, claims, changed);
  const progress = new ProgressReports(client, { workerId, leaseMs, leases, log, signal: closed.signal });
  const registration = new Registration(client, settings, log, closed.signal);
  let draining = false;

  const startJobs = () => {
    for (let held = leases.start(); held !== undefined; held = leases.start()) void run(held);
  };

  async function run(held: HeldLease): Promise<void> {
    const { job, lease } = held;
    const outcome = await runJob(held, settings.handlerOf(job.jobType), {
      lease,
      log: logWith(log, { jobId: job.id, attempt: lease.attempt }),
      progress: (fraction, message) => progress.report(held, fraction, message),
    });
    if (leases.ended(held)) outcomes.deliver(held, outcome);
    startJobs();
  }

  function giveBackQueued(): void {
    for (const held of leases.takeQueued()) outcomes.deliver(held, { kind: "released" });
  }

  function ordered(drain: boolean): void {
    if (drain === draining) return;
    draining = drain;
    log.info({}, drain ? "told to drain: no more jobs are claimed" : "the drain has ended");
    if (drain) giveBackQueued();
    changed();
  }

  function received(granted: readonly Lease[], receivedAt: number): void {
    for (const lease of granted) leases.add(lease, receivedAt);
    if (stopping.signal.aborted) giveBackQueued();
    else startJobs();
  }

  async function work(): Promise<void> {
    await registration.register(stopping.signal);
    if (stopping.signal.aborted) return;
    log.info({ capacity, prefetch, jobTypes: settings.jobTypes }, "registered");
    const beating = beat(
      client,
      settings,
      { leases, intervalMs: () => registration.heartbeatIntervalMs, renewed: startJobs, ordered, unknown },
      log,
      closed.signal,
    );
    await claims.poll(stopping.signal);
    await finish();
    closed.abort();
    await beating;
    await registration.deregister("the worker stopped");
  }

  async function finish(): Promise<void> {
    const started = performance.now();
    giveBackQueued();
    if (!(await changes.until(() => leases.running === 0, settings.drainTimeoutMs))) {
      log.warn({ jobs: leases.running }, "jobs still run; aborting them");
      for (const held of leases.held) if (held.state === "running") abort(held, "stopped");
      await changes.until(() => leases.running === 0, ABORT_GRACE_MS);
    }
    const left = Math.max(settings.drainTimeoutMs - (performance.now() - started), DELIVERY_GRACE_MS);
    outcomes.hurry(left);
    if (!(await changes.until(() => outcomes.size === 0, left)))
      log.error(
        { outcomes: outcomes.size },
        "outcomes could not be delivered in time; the jobs will run again",
      );
    outcomes.abandon();
  }

  const forget = options.handleSignals ? onStopSignal(() => stopping.abort()) : () => undefined;
  const done = work().finally(() => {
    closed.abort();
    outcomes.abandon();
    progress.close();
    forget();
    client.close();
  });
  done.catch((error: unknown) => log.error({ err: error }, "the worker cannot run"));
  return {
    done,
    stop() {
      stopping.abort();
      return done.catch(() => undefined);
    },
  };
}
