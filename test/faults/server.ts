import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { BenchmarkService } from "../../gen/ltb/v1/benchmark_service_pb.ts";
import { JobService } from "../../gen/ltb/v1/job_service_pb.ts";
import { WorkerService } from "../../gen/ltb/v1/worker_service_pb.ts";
import { environment } from "../cli/support.ts";
import { serviceOptions } from "../harness/node-options.ts";
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
  const address = await freeAddress();
  let child: ChildProcess | undefined;
  const server: OwnServer = {
    address,
    async start() {
      child = await launchServer(databaseUrl, address);
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

export async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`;
}

/**
 * Resolves once it listens. Node's options are as deployed, and nobody has to authenticate unless the
 * settings say otherwise.
 */
export async function launchServer(
  databaseUrl: string,
  address: string,
  settings: Record<string, string> = {},
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...serviceOptions, SERVE], {
    // Not where the tests stand: a service that was started there has left its keys.
    cwd: tmpdir(),
    env: environment({
      DATABASE_URL: databaseUrl,
      LTB_GRPC_ADDRESS: address,
      LTB_HTTP_ADDRESS: "127.0.0.1:0",
      LTB_AUTH: "off",
      LTB_LOG_LEVEL: "error",
      ...settings,
    }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => {
    said = `${said}${text}`.slice(-2_000);
  });
  await Promise.race([
    once(createInterface(child.stdout), "line"),
    once(child, "exit").then(([code, signal]) => {
      throw new Error(`the server ended with ${code ?? signal}: ${said}`);
    }),
  ]);
  return child;
}

/** Calls over gRPC; each gives up after five seconds. */
export function clients(address: string) {
  const transport = createGrpcTransport({ baseUrl: `http://${address}`, defaultTimeoutMs: 5_000 });
  return {
    benchmarks: createClient(BenchmarkService, transport),
    jobs: createClient(JobService, transport),
    workers: createClient(WorkerService, transport),
  };
}
