import { useQueryClient } from "@tanstack/react-query";
import { setPaused, usePaused } from "../data/live.ts";
import { useSilentSince } from "../data/reach.ts";
import { shortcut } from "../keys/table.ts";

/** Says whether the page keeps itself up to date, and stops or resumes it. */
export function LiveButton() {
  const paused = usePaused();
  const isSilent = useSilentSince() !== undefined && !paused;
  const client = useQueryClient();
  return (
    <button
      type="button"
      {...shortcut("pause")}
      className={`live${paused ? " paused" : ""}${isSilent ? " silent" : ""}`}
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
      <span aria-hidden="true">{paused ? "‖" : isSilent ? "○" : "●"}</span>{" "}
      {paused ? "paused" : isSilent ? "offline" : "live"}
    </button>
  );
}
