/**
 * What an API key can be limited to. A key without scopes may do all that its user's role allows; one with scopes only what both allow.
 * SystemService.GetInfo lists them.
 */
export const scopes = [
  /** Benchmarks and evaluations, with their statistics. */
  "benchmarks:read",
  "benchmarks:write",
  /** Storing, re-scoring and deleting evaluations. */
  "evaluations:write",
  "jobs:read",
  /** Creating, cancelling, retrying and deleting jobs. */
  "jobs:write",
  /** All that a worker process does: registering, heartbeats, claiming and ending jobs. */
  "jobs:work",
  /** Limits, pauses and cleanup of the queue. */
  "queue:write",
  "workers:read",
  /** Draining and removing workers. */
  "workers:write",
  "users:read",
  "users:write",
  "keys:read",
  "keys:write",
  "audit:read",
  "audit:write",
  /** Figures of the service. */
  "system:read",
] as const;

export type Scope = (typeof scopes)[number];
