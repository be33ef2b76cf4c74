import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { backoffMs } from "../../backoff.ts";
import { durationMs } from "../../wire/duration.ts";
import type { LtbClient } from "../client.ts";
import type { WorkerLog } from "./log.ts";
import { pause } from "./notifier.ts";
import type { WorkerSettings } from "./options.ts";

const TIMEOUT_MS = 10_000;
const hopeless = [Code.InvalidArgument, Code.Unauthenticated, Code.PermissionDenied, Code.Unimplemented];

/** The worker's place in the registry. */
export class Registration {
  readonly #client: LtbClient;
  readonly #settings: WorkerSettings;
  readonly #log: WorkerLog;
  readonly #signal: AbortSignal;
  #again: Promise<void> | undefined;
  heartbeatIntervalMs = 5_000;

  /** @param signal ends attempts to register again */
  constructor(client: LtbClient, settings: WorkerSettings, log: WorkerLog, signal: AbortSignal) {
    this.#client = client;
    this.#settings = settings;
    this.#log = log;
    this.#signal = signal;
  }

  /**
   * Registers, however long the service takes to come up, and gives up when the signal aborts.
   * @throws ConnectError if it never can, for example with a wrong key
   */
  async register(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await this.#register(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ConnectError && hopeless.includes(error.code)) throw error;
        this.#log.warn({ err: error, attempt }, "could not register yet; trying again");
        await pause(backoffMs(attempt, 100, 2_000), signal);
      }
    }
  }

  /** Registers again after the service did not know the worker. Never throws: the next call tells again. */
  registerAgain(): Promise<void> {
    this.#again ??= this.#register(this.#signal)
      .then(
        () => this.#log.warn({}, "the service did not know this worker; registered again"),
        (error: unknown) => this.#log.warn({ err: error }, "could not register again yet"),
      )
      .finally(() => {
        this.#again = undefined;
      });
    return this.#again;
  }

  /** Leaves the registry, if the service can be reached. Jobs still held go to other workers at once. */
  async deregister(reason: string): Promise<void> {
    const { workerId } = this.#settings;
    for (let attempt = 1; attempt <= 3; attempt++) {
      try {
        const { jobsReleased } = await this.#client.workers.deregisterWorker(
          { workerId, reason },
          { timeoutMs: 2_000 },
        );
        this.#log.info({ jobsReleased }, "deregistered");
        return;
      } catch (error) {
        if (error instanceof ConnectError && error.code === Code.NotFound) return;
        if (attempt === 3)
          this.#log.warn({ err: error }, "could not deregister; the leases left will expire");
        else await sleep(backoffMs(attempt, 200, 1_000));
      }
    }
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { workerId, capacity, prefetch, tags, jobTypes, metadata, version } = this.#settings;
    const places = capacity + prefetch;
    const { heartbeatInterval } = await this.#client.workers.registerWorker(
      { workerId, capacity: places, tags, jobTypes, version, ...(metadata && { metadata }) },
      { signal, timeoutMs: TIMEOUT_MS },
    );
    if (heartbeatInterval) this.heartbeatIntervalMs = durationMs(heartbeatInterval);
  }
}
