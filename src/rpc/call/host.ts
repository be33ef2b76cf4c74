import { Access, type AccessOptions } from "../../auth/access.ts";
import type { ServiceError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Call } from "./call.ts";
import { shuttingDown } from "./call.ts";
import { CallStats } from "./method-stats.ts";

/** What both listeners and every call share. */
export class RpcHost {
  readonly log: Logger;
  readonly access: Access;
  readonly calls = new CallStats();
  /** Deadline of unary calls whose caller gave none, in milliseconds from their start. */
  readonly defaultDeadlineMs: number;
  /** Largest request or response message, in bytes. */
  readonly maxMessageBytes: number;
  readonly #running = new Set<Call>();
  readonly #feeds = new Set<Call>();
  #draining = false;

  constructor(options: {
    log: Logger;
    access: AccessOptions;
    defaultDeadlineMs: number;
    maxMessageBytes: number;
  }) {
    this.log = options.log;
    this.access = new Access(options.access, this);
    this.defaultDeadlineMs = options.defaultDeadlineMs;
    this.maxMessageBytes = options.maxMessageBytes;
  }

  begin(call: Call): void {
    this.#running.add(call);
  }

  end(call: Call): void {
    call.end();
    this.#running.delete(call);
    this.#feeds.delete(call);
  }

  /** Counts the call among those that `drain` ends. */
  endAtDrain(call: Call): void {
    if (this.#draining) call.stop(shuttingDown());
    else this.#feeds.add(call);
  }

  /** Ends the calls that would never end by themselves with UNAVAILABLE; the others go on. */
  drain(): void {
    this.#draining = true;
    for (const call of this.#feeds) call.stop(shuttingDown());
  }

  /** Ends the running calls that `reasonOf` gives a reason for. */
  stopWhere(reasonOf: (call: Call) => ServiceError | undefined): void {
    for (const call of this.#running) {
      const reason = reasonOf(call);
      if (reason) call.stop(reason);
    }
  }

  /** Ends every call that is still running with UNAVAILABLE and tells how many there were. */
  stopCalls(): number {
    const { size } = this.#running;
    for (const call of this.#running) call.stop(shuttingDown());
    return size;
  }
}
