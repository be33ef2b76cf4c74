import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** The service in a process of its own, as in production, on free ports. */
export interface BenchServer {
  address: string;
  /** Highest resident memory so far, in MB. */
  peakRssMb(): number;
  stop(): Promise<void>;
}

export async function startBenchServer(databaseUrl: string): Promise<BenchServer> {
  const child: ChildProcess & { stdout: Readable } = spawn(
    process.execPath,
    ["--max-semi-space-size=8", "test/bench/serve.ts"],
    {
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        LTB_GRPC_ADDRESS: "127.0.0.1:0",
        LTB_HTTP_ADDRESS: "127.0.0.1:0",
        LTB_LOG_LEVEL: "warn",
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  ) as ChildProcess & { stdout: Readable };
  process.once("exit", () => child.kill("SIGKILL"));
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`the service ended with ${code} instead of telling its address`);
  });
  const [address] = (await Promise.race([once(createInterface(child.stdout), "line"), failed])) as [string];
  // Later on its end is what `stop` waits for.
  failed.catch(() => undefined);
  return {
    address,
    peakRssMb: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    stop: async () => {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
