import type { Pool } from "pg";
import type { Granted, History, Reported } from "./record.ts";

interface AttemptRow {
  job_id: string;
  epoch: number;
  worker_id: string;
  outcome: string;
  started: number;
  ended: number;
}

interface JobRow {
  id: string;
  status: string;
  epoch: number;
  result: unknown;
  leased: number | null;
}

const outcomeOf = { complete: "completed", fail: "failed", release: "released", snooze: "snoozed" } as const;

/**
 * What cannot have happened in a right queue: contradictions between what callers were told and what is
 * stored.
 */
export async function contradictions(history: History, onlooker: Pool): Promise<string[]> {
  const attempts = await onlooker.query<AttemptRow>(
    `select job_id, epoch, worker_id, outcome, extract(epoch from started_at)::float8 * 1000 as started,
      extract(epoch from ended_at)::float8 * 1000 as ended
    from job_attempts order by job_id, epoch`,
  );
  const jobs = await onlooker.query<JobRow>(
    "select j.id, j.status, j.epoch, j.result, l.epoch as leased from jobs j left join job_leases l on l.job_id = j.id",
  );
  const byId = new Map(jobs.rows.map((job) => [job.id, job]));
  const byEpoch = new Map(attempts.rows.map((attempt) => [`${attempt.job_id} ${attempt.epoch}`, attempt]));
  return [
    ...history.errors,
    ...lost(history, byId),
    ...gifts(history),
    ...grants(history, byId, byEpoch),
    ...overlaps(attempts.rows),
    ...early(history, attempts.rows),
    ...reports(history, byEpoch),
    ...results(history, byId, attempts.rows),
  ];
}

/** Every created job is there unless it was deleted. */
function lost({ created, changed, bulk }: History, jobs: Map<string, JobRow>): string[] {
  const deleted = new Set(changed.filter(({ op }) => op === "delete").map(({ id }) => id));
  const missing = created.filter(({ id }) => !jobs.has(id) && !deleted.has(id));
  const cleaned = bulk.filter(({ op }) => op === "cleanup").reduce((sum, { affected }) => sum + affected, 0);
  const wrong =
    missing.length > cleaned ? [`${missing.length} jobs are gone, ${cleaned} were cleaned up`] : [];
  const back = [...deleted].filter((id) => jobs.has(id)).map((id) => `${id} was deleted and is there`);
  return [...wrong, ...back];
}

/** A job that was given to a claim as it was created came there. */
function gifts({ created, granted }: History): string[] {
  const firsts = new Map(
    granted.filter(({ epoch }) => epoch === 1).map((grant) => [grant.id, grant.workerId]),
  );
  return created
    .filter(({ id, givenTo }) => givenTo !== null && firsts.get(id) !== givenTo)
    .map(({ id, givenTo }) => `${id}: was given to ${givenTo}, and came to ${firsts.get(id)}`);
}

/** Each epoch is granted once, epochs grow, and each that was granted is running or has its attempt. */
function grants(
  { granted }: History,
  jobs: Map<string, JobRow>,
  attempts: Map<string, AttemptRow>,
): string[] {
  const wrong: string[] = [];
  for (const [id, leases] of Map.groupBy(granted, (grant) => grant.id)) {
    leases.sort((a, b) => a.epoch - b.epoch);
    for (const [index, lease] of leases.entries()) {
      const next = leases[index + 1];
      if (next && next.epoch === lease.epoch) wrong.push(`${id}: epoch ${lease.epoch} was granted twice`);
      if (next && next.ended < lease.began)
        wrong.push(`${id}: epoch ${next.epoch} was granted before ${lease.epoch}`);
      wrong.push(...unaccounted(lease, jobs.get(id), attempts.get(`${id} ${lease.epoch}`)));
    }
  }
  const known = new Set(granted.map(({ id, epoch }) => `${id} ${epoch}`));
  for (const key of attempts.keys())
    if (!known.has(key)) wrong.push(`${key}: an attempt that nobody was granted`);
  return wrong;
}

function unaccounted(
  { id, epoch, workerId }: Granted,
  job: JobRow | undefined,
  attempt: AttemptRow | undefined,
): string[] {
  if (attempt)
    return attempt.worker_id === workerId ? [] : [`${id} ${epoch}: the attempt is another worker's`];
  return job?.leased === epoch ? [] : [`${id} ${epoch}: neither running nor recorded`];
}

/** No job ran twice at the same time, by the database's clock. */
function overlaps(attempts: readonly AttemptRow[]): string[] {
  return attempts.flatMap((attempt, index) => {
    const next = attempts[index + 1];
    const overlaps = next && next.job_id === attempt.job_id && next.started < attempt.ended;
    return overlaps
      ? [`${attempt.job_id}: epochs ${attempt.epoch} and ${next.epoch} ran at the same time`]
      : [];
  });
}

/** Unless somebody has retried it, a job has run only after what it depends on had completed. */
function early({ created }: History, attempts: readonly AttemptRow[]): string[] {
  const completed = new Map<string, number>();
  for (const { job_id, outcome, ended } of attempts)
    if (outcome === "completed") completed.set(job_id, ended);
  const started = new Map(
    attempts.filter(({ epoch }) => epoch === 1).map((attempt) => [attempt.job_id, attempt.started]),
  );
  return created.flatMap(({ id, dependsOn, anyway }) => {
    const start = started.get(id);
    if (start === undefined || anyway) return [];
    return dependsOn
      .filter((dependency) => !((completed.get(dependency) ?? Infinity) <= start))
      .map((dependency) => `${id}: ran before ${dependency}, which it depends on, had completed`);
  });
}

/** OK means that this end was recorded; anything else that the lease was over by then. */
function reports({ reported }: History, attempts: Map<string, AttemptRow>): string[] {
  return reported.flatMap((report) => {
    const attempt = attempts.get(`${report.id} ${report.epoch}`);
    const fault = faultOf(report, attempt);
    return fault ? [`${report.id} ${report.epoch} ${report.op} was ${report.outcome}: ${fault}`] : [];
  });
}

// The clocks are the same; this is for the rounding of one to whole milliseconds.
const slackMs = 2;

function faultOf(
  { op, outcome, began, ended }: Reported,
  attempt: AttemptRow | undefined,
): string | undefined {
  if (outcome === "ok") {
    if (op !== "progress")
      return attempt?.outcome === outcomeOf[op] ? undefined : `recorded is ${attempt?.outcome}`;
    return attempt && attempt.ended < began - slackMs ? "it had ended before" : undefined;
  }
  if (!attempt || attempt.ended > ended + slackMs) return "the lease was held";
  if (op !== "progress" && attempt.outcome === outcomeOf[op]) return "this very end is recorded";
  return undefined;
}

/** A completed job has one completed attempt, its last, and the result that came with it. */
function results(
  { reported }: History,
  jobs: Map<string, JobRow>,
  attempts: readonly AttemptRow[],
): string[] {
  const wrong: string[] = [];
  const completed = attempts.filter(({ outcome }) => outcome === "completed");
  for (const [id, ends] of Map.groupBy(completed, (attempt) => attempt.job_id)) {
    const [end] = ends;
    const job = jobs.get(id);
    if (ends.length > 1) wrong.push(`${id}: completed ${ends.length} times`);
    if (!job || !end) continue;
    if (job.status !== "completed" || job.epoch !== end.epoch)
      wrong.push(`${id}: completed, but ${job.status} now`);
    const sent = reported.filter(
      (report) => report.id === id && report.epoch === end.epoch && report.op === "complete",
    );
    if (!sent.some(({ result }) => result === job.result)) wrong.push(`${id}: a result that nobody sent`);
  }
  const known = new Set(completed.map(({ job_id }) => job_id));
  for (const { id, status } of jobs.values()) {
    if (status === "completed" && !known.has(id)) wrong.push(`${id}: completed without an attempt`);
  }
  return wrong;
}
