import { z } from "zod";
import { type AuditEntry, auditEntries, difference } from "../../audit/record.ts";
import { equalities, example, type Fragment, sql, statement } from "../../database/statement/sql.ts";
import { limits } from "../../limits.ts";
import type { ParsedJobChanges } from "../input.ts";
import * as parts from "../parts.ts";
import type { Job } from "../rows.ts";
import { turnsGivenBack } from "../turns.ts";
import { idRow, lineExit, state } from "./transitions.ts";

/** What a change makes of a pending job. */
export interface Update {
  id: string;
  /** The version that it was read with: a job that has moved on is not changed. */
  version: number;
  laneId: string;
  bytes: number;
  changes: ParsedJobChanges;
  entry: AuditEntry;
}

const exampleUpdate: Update = {
  id: example.id,
  version: 1,
  laneId: example.id,
  bytes: 1_000,
  changes: {},
  entry: { action: "update", entityType: "job", entityId: example.id },
};

// The job leaves its place in line and takes the one that it has now, so a claim gets it as it was or as it
// is. Its age, which is its place among those of equal priority, stays, and so does its turn where it still
// stands in the same line; else it gives that back. One that waits for others stands in no line before or
// after. A lane that is not there is only made while there are not too many: see `job_insert`.
export const updateJob = statement("job_update", {
  row: idRow,
  prepared: false,
  build: ({ id, version, laneId, bytes, changes, entry }: Update) => sql.fragment`
    with wanted as materialized (
      select j.id, j.lane_id, j.priority, j.sequence, j.run_at, j.status from jobs j
      where j.id = ${id} and j.version = ${version} and j.status = 'pending' and (
        exists (select from job_lanes where id = ${laneId})
        or (select count(*) from job_lanes) < ${limits.lanes}
      )
    ), ${lineExit("wanted")}, free as materialized (
      select job_id, 'pending' as was, lane_id, priority, turn from unready
      union all select job_id, 'scheduled', null, null, 0 from unscheduled
      union all select id, 'pending', null, null, 0 from waiting
    ), ${parts.clockAfter("free")}, updated as (
      update jobs j set ${sql.join(assignments(changes, laneId, bytes), sql.fragment`, `)}
      from free, clock where j.id = free.job_id and j.status = 'pending'
      returning
        j.id, j.benchmark_id, ${parts.laneColumns}, ${parts.lineColumns}, j.run_at, j.waits_for,
        free.was, case when j.run_at > clock.at and j.waits_for = 0 then 'scheduled' else 'pending' end as becomes,
        case when j.run_at > clock.at or (j.lane_id, j.priority) <> (free.lane_id, free.priority) then 0
          else free.turn end as own_turn
    ), moved as (
      select unready.* from unready join updated on updated.id = unready.job_id where own_turn = 0
    ), ${turnsGivenBack("moved")}, ${parts.returnedLanes("updated")}, ${parts.returnedJobs("updated", {
      when: sql.fragment`becomes = 'pending' and waits_for = 0`,
      ownTurn: sql.fragment`own_turn`,
    })}, scheduled as (
      insert into job_scheduled (run_at, job_id) select run_at, id from updated where becomes = 'scheduled'
    ), ${parts.recordChanges("updated", state, {
      each: sql.fragment`becomes`,
      among: ["pending", "scheduled"],
    })}, ${auditEntries([entry], sql.fragment`exists (select from updated)`)}
    select id from updated`,
  examples: [
    [exampleUpdate],
    [
      {
        ...exampleUpdate,
        changes: { priority: 1, payload: {}, metadata: null, limitKey: "k", requiredTags: ["t"], delayMs: 1 },
      },
    ],
    [{ ...exampleUpdate, changes: { runAt: example.time, maxRetries: 1, timeoutSeconds: 1 } }],
  ],
});

function assignments({ delayMs, ...fields }: ParsedJobChanges, laneId: string, bytes: number): Fragment[] {
  return [
    sql.fragment`version = j.version + 1`,
    sql.fragment`updated_at = clock.at`,
    ...equalities({ ...fields, laneId, bytes }),
    ...(delayMs === undefined ? [] : [sql.fragment`run_at = clock.at + ${delayMs} * interval '1 ms'`]),
  ];
}

export const isQueueFull = statement("job_lanes_full", {
  row: z.object({ full: z.boolean() }),
  build: (laneId: string) => sql.fragment`
    select not exists (select from job_lanes where id = ${laneId})
      and (select count(*) from job_lanes) >= ${limits.lanes} as full`,
  examples: [[example.id]],
});

/** The job with its changes; a delay is not known as a time here. */
export function changedJob(job: Job, { delayMs: _delay, ...changes }: ParsedJobChanges) {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const { payload, ...changed } = { ...job, ...(Object.fromEntries(given) as Partial<Job>) };
  return { ...changed, payload: payload ?? {} };
}

/** The entry of the audit trail; undefined where nothing would change. */
export function entryOf(job: Job, changes: ParsedJobChanges): AuditEntry | undefined {
  const changed = difference<object>(job, changedJob(job, changes));
  const entity = { action: "update", entityType: "job", entityId: job.id } as const;
  if (changes.delayMs === undefined) return changed && { ...entity, changes: changed };
  const before = { ...changed?.before, runAt: job.runAt };
  return {
    ...entity,
    changes: { before, after: { ...changed?.after, delay: `${changes.delayMs / 1000}s` } },
  };
}
