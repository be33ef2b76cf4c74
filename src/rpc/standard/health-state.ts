import { Waiter } from "../../wait.ts";

/** The reason why the service does not serve. */
export type NotReady = "STARTING" | "DATABASE_UNAVAILABLE" | "SHUTTING_DOWN";

/** Whether the service can do its work: the one source of gRPC health and `/readyz`. */
export class HealthState {
  #notReady: NotReady | undefined = "STARTING";
  readonly #watchers = new Set<Waiter<void>>();

  /** Undefined while the service serves. */
  get notReady(): NotReady | undefined {
    return this.#notReady;
  }

  /** `undefined` for ready. SHUTTING_DOWN is final. */
  set(notReady: NotReady | undefined): void {
    if (notReady === this.#notReady || this.#notReady === "SHUTTING_DOWN") return;
    this.#notReady = notReady;
    for (const watcher of this.#watchers) watcher.resolve();
  }

  /** Resolves at the next change, or when `signal` aborts. */
  changed(signal: AbortSignal): Promise<void> {
    const waiter = new Waiter<void>({
      onAbort: () => waiter.resolve(),
      onEnd: () => this.#watchers.delete(waiter),
    });
    this.#watchers.add(waiter);
    return waiter.wait(signal);
  }
}
