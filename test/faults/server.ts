import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { environment } from "../cli/support.ts";
import { freePort } from "./postgres.ts";

const SERVE = join(import.meta.dirname, "..", "bench", "serve.ts");

/** The whole service in a process of its own, always at the same address. */
export interface OwnServer {
  address: string;
  start(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export async function ownServer(databaseUrl: string): Promise<OwnServer> {
  const address = `127.0.0.1:${await freePort()}`;
  let child: ChildProcess | undefined;
  const server: OwnServer = {
    address,
    async start() {
      child = spawn(process.execPath, [SERVE], {
        env: environment({
          DATABASE_URL: databaseUrl,
          LTB_GRPC_ADDRESS: address,
          LTB_HTTP_ADDRESS: "127.0.0.1:0",
          LTB_LOG_LEVEL: "error",
        }),
        stdio: ["ignore", "pipe", "ignore"],
      });
      if (!child.stdout) throw new Error("no pipe");
      const line = once(createInterface(child.stdout), "line");
      await Promise.race([
        line,
        once(child, "exit").then(([code]) => {
          throw new Error(`the server ended with ${code}`);
        }),
      ]);
    },
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
  await server.start();
  return server;
}

/** Calls over gRPC; each gives up after two seconds. */
export function clients(address: string) {
  const transport = createGrpcTransport({ baseUrl: `http://${address}`, defaultTimeoutMs: 2_000 });
  return { jobs: createClient(JobService, transport), workers: createClient(WorkerService, transport) };
}
