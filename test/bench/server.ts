import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import grpc from "@grpc/grpc-js";
import { Database } from "../../src/storage.ts";
import { serviceOptions } from "../harness/node-options.ts";

/** The service in a process of its own, as in production, on free ports. */
export interface BenchServer {
  address: string;
  /** Of the HTTP port, as `127.0.0.1:50053`. */
  httpAddress: string;
  /** An admin's API key. */
  key: string;
  pid: number;
  /** Highest resident memory so far, in MB. */
  peakRssMb(): number;
  stop(): Promise<void>;
}

/**
 * @param dataDir a folder that goes with the bench
 * @param beside a server of the same database, whose key this one takes too
 */
export async function startBenchServer(
  databaseUrl: string,
  dataDir: string,
  beside?: BenchServer,
): Promise<BenchServer> {
  // Sealing the audit trail is part of what the service costs.
  const auditKey = join(dataDir, "audit.key");
  if (!beside) await writeFile(auditKey, randomBytes(32).toString("hex"), { mode: 0o600 });
  const child: ChildProcess & { stdout: Readable } = spawn(
    process.execPath,
    [...serviceOptions, "test/bench/serve.ts"],
    {
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        LTB_GRPC_ADDRESS: "127.0.0.1:0",
        LTB_HTTP_ADDRESS: "127.0.0.1:0",
        LTB_AUDIT_KEY_FILE: auditKey,
        LTB_LOG_LEVEL: "warn",
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  ) as ChildProcess & { stdout: Readable };
  process.once("exit", () => child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const failed = exited.then(([code]) => {
    throw new Error(`the service ended with ${code} instead of telling its addresses`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), failed])) as [string];
  const [address = "", httpAddress = ""] = line.split(" ");
  // Later on its end is what `stop` waits for.
  failed.catch(() => undefined);
  const key = beside?.key ?? (await makeKey(databaseUrl));
  return {
    address,
    httpAddress,
    key,
    pid: child.pid ?? Number.NaN,
    peakRssMb: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
    },
    stop: async () => {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

async function makeKey(databaseUrl: string): Promise<string> {
  const db = await Database.connect(databaseUrl);
  try {
    const { id } = await db.users.create({ username: "bench", email: "bench@localhost", role: "admin" });
    const { secret } = await db.users.createApiKey({ userId: id, name: "bench" });
    if (secret === undefined) throw new Error("the key came without its secret");
    return secret;
  } finally {
    await db.close();
  }
}

/** The metadata of a call with this key. */
export function authorization(key: string): grpc.Metadata {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", `Bearer ${key}`);
  return metadata;
}
