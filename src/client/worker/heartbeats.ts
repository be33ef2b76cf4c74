import { availableParallelism, freemem, loadavg, totalmem } from "node:os";
import { Code, ConnectError } from "@connectrpc/connect";
import { backoffMs } from "../../backoff.ts";
import { durationMs, toDuration } from "../../wire/duration.ts";
import type { LtbClient } from "../client.ts";
import type { Leases } from "./leases.ts";
import type { WorkerLog } from "./log.ts";
import { pause } from "./notifier.ts";
import type { WorkerSettings } from "./options.ts";

/** The part of the worker that heartbeats need. */
export interface Beating {
  leases: Leases;
  intervalMs(): number;
  /** Called after each heartbeat, which may have renewed leases. */
  renewed(): void;
  ordered(drain: boolean): void;
  unknown(): Promise<void>;
}

/**
 * Keeps worker and leases alive until the signal aborts, also those of waiting jobs and undelivered outcomes,
 * at the interval that the service asks for, or three times per lease if that is shorter.
 */
export async function beat(
  client: LtbClient,
  settings: WorkerSettings,
  beating: Beating,
  log: WorkerLog,
  signal: AbortSignal,
): Promise<void> {
  const intervalMs = () => Math.min(beating.intervalMs(), settings.leaseMs / 3);
  let failures = 0;
  await pause(intervalMs(), signal);
  while (!signal.aborted) {
    try {
      await heartbeat(client, settings, beating, Math.max(intervalMs(), 1_000), signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      if (error instanceof ConnectError && error.code === Code.NotFound) await beating.unknown();
      else log.warn({ err: error }, "the heartbeat failed; trying again");
    }
    await pause(
      failures === 0 ? intervalMs() : Math.min(intervalMs(), backoffMs(failures, 100, 2_000)),
      signal,
    );
  }
}

async function heartbeat(
  client: LtbClient,
  { workerId, leaseMs }: WorkerSettings,
  { leases, renewed, ordered }: Beating,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const held = leases.held;
  const sentAt = performance.now();
  const answer = await client.workers.heartbeat(
    {
      workerId,
      leases: held.map(({ job, lease }) => ({ jobId: job.id, epoch: lease.epoch })),
      lease: toDuration(leaseMs),
      cpu: Math.min(1, (loadavg()[0] ?? 0) / availableParallelism()),
      memory: 1 - freemem() / totalmem(),
    },
    { signal, timeoutMs },
  );
  for (const cause of ["cancelled", "lost"] as const) {
    for (const ref of answer[cause]) {
      const dropped = leases.find(ref);
      if (dropped) leases.drop(dropped, cause);
    }
  }
  if (answer.expiresIn) for (const lease of held) lease.expiresAt = sentAt + durationMs(answer.expiresIn);
  renewed();
  ordered(answer.drain);
}
