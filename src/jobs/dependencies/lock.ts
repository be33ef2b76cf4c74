import { z } from "zod";
import type { Executor } from "../../database/statement/executor.ts";
import { example, sql, statement } from "../../database/statement/sql.ts";
import { arrayOf } from "../../database/statement/table.ts";
import { invalidField, notFound, ServiceError } from "../../errors.ts";
import { refusalAt } from "../refusals.ts";

/** One job that another is created to run after. */
export interface Dependency {
  jobId: string;
  dependencyId: string;
  /** Whether the job waits for it: not where it has completed or, if the job runs all the same, ended. */
  isOpen: boolean;
  runsAfterFailure: boolean;
}

/** A job that is being created, with the ids of those that it depends on. */
interface Dependent {
  id: string;
  dependsOn: readonly string[];
  runsAfterFailure: boolean;
  onUniqueConflict: string;
}

const lockedRow = z.object({ id: z.string(), status: z.string() });

// The rows stay locked until the commit, and what ends a job writes its row: it comes either before this, and
// is seen, or after it, and then finds the mark. What is read of them is what they are once they are locked.
export const lockJobs = statement("job_lock_dependencies", {
  row: lockedRow,
  build: (ids: readonly string[]) => sql.fragment`
    with dependency as materialized (
      select id, status, has_dependants from jobs
      where id = any (${arrayOf("uuid", ids)}) order by id for no key update
    ), marked as (
      update jobs j set has_dependants = true from dependency
      where j.id = dependency.id and dependency.status in ('pending', 'running')
        and not dependency.has_dependants
    )
    select id, status from dependency`,
  examples: [[[example.id]]],
});

/**
 * Locks what jobs are to run after until the transaction ends, and says which of it each waits for.
 * @throws NOT_FOUND for a job that is not there; INVALID_ARGUMENT for one that stands later in the same batch
 */
export async function lockDependencies(
  db: Executor,
  jobs: readonly Dependent[],
): Promise<readonly Dependency[]> {
  // One that may be answered by another with its unique key may never be created.
  const places = new Map(
    jobs.map(({ id, onUniqueConflict }, index) => [id, onUniqueConflict === "refuse" ? index : Infinity]),
  );
  const others = new Set(jobs.flatMap(({ dependsOn }) => dependsOn).filter((id) => !places.has(id)));
  const rows = others.size > 0 ? await db.any(lockJobs([...others])) : [];
  const statuses = new Map(rows.map(({ id, status }) => [id, status]));
  return jobs.flatMap(({ id: jobId, dependsOn, runsAfterFailure }, index) =>
    dependsOn.map((dependencyId, position) => {
      const place = places.get(dependencyId);
      const status = place === undefined ? statuses.get(dependencyId) : "pending";
      if (status === undefined || (place !== undefined && place >= index)) {
        const refusal = refusalOf(dependencyId, position, place === undefined);
        throw jobs.length > 1 ? refusalAt(index, refusal) : refusal;
      }
      const isOpen = runsAfterFailure ? ["pending", "running"].includes(status) : status !== "completed";
      return { jobId, dependencyId, isOpen, runsAfterFailure };
    }),
  );
}

function refusalOf(id: string, position: number, isMissing: boolean): ServiceError {
  const field = `depends_on[${position}]`;
  if (!isMissing)
    return invalidField(
      field,
      "must be a job that exists or stands earlier in the batch, with on_unique_conflict REFUSE",
    );
  const { code, reason, message, metadata } = notFound("job", id);
  return new ServiceError(code, reason, `${field}: ${message}`, {
    metadata,
    violations: [{ field, description: message }],
  });
}
