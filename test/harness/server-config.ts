import type { ServerConfig } from "../../src/server.ts";

/** Free ports of this machine, and times that no test waits for in vain. */
export const serverConfig: ServerConfig = {
  grpc: { host: "127.0.0.1", port: 0 },
  http: { host: "127.0.0.1", port: 0 },
  corsOrigins: [],
  maxMessageBytes: 4 * 1024 * 1024,
  defaultDeadlineSeconds: 10,
  drainTimeoutSeconds: 1,
};
