import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { closeClient } from "../database/connection/client.ts";
import { findConnection } from "../database/connection/connect.ts";
import { openClient } from "../database/connection/session.ts";
import { messageOf } from "../thrown.ts";
import { formatSpan } from "../time-span.ts";
import { type Check, type Finding, fail, ok, rowReader, size, warn } from "./check.ts";

const held = 1024 ** 3;
const heldTooMuch = 10 * held;

type Slot = { name: string; active: boolean; bytes: number; lost: boolean };

/** Checks replication slots. A slot that nobody reads keeps the log until the disk is full. */
export const slots: Check = async ({ client }) => {
  const { rows: found } = await client.query<Slot>(`
    select slot_name as name, active, coalesce(to_jsonb(s) ->> 'wal_status' = 'lost', false) as lost,
      coalesce(pg_wal_lsn_diff(
        case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn
      ), 0)::float8 as bytes
    from pg_replication_slots s`);
  const findings = judgeSlots(found);
  return findings.length > 0 ? findings : ok(found.length === 0 ? "none" : "all are read");
};

export function judgeSlots(found: readonly Slot[]): readonly Finding[] {
  return found
    .filter(({ active, bytes, lost }) => lost || !active || bytes > held)
    .map(({ name, active, bytes, lost }) => {
      const drop = `SELECT pg_drop_replication_slot('${name}'), unless its reader is coming back.`;
      if (lost)
        return fail(`slot ${name} has lost what its reader still needed`, `Make the replica anew. ${drop}`);
      const words = `slot ${name} keeps ${size(bytes)} of the log${active ? "" : ", and nobody reads it"}`;
      const advice = `${active ? "See why its reader is behind." : drop} max_slot_wal_keep_size bounds it.`;
      return bytes > heldTooMuch ? fail(words, advice) : warn(words, advice);
    });
}

/** Checks that the configured replica follows within the limit. */
export const replica: Check = async ({ row, config }) => {
  const configured = config.database.kind === "external" ? config.database.replica : undefined;
  if (configured === undefined) return ok("none is configured");
  const { host, port } = configured;
  const maxLagMs = config.replicaMaxLagSeconds * 1000;
  let standby: Client;
  try {
    standby = await openClient(await findConnection(configured));
  } catch (error) {
    return warn(
      `${host}:${port} cannot be reached: ${messageOf(error)}`,
      "Reads of it go to the primary meanwhile. Start it, or correct DATABASE_REPLICA_URL.",
    );
  }
  try {
    const rowOfStandby = rowReader(standby);
    const startedAt = performance.now();
    const { lsn } = await row<{ lsn: string }>("select pg_current_wal_lsn()::text as lsn");
    for (;;) {
      const { reached, isStandby } = await rowOfStandby<{ reached: boolean | null; isStandby: boolean }>(`
        select pg_is_in_recovery() as "isStandby",
          pg_is_in_recovery() and pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn as reached`);
      const ms = performance.now() - startedAt;
      if (reached) return ok(`${host}:${port} is at most ${formatSpan(ms)} behind`);
      if (!isStandby)
        return warn(
          `${host}:${port} is no streaming replica, so its reads go to the primary`,
          "Point DATABASE_REPLICA_URL to a standby of the database.",
        );
      if (ms > maxLagMs)
        return warn(
          `${host}:${port} is more than ${formatSpan(maxLagMs)} behind, so its reads go to the primary`,
          "See pg_stat_wal_receiver there: is it connected, is a long query holding up the replay (max_standby_streaming_delay)?",
        );
      await sleep(20);
    }
  } finally {
    await closeClient(standby);
  }
};
