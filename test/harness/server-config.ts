import type { ServerConfig } from "../../src/server.ts";

/** Free ports of this machine, and times that no test waits for in vain. */
export const serverConfig: ServerConfig = {
  grpcAddress: { host: "127.0.0.1", port: 0 },
  httpAddress: { host: "127.0.0.1", port: 0 },
  corsOrigins: [],
  maxMessageBytes: 4 * 1024 * 1024,
  defaultDeadlineMs: 10_000,
  drainTimeoutMs: 1_000,
};
