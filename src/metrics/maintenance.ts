import { Distribution } from "./distribution.ts";
import { counter, type Family, gauge, type Labels, type Sample, summary } from "./family.ts";

class TaskStats {
  readonly labels: Labels;
  failures = 0;
  /** Seconds since 1970; 0 before the first. */
  succeededAt = 0;
  readonly seconds = new Distribution();

  constructor(task: string) {
    this.labels = { task };
  }

  /** Notes a round that has ended. */
  note(seconds: number, isSuccess: boolean): void {
    this.seconds.observe(seconds);
    if (isSuccess) this.succeededAt = Date.now() / 1000;
    else this.failures++;
  }
}

/** The rounds of this server's maintenance, by task. */
export class MaintenanceStats {
  readonly #tasks = new Map<string, TaskStats>();

  of(task: string): TaskStats {
    const stats = this.#tasks.get(task) ?? new TaskStats(task);
    this.#tasks.set(task, stats);
    return stats;
  }

  families(): Family[] {
    const each = (sample: (stats: TaskStats) => Sample) => () => Array.from(this.#tasks.values(), sample);
    return [
      counter(
        "ltb_maintenance_runs_total",
        "Rounds of maintenance that have ended.",
        each(({ labels, seconds }) => ({ labels, value: seconds.count })),
      ),
      counter(
        "ltb_maintenance_failures_total",
        "Rounds of maintenance that failed.",
        each(({ labels, failures }) => ({ labels, value: failures })),
      ),
      summary(
        "ltb_maintenance_duration_seconds",
        "How long rounds of maintenance took.",
        each(({ labels, seconds }) => ({ labels, distribution: seconds })),
      ),
      gauge(
        "ltb_maintenance_last_success_timestamp_seconds",
        "When a round of maintenance last succeeded, as seconds since 1970; 0: not since the start.",
        each(({ labels, succeededAt }) => ({ labels, value: succeededAt })),
      ),
    ];
  }
}
