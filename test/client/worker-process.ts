import { setTimeout as sleep } from "node:timers/promises";
import { runWorker } from "../../src/client/index.ts";

// A worker in a process of its own, for tests of signals: it sleeps as long as a job says.
runWorker({
  address: process.argv[2] ?? "",
  workerId: "child",
  handleSignals: true,
  handlers: {
    test: async ({ payload }) => {
      console.log("started");
      await sleep(Number(payload?.ms));
      return "slept";
    },
  },
});
