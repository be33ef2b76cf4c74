import type { Origin } from "../call-scope.ts";
import type { Reason } from "../errors.ts";

/** A call that was refused because of its caller: UNAUTHENTICATED or PERMISSION_DENIED. */
export interface DeniedCall {
  /** For example `ltb.v1.BenchmarkService/DeleteBenchmark`. */
  readonly method: string;
  readonly code: "UNAUTHENTICATED" | "PERMISSION_DENIED";
  readonly reason: Reason;
  /** The message as the caller got it, which has no secrets. */
  readonly message: string;
  /** Facts that the error named, for example `{ entity: "benchmark", id: "…" }`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The caller and its address; without a user if nobody was authenticated. */
  readonly origin: Origin;
}

/** Records denied calls. */
export interface Denials {
  /**
   * Notes a denied call. Anybody who reaches a port can make any number of them, so `denied` returns at once,
   * never throws, and bounds its memory.
   */
  recordDenied(denied: DeniedCall): void;
}
