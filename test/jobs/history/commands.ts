import fc from "fast-check";

/** What one client does next. `pick` chooses among what it knows, modulo their number. */
export type Command =
  | {
      op: "create";
      lane: number;
      priority: number;
      key: number | null;
      later: boolean;
      jobs: number;
      fair: number | null;
      /** Picks jobs that these are to run after; `anyway`: however those end. */
      after: number[];
      anyway: boolean;
    }
  | { op: "claim"; max: number; narrow: boolean; waitMs: number }
  | { op: "release" | "snooze" | "progress"; pick: number; items: number }
  /** `next` jobs are claimed along with it. */
  | { op: "complete"; pick: number; items: number; next: number }
  | { op: "fail"; pick: number; items: number; retryable: boolean }
  | { op: "cancel" | "retry" | "delete" | "expire" | "steal"; pick: number }
  | { op: "hold"; table: (typeof heldTables)[number]; ms: number }
  | { op: "cancelMany" | "retryMany"; lane: number }
  | { op: "cleanup" | "maintain" | "crash" | "due" };

/** Rows that are locked for a while, so that statements pile up with what they read before it had changed. */
export const heldTables = [
  "worker_slots",
  "job_leases",
  "job_ready",
  "job_finished",
  "job_scheduled",
  "jobs",
] as const;

export interface Schedule {
  /** The commands of each client; they run at the same time. */
  clients: Command[][];
}

const pick = fc.nat(999);
const items = fc.integer({ min: 1, max: 4 });

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      op: fc.constant("create" as const),
      lane: fc.nat(3),
      priority: fc.nat(2),
      key: fc.option(fc.nat(2), { freq: 1 }),
      later: fc.boolean(),
      jobs: fc.integer({ min: 1, max: 2 }),
      fair: fc.option(fc.nat(2), { freq: 1 }),
      after: fc.oneof(fc.constant<number[]>([]), fc.array(pick, { maxLength: 2 })),
      anyway: fc.boolean(),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      op: fc.constant("claim" as const),
      max: fc.integer({ min: 1, max: 4 }),
      narrow: fc.boolean(),
      // Jobs that others create meanwhile are given to claims that wait.
      waitMs: fc.constantFrom(0, 0, 5, 30),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({ op: fc.constant("complete" as const), pick, items, next: fc.nat(3) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant("fail" as const), pick, items, retryable: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("release" as const), pick, items }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("snooze" as const), pick, items }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("progress" as const), pick, items }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("cancel" as const), pick }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("retry" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("expire" as const), pick }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant("steal" as const), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("hold" as const),
      table: fc.constantFrom(...heldTables),
      ms: fc.integer({ min: 1, max: 15 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("cancelMany" as const), lane: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("retryMany" as const), lane: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant({ op: "cleanup" as const }) },
  { weight: 5, arbitrary: fc.constant({ op: "maintain" as const }) },
  { weight: 3, arbitrary: fc.constant({ op: "due" as const }) },
  { weight: 2, arbitrary: fc.constant({ op: "crash" as const }) },
);

export const schedule: fc.Arbitrary<Schedule> = fc.record({
  clients: fc.array(fc.array(command, { minLength: 8, maxLength: 24, size: "max" }), {
    minLength: 4,
    maxLength: 8,
    size: "max",
  }),
});
