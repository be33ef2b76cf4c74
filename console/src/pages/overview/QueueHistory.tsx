import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useQuery } from "@tanstack/react-query";
import type { QueueHistoryStep } from "../../../../gen/ltb/v1/job_pb.ts";
import { OverTime, type Series } from "../../charts/OverTime.tsx";
import { useInterval } from "../../data/live.ts";
import { Loaded } from "../../parts/Loaded.tsx";
import { asked } from "./asked.ts";

const minute = 60_000;
const shown = 60 * minute;

type Count = "created" | "started" | "completed" | "failed" | "ready" | "running";

/** How many jobs waited and ran in the last hour, and how many ended, minute by minute. */
export function QueueHistory() {
  const refetchInterval = useInterval(30_000);
  const history = useQuery({ ...asked.history, refetchInterval });
  return (
    <>
      <h2>The last 60 minutes</h2>
      <Loaded query={history}>
        {({ steps }) => {
          const times = steps.map(({ startTime }) => (startTime ? timestampMs(startTime) : 0));
          const last = times.at(-1);
          if (last === undefined)
            return <p className="soft">Nothing is known yet: it is written minute by minute.</p>;
          const of = (name: Count): number[] => steps.map((step: QueueHistoryStep) => step[name]);
          const charts: { title: string; note: string; series: Series[] }[] = [
            {
              title: "Jobs at the end of each minute",
              note: "Without those that are scheduled for later.",
              series: [
                { name: "ready", as: "line", tone: "warn", values: of("ready") },
                { name: "running", as: "line", tone: "busy", values: of("running") },
              ],
            },
            {
              title: "Jobs that ended in each minute",
              note: "Failed are those that failed for good.",
              series: [
                { name: "completed", as: "bars", tone: "good", values: of("completed") },
                { name: "failed", as: "bars", tone: "bad", values: of("failed") },
              ],
            },
          ];
          return (
            <div className="halves">
              {charts.map(({ title, ...chart }) => (
                <section key={title} aria-label={title}>
                  <h3>{title}</h3>
                  <OverTime
                    {...{ title, times, step: minute, ...chart }}
                    from={last + minute - shown}
                    to={last + minute}
                  />
                </section>
              ))}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}
