import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { cutText } from "../../../../src/text.ts";
import { useAskedOnChange, useSlowingInterval } from "../../data/live.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { firstLine } from "../jobs/columns.tsx";
import { RetryButton, RetryDialog } from "../jobs/job/Retry.tsx";
import { asked } from "./asked.ts";

/** The jobs that failed last, and the latest benchmarks that failed. */
export function Failures() {
  const refetchInterval = useSlowingInterval(5_000);
  // The job that is asked about leaves the list when somebody else retries it.
  const [retried, setRetried] = useState<string>();
  const jobs = useQuery({ ...asked.failedJobs, refetchInterval });
  useAskedOnChange(useQuery(asked.jobs).data?.failed, jobs, 5_000);
  const benchmarks = useQuery({ ...asked.failedBenchmarks, refetchInterval });
  return (
    <>
      <h2>Recent failures</h2>
      {retried !== undefined && <RetryDialog id={retried} onClose={() => setRetried(undefined)} />}
      <Loaded query={jobs}>
        {({ jobs }) =>
          jobs.length === 0 ? (
            <p className="soft">No job has failed.</p>
          ) : (
            <ul className="feed">
              {jobs.map((job) => (
                <li key={job.id}>
                  <Link to="/jobs/$id" params={{ id: job.id }}>
                    <bdi>{job.jobType}</bdi>
                  </Link>{" "}
                  <span className="soft">
                    <Time at={job.completedAt} />
                  </span>{" "}
                  <RetryButton
                    job={job}
                    className="small"
                    aria-label={`Retry… job ${job.id}`}
                    onClick={() => setRetried(job.id)}
                  />
                  <ErrorLine error={job.error} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <Loaded query={benchmarks}>
        {({ benchmarks }) =>
          benchmarks.length > 0 && (
            <>
              <h3>Benchmarks</h3>
              <ul className="feed">
                {benchmarks.map(({ id, name, completedAt, error }) => (
                  <li key={id}>
                    <BenchmarkLink id={id}>
                      <bdi>{name}</bdi>
                    </BenchmarkLink>{" "}
                    <span className="soft">
                      <Time at={completedAt} />
                    </span>
                    <ErrorLine error={error} />
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Loaded>
    </>
  );
}

function ErrorLine({ error }: { error: string }) {
  return (
    <bdi className="text-bad line" title={cutText(error, 1_000)}>
      {firstLine(error)}
    </bdi>
  );
}
