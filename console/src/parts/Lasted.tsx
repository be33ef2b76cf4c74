import { lasting } from "./format.ts";
import { useNow } from "./Time.tsx";

/**
 * About how long something lasted from one time to another, or lasts now: "3 min"; the whole is in its title.
 * Times are milliseconds since 1970.
 */
export function Lasted({ from, to }: { from: number; to?: number | undefined }) {
  useNow();
  const words = lasting(Math.max(0, (to ?? Date.now()) - from));
  return (
    <span className={to === undefined ? undefined : "soft"} title={words}>
      {words.split(" ").slice(0, 2).join(" ")}
    </span>
  );
}
