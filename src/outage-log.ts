import type { Log } from "./log.ts";

/** Logs the first failure of an outage and its end, however many failures are between them. */
export class OutageLog {
  readonly #log: Log | undefined;
  readonly #end: string | undefined;
  #kind: string | undefined;

  /** @param end the message of the line at the end of an outage. Default: there is no such line */
  constructor(log: Log | undefined, end?: string) {
    this.#log = log;
    this.#end = end;
  }

  /** @param options.kind a failure of another kind than the last is logged too. Default: one kind */
  failed(
    details: object,
    message: string,
    { kind = "", level = "warn" }: { kind?: string; level?: "warn" | "error" } = {},
  ): void {
    if (this.#kind === kind) return;
    this.#kind = kind;
    this.#log?.[level](details, message);
  }

  works(): void {
    if (this.#kind === undefined) return;
    this.#kind = undefined;
    if (this.#end !== undefined) this.#log?.info({}, this.#end);
  }
}
