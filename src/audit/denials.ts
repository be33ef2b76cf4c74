import type { Origin } from "../call-scope.ts";
import type { Reason } from "../errors.ts";

/** A call that was refused for who made it: UNAUTHENTICATED or PERMISSION_DENIED. */
export interface DeniedCall {
  /** For example `ltb.v1.BenchmarkService/DeleteBenchmark`. */
  readonly method: string;
  readonly code: "UNAUTHENTICATED" | "PERMISSION_DENIED";
  readonly reason: Reason;
  /** As the caller got it: no secrets. */
  readonly message: string;
  /** What the error named, for example `{ entity: "benchmark", id: "…" }`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Who called and from where; without a user if nobody was authenticated. */
  readonly origin: Origin;
}

/** Where denied calls are kept. */
export interface Denials {
  /**
   * Called for every denied call, of which anybody who reaches a port can make as many as it likes: it returns at once, never
   * throws, and bounds what it keeps.
   */
  recordDenied(denied: DeniedCall): void;
}
