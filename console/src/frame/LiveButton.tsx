import { useQueryClient } from "@tanstack/react-query";
import { useFreshness } from "../data/freshness.ts";
import { setPaused, usePausedSince } from "../data/live.ts";
import { useSilentSince } from "../data/reach.ts";
import { shortcut } from "../keys/table.ts";
import { ago } from "../parts/Time.tsx";

const states = {
  paused: { mark: "‖", title: "The page shows what it has. Press to go on." },
  offline: { mark: "○", title: "The service does not answer. Press to pause the page." },
  behind: {
    mark: "○",
    title: "Some of the page is not up to date, and asked for again. Press to pause it.",
  },
  live: { mark: "●", title: "The page keeps itself up to date. Press to pause it." },
} as const;

/** Says whether the page keeps itself up to date and how old what it shows is, and stops or resumes it. */
export function LiveButton() {
  const pausedSince = usePausedSince();
  const silentSince = useSilentSince();
  const { seconds, isBehind } = useFreshness();
  const client = useQueryClient();
  const isPaused = pausedSince !== undefined;
  const since = pausedSince ?? silentSince;
  const state = isPaused ? "paused" : silentSince !== undefined ? "offline" : isBehind ? "behind" : "live";
  const age = since === undefined ? seconds : Math.floor((Date.now() - since) / 1_000);
  return (
    <span className="liveness">
      {age !== undefined && (
        <span
          className={`age soft${state === "live" ? " fresh" : ""}`}
          title="When what the page shows was last heard from the service"
        >
          {ago(-age * 1_000)}
        </span>
      )}
      <button
        type="button"
        {...shortcut("pause")}
        className={`live ${state}`}
        aria-pressed={isPaused}
        title={states[state].title}
        onClick={() => {
          setPaused(!isPaused);
          if (isPaused) void client.invalidateQueries();
        }}
      >
        <span aria-hidden="true">{states[state].mark}</span> {state}
      </button>
    </span>
  );
}
