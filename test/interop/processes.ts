import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  input?: Uint8Array | string;
  /** By default ten minutes, in which the slowest of builds ends on a busy machine. */
  timeoutMs?: number;
}

/** Runs a program to its end. One that takes too long is killed, and its exit code is null. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.timeoutMs ?? 600_000,
    killSignal: "SIGKILL",
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

/**
 * Runs a program that has to succeed.
 * @throws Error with the end of what it wrote
 */
export async function succeed(file: string, args: readonly string[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, options);
  if (code !== 0)
    throw new Error(`${file} ${args.join(" ")} ended with ${code}: ${(stderr || stdout).slice(-2000)}`);
  return stdout;
}
