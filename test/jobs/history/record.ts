import type { LeaseOutcome } from "../../../src/jobs/writes.ts";

/** What was known before the call and after its answer, in milliseconds of this machine's clock. */
interface Span {
  began: number;
  ended: number;
}

export interface Created extends Span {
  id: string;
  jobType: string;
  uniqueKey: string | undefined;
  dependsOn: readonly string[];
  /** Whether it runs also after what did not complete. */
  anyway: boolean;
  /** The worker of a claim that waited, if it was given the job at once. */
  givenTo: string | null;
}

export interface Granted extends Span {
  id: string;
  epoch: number;
  workerId: string;
}

export interface Reported extends Span {
  op: "complete" | "fail" | "release" | "snooze" | "progress";
  id: string;
  epoch: number;
  workerId: string;
  outcome: LeaseOutcome;
  /** What a completion carried. */
  result: string | undefined;
}

export interface Changed extends Span {
  op: "cancel" | "retry" | "delete";
  id: string;
}

/** Everything that the clients of one schedule were told. */
export class History {
  readonly created: Created[] = [];
  readonly granted: Granted[] = [];
  readonly reported: Reported[] = [];
  readonly changed: Changed[] = [];
  /** A bulk change may have touched any job. */
  readonly bulk: (Span & { op: "cancelMany" | "retryMany" | "cleanup"; affected: number })[] = [];
  /** What no caller should ever see. */
  readonly errors: string[] = [];
}
