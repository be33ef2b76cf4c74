import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    pool: "forks",
    include: ["test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/bench/**"],
    globalSetup: ["test/harness/setup.ts"],
    setupFiles: ["test/harness/cleanup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
