import type { Executor } from "../../database/statement/executor.ts";
import { limits } from "../../limits.ts";
import type { MaintenanceTask } from "../../maintenance.ts";
import { type Cleanup, cleanUpAuditLogs } from "./cleanup.ts";
import { AuditChain, type ChainOptions } from "./seal-task.ts";
import { Sealer } from "./sealer.ts";
import { type AuditStatus, readStatus, recordVerification } from "./status.ts";
import { type Verification, type VerifyOptions, verifyChain } from "./verify.ts";

/** Makes the audit trail tamper-evident: it seals, verifies, and is the only way in which entries leave. */
export class AuditTrail {
  readonly #chain: AuditChain;
  readonly #sealer: Sealer;

  constructor(db: Executor, options: ChainOptions = {}) {
    this.#chain = new AuditChain(db, options);
    this.#sealer = new Sealer(this.#chain);
  }

  /**
   * Looks for the key and makes it if that is wanted. If there is none, the log says so. A database that is
   * new is taken as such, before anything is written to it.
   * @throws ConfigError if the key file is malformed, or missing where it is required
   */
  async open(): Promise<void> {
    if ((await this.#chain.keys()) === undefined) return;
    await this.#chain.known();
    await this.#chain.saveHead();
  }

  /** Takes the end of the chain as it is for the true one, after a restore. The log says what is amiss. */
  acceptRestored(): Promise<void> {
    return this.#chain.acceptRestored();
  }

  /** Seals waiting entries, for one round: see Sealer. @returns the number of entries sealed */
  seal(): Promise<number> {
    return this.#sealer.run();
  }

  get tasks(): MaintenanceTask[] {
    const times = { everyMs: limits.auditSealMs, statementMs: limits.statementMs };
    return [{ name: "seals of the audit trail", ...times, run: () => this.seal() }];
  }

  /** Compares the trail with its seals: see verifyChain. */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyChain(this.#chain, options);
  }

  /** Verifies, and records it: see verifyChain. */
  async verifyAndRecord(options: VerifyOptions): Promise<Verification> {
    const verification = await this.verify(options);
    await recordVerification(this.#chain.db, verification, options);
    return verification;
  }

  /** Reads how the trail stands, which proves nothing: see readStatus. */
  status(): Promise<AuditStatus> {
    return readStatus(this.#chain.db);
  }

  /** Removes old entries: see cleanUpAuditLogs. */
  cleanUp(olderThanDays: number): Promise<Cleanup> {
    return cleanUpAuditLogs(this.#chain, this.#sealer, olderThanDays);
  }
}
