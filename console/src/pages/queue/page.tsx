import { JobService } from "../../../../gen/ltb/v1/job_service_pb.ts";
import { CopyAs } from "../../parts/copy-as/CopyAs.tsx";
import { ltbWords } from "../../parts/copy-as/words.ts";
import { useTitle } from "../../parts/useTitle.ts";
import { Cleanup } from "./Cleanup.tsx";
import { Lanes } from "./Lanes.tsx";
import { Limits } from "./Limits.tsx";
import { Pauses } from "./Pauses.tsx";

/** What waits and runs in which lane, and what holds lanes up: limits and pauses. */
export function Page() {
  useTitle("Queue");
  return (
    <>
      <div className="head">
        <h1>Queue</h1>
        <CopyAs
          method={JobService.method.listJobLanes}
          request={{ pageSize: 1_000 }}
          ltb={ltbWords("job lanes")}
        />
      </div>
      <Lanes />
      <Limits />
      <Pauses />
      <Cleanup />
    </>
  );
}
