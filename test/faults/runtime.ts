import { setTimeout as sleep } from "node:timers/promises";
import { JobError, runWorker, withEvaluations } from "../../src/client/index.ts";
import { randomOf } from "../harness/random.ts";

// A worker of the client library, which tells its parent of its first job. Its results name the lease that
// they were made under.
const [address = "", workerId = "", jobType = "", seed = ""] = process.argv.slice(2);
const random = randomOf(Number(seed));
const quiet = () => undefined;
let told = false;

runWorker({
  address,
  workerId,
  capacity: 5,
  prefetch: 5,
  leaseMs: 2_000,
  log: { debug: quiet, info: quiet, warn: quiet, error: console.error },
  handlers: {
    [jobType]: async ({ id }, { lease, signal }) => {
      if (!told) process.send?.("works");
      told = true;
      await sleep(random() * 40, undefined, { signal });
      if (random() < 0.03) throw new JobError("rate limited", { retryAfterMs: 200 });
      const value = `${id} ${lease.epoch}`;
      return withEvaluations(value, [{ sampleId: id, output: value }]);
    },
  },
});
process.once("disconnect", () => process.exit());
