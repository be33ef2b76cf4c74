import { Distribution, secondsBounds } from "./distribution.ts";
import { counter, counters, type Family, histogram } from "./family.ts";
import { Tally } from "./tally.ts";

const leaseOutcomes = ["ok", "stale", "not_found", "cancelled", "rejected"];

/** Counts what this process did to jobs and evaluations since it started, after the commit. */
export class Counts {
  jobsCreated = 0;
  leasesExpired = 0;
  /** Seconds from the creation of a job, or from the time it was due, to its lease. */
  readonly claimSeconds = new Distribution(secondsBounds);
  readonly completions = new Tally(leaseOutcomes);
  readonly failures = new Tally(leaseOutcomes);
  readonly releases = new Tally(leaseOutcomes);
  readonly retries = new Tally(["failure", "expiry"]);
  readonly evaluations = new Tally(["created", "duplicate", "conflict", "rejected"]);

  /** Adds the counts of a transaction, once it is committed. */
  add(other: Counts): void {
    this.jobsCreated += other.jobsCreated;
    this.leasesExpired += other.leasesExpired;
    this.claimSeconds.add(other.claimSeconds);
    for (const name of ["completions", "failures", "releases", "retries", "evaluations"] as const)
      this[name].addAll(other[name]);
  }

  /** Adds leases that were just given out. @param leases with ISO times */
  addClaimed(leases: readonly { createdAt: string; runAt: string | null; startedAt: string | null }[]): void {
    const [first] = leases;
    if (!first?.startedAt) return;
    const startedAt = Date.parse(first.startedAt);
    for (const { createdAt, runAt } of leases) {
      const since = runAt !== null && runAt > createdAt ? runAt : createdAt;
      this.claimSeconds.observe(Math.max(startedAt - Date.parse(since), 0) / 1000);
    }
  }

  /** Adds leases that ran out. */
  addExpired(jobs: readonly { willRetry: boolean }[]): void {
    this.leasesExpired += jobs.length;
    for (const { willRetry } of jobs) if (willRetry) this.retries.add("expiry");
  }

  families(): Family[] {
    const { completions, failures, releases, retries, evaluations } = this;
    return [
      counter("ltb_jobs_created_total", "Jobs created.", () => this.jobsCreated),
      counter("ltb_jobs_claimed_total", "Leases given to workers.", () => this.claimSeconds.count),
      histogram(
        "ltb_job_claim_latency_seconds",
        "From when a job was created, or its time had come, to its lease.",
        () => this.claimSeconds,
      ),
      counters(
        "ltb_job_completions_total",
        "Completions that workers sent, by outcome: stale and not_found are work done in vain. One that is sent again counts again.",
        "outcome",
        completions,
      ),
      counters("ltb_job_failures_total", "Failures that workers sent, by outcome.", "outcome", failures),
      counters("ltb_job_releases_total", "Jobs that workers gave back, by outcome.", "outcome", releases),
      counters(
        "ltb_job_retries_total",
        "Attempts that were followed by another, by cause.",
        "cause",
        retries,
      ),
      counter(
        "ltb_job_lease_expiries_total",
        "Leases that ran out, because a worker was gone or an attempt took longer than its job may.",
        () => this.leasesExpired,
      ),
      counters(
        "ltb_evaluations_written_total",
        "Evaluations received, by outcome: a duplicate is stored with the same content, a conflict with other content.",
        "outcome",
        evaluations,
      ),
    ];
  }
}
