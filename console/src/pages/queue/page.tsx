import { useTitle } from "../../parts/useTitle.ts";
import { Lanes } from "./Lanes.tsx";
import { Limits } from "./Limits.tsx";
import { Pauses } from "./Pauses.tsx";

/** What waits and runs in which lane, and what holds lanes up: limits and pauses. */
export function Page() {
  useTitle("Queue");
  return (
    <>
      <h1>Queue</h1>
      <Lanes />
      <Limits />
      <Pauses />
    </>
  );
}
