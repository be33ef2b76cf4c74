import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { BenchmarkStatus } from "../../../../gen/ltb/v1/benchmark_pb.ts";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobStatus } from "../../../../gen/ltb/v1/job_pb.ts";
import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { cutText } from "../../../../src/text.ts";
import { useInterval } from "../../data/live.ts";
import { BenchmarkLink } from "../../parts/BenchmarkLink.tsx";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";
import { firstLine } from "../jobs/columns.tsx";
import { RetryButton, RetryDialog } from "../jobs/job/Retry.tsx";

/** The jobs that failed last, and the latest benchmarks that failed. */
export function Failures() {
  const refetchInterval = useInterval(5_000);
  // The job that is asked about leaves the list when somebody else retries it.
  const [asked, ask] = useState<string>();
  const jobs = useQuery(
    JobService.method.listJobs,
    { status: JobStatus.FAILED, pageSize: 6 },
    { refetchInterval },
  );
  const benchmarks = useQuery(
    BenchmarkService.method.listBenchmarks,
    { status: BenchmarkStatus.FAILED, pageSize: 4 },
    { refetchInterval },
  );
  return (
    <>
      <h2>Recent failures</h2>
      {asked !== undefined && <RetryDialog id={asked} onClose={() => ask(undefined)} />}
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
                    onClick={() => ask(job.id)}
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
