import { useQuery } from "@connectrpc/connect-query";
import { Link } from "@tanstack/react-router";
import { BenchmarkService } from "../../../../gen/ltb/v1/benchmark_service_pb.ts";
import type { SlowingInterval } from "../../data/live.ts";
import { count } from "../../parts/format.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { Time } from "../../parts/Time.tsx";

interface Props {
  id: string;
  /** How many evaluations failed. */
  failed: number;
  refetchInterval: false | SlowingInterval;
}

/** Why evaluations failed: by their error, without what differs between those of one cause. */
export function Failures({ id, failed, refetchInterval }: Props) {
  const groups = useQuery(
    BenchmarkService.method.listFailureGroups,
    { benchmarkId: id, limit: 10 },
    { refetchInterval },
  );
  return (
    <>
      <h2>
        <Link to="/benchmarks/$id/samples" params={{ id }} search={{ failed: "1" } as never}>
          Failures ({count(failed)})
        </Link>
      </h2>
      <Loaded query={groups}>
        {(data) => (
          <>
            <ul className="plain">
              {data.groups.map((group) => (
                <li key={group.message}>
                  <Link
                    to="/benchmarks/$id/samples"
                    params={{ id }}
                    search={{ failed: "1", error: longestPart(group.message) } as never}
                  >
                    {count(group.count)}
                  </Link>{" "}
                  <span className="text-bad">
                    <bdi>{group.example}</bdi>
                  </span>{" "}
                  <span className="soft small">
                    the last <Time at={group.lastAt} />
                  </span>
                </li>
              ))}
            </ul>
            {(data.groupsLeftOut > 0 || data.more) && (
              <p className="soft small">
                {count(data.groupsLeftOut)} smaller groups are left out
                {data.more && `; the newest ${count(data.failuresRead)} failures were looked at`}.
              </p>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

/** What errors of a group have in common, letter for letter: numbers and ids, told as #, are not. */
function longestPart(message: string): string {
  const parts = message.split("#").sort((one, other) => other.length - one.length);
  return (parts[0] ?? "").trim();
}
