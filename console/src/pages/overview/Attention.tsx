import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { UserService } from "../../../../gen/ltb/v1/user_service_pb.ts";
import { useInterval, useSlowingInterval } from "../../data/live.ts";
import { useSession } from "../../data/session.ts";
import { ErrorBox } from "../../parts/ErrorBox.tsx";
import { count, lasting } from "../../parts/format.ts";
import { failureOf } from "../../parts/Loaded.tsx";
import { Status, type Tone } from "../../parts/Status.tsx";
import { Time } from "../../parts/Time.tsx";
import { lifeOf } from "../account/expiry.ts";
import { ask, asked } from "./asked.ts";

/** So many of a kind are named. */
const named = 5;

/** What needs a look: silent workers, lanes that nobody serves, pauses, limits of 0, keys that end soon. */
export function Attention() {
  const refetchInterval = useSlowingInterval(10_000);
  const cluster = useQuery(asked.cluster);
  const lanes = useQuery({ ...asked.lanes, refetchInterval });
  const pauses = useQuery({ ...asked.pauses, refetchInterval });
  const limits = useQuery({ ...asked.limits, refetchInterval });
  const user = useSession().data?.user;
  const keys = useQuery({
    ...ask(UserService.method.listApiKeys, { userId: user?.id ?? "", pageSize: 1_000 }),
    // Whom the service does not tell of keys is told nothing.
    enabled: user !== undefined,
    refetchInterval: useInterval(60_000),
  });
  const failed = [lanes, pauses, limits].find((query) => failureOf(query) !== null);
  if (failed) return <ErrorBox error={failed.error} onRetry={() => void failed.refetch()} />;
  const offline = cluster.data?.offlineWorkers ?? 0;
  const unserved =
    lanes.data?.lanes.filter(({ ready, matchingWorkers }) => ready > 0 && matchingWorkers === 0) ?? [];
  const closed =
    limits.data?.limits.filter(({ maxRunning, perMinute }) => maxRunning === 0 || perMinute === 0) ?? [];
  const paused = pauses.data?.pauses ?? [];
  const ending = keys.data?.apiKeys.filter((key) => lifeOf(key) === "ends soon") ?? [];
  const lines: Line[] = [
    ...(offline > 0
      ? [
          {
            tone: "bad",
            state: "offline",
            words: (
              <Link to="/workers" search={{ status: "offline" } as never}>
                {count(offline)} {offline === 1 ? "worker is" : "workers are"} silent for 30 s or more
              </Link>
            ),
          } as const,
        ]
      : []),
    ...unserved.slice(0, named).map(({ jobType, requiredTags, ready, oldestReadyAge }) => ({
      tone: "bad" as const,
      state: "nobody serves",
      words: (
        <>
          <Link to="/jobs" search={{ status: "pending", type: jobType } as never}>
            {count(ready)} of type <bdi>{jobType}</bdi>
          </Link>
          {requiredTags.length > 0 && (
            <>
              {" "}
              with <bdi>{requiredTags.join(", ")}</bdi>
            </>
          )}
          {oldestReadyAge && `, the oldest for ${lasting(oldestReadyAge)}`}
        </>
      ),
    })),
    ...more(unserved.length, "lanes that nobody serves"),
    ...paused.slice(0, named).map(({ jobType, limitKey }) => ({
      tone: "warn" as const,
      state: "paused",
      words: (
        <Link to="/queue">
          {jobType && (
            <>
              type <bdi>{jobType}</bdi>
            </>
          )}{" "}
          {limitKey && (
            <>
              limit key <bdi>{limitKey}</bdi>
            </>
          )}
        </Link>
      ),
    })),
    ...more(paused.length, "pauses"),
    ...closed.slice(0, named).map(({ limitKey }) => ({
      tone: "warn" as const,
      state: "limit of 0",
      words: (
        <Link to="/queue">
          <bdi>{limitKey}</bdi>
        </Link>
      ),
    })),
    ...more(closed.length, "limits of 0"),
    ...ending.slice(0, named).map(({ name, prefix, expiresAt }) => ({
      tone: "warn" as const,
      state: "expires",
      words: (
        <>
          <Link to="/account">
            your key <bdi>{name || prefix}</bdi>
          </Link>{" "}
          <Time at={expiresAt} />
        </>
      ),
    })),
    ...more(ending.length, "keys of yours that expire", "/account"),
  ];
  if (lines.length === 0) return null;
  return (
    <section className="attention" aria-labelledby="attention">
      <h2 id="attention">Needs a look</h2>
      <ul>
        {lines.map(({ tone, state, words }, index) => (
          <li key={index}>
            <Status tone={tone}>{state}</Status> <span>{words}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Line {
  tone: Tone;
  state: string;
  words: ReactNode;
}

function more(all: number, what: string, to = "/queue"): Line[] {
  if (all <= named) return [];
  return [
    {
      tone: "even",
      state: "and more",
      words: (
        <Link to={to}>
          {count(all - named)} more {what}
        </Link>
      ),
    },
  ];
}
