import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BenchServer } from "../server.ts";
import { createBody } from "./messages.ts";

const run = promisify(execFile);

/** Whether h2load is installed: a client in C, as pgbench is, which leaves the cores to what is measured. */
export function hasH2load(): Promise<boolean> {
  return run("h2load", ["--version"]).then(
    () => true,
    () => false,
  );
}

/** CreateJob over two connections, 128 calls in flight; jobs a second. */
export async function h2loadCreates(
  { address, key }: BenchServer,
  options: { total: number; folder: string },
): Promise<number> {
  const file = join(options.folder, "create-job.bin");
  const message = createBody();
  // A gRPC frame: not compressed, length, message.
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  await writeFile(file, frame);
  const { stdout } = await run("h2load", [
    ...["-n", String(options.total), "-c", "2", "-m", "64", "-d", file],
    ...["-H", "content-type: application/grpc", "-H", "te: trailers", "-H", `authorization: Bearer ${key}`],
    `http://${address}/ltb.v1.JobService/CreateJob`,
  ]);
  const rate = /, ([\d.]+) req\/s/.exec(stdout)?.[1];
  if (!rate) throw new Error(`h2load did not tell its rate: ${stdout}`);
  return Number(rate);
}
