import { example, type Fragment, fragmentOf, sql } from "../../database/statement/sql.ts";
import { table } from "../../database/statement/table.ts";
import { readyJobsByTurns, recordChanges } from "../parts.ts";
import { takenTurns } from "../turns.ts";
import type { Dependency } from "./lock.ts";

/** What differs between the statements that insert jobs. Columns and joins are added to what all have. */
export interface InsertParts {
  /** CTEs that come first. */
  before: Fragment;
  itemColumns: Fragment;
  itemJoin: Fragment;
  itemCondition: Fragment;
  /** CTEs that settle the turns of the items. */
  turns: Fragment;
  /** Columns of jobs, by the names that the items have them by. */
  columns: Fragment;
  returning: Fragment;
  /** CTEs that put the created jobs where they wait. */
  places: Fragment;
  /** Which of them are put off. */
  isScheduled: Fragment;
  changes: Fragment;
}

export const isReady = sql.fragment`(run_at is null or run_at <= now())`;

/** The turns of the items that are created and go into line. */
export const createdTurns = (when: Fragment): Fragment =>
  sql.fragment`, ${takenTurns("item", {
    order: sql.fragment`ordinality`,
    when: sql.fragment`(due_at is null or due_at <= now()) and ${when}
    and (unique_key is null or exists (select from keyed where keyed.job_id = j.id))`,
  })}`;

const columns = {
  jobId: "uuid",
  dependencyId: "uuid",
  isOpen: "bool",
  runsAfterFailure: "bool",
  ordinality: true,
} as const;

export const exampleDependency: Dependency = {
  jobId: example.id,
  dependencyId: example.id,
  isOpen: true,
  runsAfterFailure: false,
};

const state = sql.fragment`
  (case when waits_for = 0 and run_at > now() then 'scheduled' else 'pending' end)`;

/** A job waits for what is open, and stands in no line meanwhile. Lanes may be fair. */
export const withDependencies = (dependencies: readonly Dependency[]): InsertParts => ({
  before: sql.fragment`
    dependency as materialized (
      select * from ${table("dependency", dependencies, columns)}
    ), dependent as materialized (
      select
        job_id, array_agg(dependency_id order by ordinality) as depends_on,
        (count(*) filter (where is_open))::integer as waits_for,
        bool_or(runs_after_failure) as runs_after_failure
      from dependency group by job_id
    ), `,
  itemColumns: sql.fragment`
    , dependent.depends_on, coalesce(dependent.waits_for, 0) as waits_for,
    coalesce(dependent.runs_after_failure, false) as runs_after_failure,
    given.id in (select dependency_id from dependency where is_open) as has_dependants`,
  itemJoin: sql.fragment`left join dependent on dependent.job_id = given.id`,
  itemCondition: sql.fragment``,
  turns: createdTurns(sql.fragment`j.waits_for = 0`),
  columns: fragmentOf(", depends_on, waits_for, runs_after_failure, has_dependants"),
  returning: fragmentOf(", waits_for"),
  places: sql.fragment`
    ${readyJobsByTurns("created", sql.fragment`bytes`, sql.fragment`waits_for = 0 and ${isReady}`)}, wait as (
      insert into job_dependencies (dependency_id, job_id)
      select dependency_id, job_id from dependency where is_open and job_id in (select id from created)
    ), noted as (
      -- What has ended, and cancels these jobs, is noted once more: its end may be settled by now. This waits
      -- for whoever is just settling it.
      insert into job_ended_dependencies (job_id, status)
      select id, status from jobs
      where status in ('failed', 'cancelled') and id in (
        select dependency_id from dependency where is_open and job_id in (select id from created)
      )
      order by id
      on conflict (job_id) do update set status = excluded.status
    )`,
  isScheduled: sql.fragment`waits_for = 0 and run_at > now()`,
  changes: recordChanges("created", null, { each: state, among: ["pending", "scheduled"] }),
});
