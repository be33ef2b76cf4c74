import { useQueryClient } from "@tanstack/react-query";
import { setPaused, usePaused } from "../data/live.ts";
import { shortcut } from "../keys/table.ts";

/** Says whether the page keeps itself up to date, and stops or resumes it. */
export function LiveButton() {
  const paused = usePaused();
  const client = useQueryClient();
  return (
    <button
      type="button"
      {...shortcut("pause")}
      className={paused ? "live paused" : "live"}
      aria-pressed={paused}
      title={
        paused
          ? "The page shows what it has. Press to go on."
          : "The page keeps itself up to date. Press to pause it."
      }
      onClick={() => {
        setPaused(!paused);
        if (paused) void client.invalidateQueries();
      }}
    >
      <span aria-hidden="true">{paused ? "‖" : "●"}</span> {paused ? "paused" : "live"}
    </button>
  );
}
