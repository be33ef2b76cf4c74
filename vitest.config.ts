import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    pool: "forks",
    // By default one less than there are cores; files wait more than they compute.
    maxWorkers: 3,
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/bench/**"],
    globalSetup: ["test/harness/setup.ts"],
    setupFiles: ["test/harness/cleanup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
