import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import type { MaintenanceTask } from "../../maintenance.ts";
import { type Cleanup, cleanUpAuditLogs } from "./cleanup.ts";
import { AuditChain, type ChainOptions } from "./seal-task.ts";
import { Sealer } from "./sealer.ts";
import { type Verification, type VerifyOptions, verifyChain } from "./verify.ts";

/** What makes the audit trail tamper-evident: sealing, verifying, and the one way in which entries leave. */
export class AuditTrail {
  readonly #chain: AuditChain;
  readonly #sealer: Sealer;

  constructor(db: Executor, options: ChainOptions = {}) {
    this.#chain = new AuditChain(db, options);
    this.#sealer = new Sealer(this.#chain);
  }

  /**
   * Looks for the key, and makes it where that is wanted; says in the log if there is none.
   * @throws ConfigError if the key file is malformed, or missing where it is required
   */
  async open(): Promise<void> {
    await this.#chain.keys();
  }

  /** Seals what waits for it, a round of it: see Sealer. @returns the number of entries sealed */
  seal(): Promise<number> {
    return this.#sealer.run();
  }

  get tasks(): MaintenanceTask[] {
    return [{ name: "seals of the audit trail", everyMs: limits.auditSealMs, run: () => this.seal() }];
  }

  /** Compares the trail with its seals: see verifyChain. */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyChain(this.#chain, options);
  }

  /** Removes old entries: see cleanUpAuditLogs. */
  cleanUp(olderThanDays: number): Promise<Cleanup> {
    return cleanUpAuditLogs(this.#chain, this.#sealer, olderThanDays);
  }
}
