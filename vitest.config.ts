import { defineConfig } from "vitest/config";
import { patienceMs } from "./test/harness/waiting.ts";

const never = ["test/interop/**", "test/bench/**"];

/**
 * These tests promise a time, or see a change as soon as it can be seen. A change can be seen once no
 * older transaction runs in the whole PostgreSQL, which the files share. So they run one file after the
 * other, when the rest is done.
 */
const alone = [
  "test/audit/seal/service.test.ts",
  "test/auth/revocation.test.ts",
  "test/database/cancellation.test.ts",
  "test/faults/**/*.test.ts",
  "test/jobs/{notifier,pinned,watch,watch-rpc}.test.ts",
  "test/watch/*.test.ts",
  "test/benchmarks/watch*.test.ts",
];

export default defineConfig({
  test: {
    environment: "node",
    pool: "forks",
    globalSetup: ["test/harness/setup.ts"],
    setupFiles: ["test/harness/cleanup.ts", "test/harness/json.ts"],
    // Longer than a test waits for one thing (test/harness/waiting.ts), so that wait says what did not come;
    // and long enough for the longest test on a machine ten times slower than one that is not busy.
    testTimeout: 5 * patienceMs,
    hookTimeout: 5 * patienceMs,
    expect: { poll: { timeout: patienceMs, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: ["test/**/*.test.ts"],
          exclude: [...never, ...alone],
          // By default one less than there are cores; files wait more than they compute.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "alone", include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
