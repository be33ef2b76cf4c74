import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Job } from "../../../gen/ltb/v1/job_pb.ts";
import type { JobContext } from "../../client/index.ts";
import { JobError } from "../../client/worker/outcome.ts";
import { parseAsWritten } from "../../json-numbers.ts";

/** EX_DATAERR of sysexits.h: the input is wrong, and trying again would not help. */
const EX_DATAERR = 65;
/** How long a command may take to end after SIGTERM. */
const KILL_AFTER_MS = 5_000;
/** The limit is more than any result that the service takes. */
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
const ERROR_LINES = 20;
const ERROR_BYTES = 8 * 1024;

/** Commands that run now, so that none is left behind when this process ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) signalAll(child, "SIGKILL");
});

/**
 * Runs a shell command for a job: the payload as a line of JSON on its stdin; LTB_JOB_ID, LTB_JOB_TYPE and
 * LTB_ATTEMPT in its environment; its stderr passed on. When the job is cancelled, lost or out of time, the
 * command and all that it started get SIGTERM, and SIGKILL after 5 s.
 * @returns what the command wrote to stdout: JSON if it parses, else a string; nothing if it is empty
 * @throws JobError with the last lines of stderr where the exit code is not 0, not retryable where it is 65
 */
export async function execute(
  command: string,
  { id, jobType, payloadJson }: Job,
  { lease, signal }: Pick<JobContext, "lease" | "signal">,
): Promise<unknown> {
  const child = spawn(command, {
    shell: true,
    // Its own process group is signalled as a whole; Ctrl-C is for the worker, which lets jobs finish.
    detached: process.platform !== "win32",
    env: { ...process.env, LTB_JOB_ID: id, LTB_JOB_TYPE: jobType, LTB_ATTEMPT: String(lease.attempt) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  running.add(child);
  // A command need not read its input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${payloadJson || "{}"}\n`);

  const output: Buffer[] = [];
  let outputBytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    outputBytes += chunk.length;
    if (outputBytes <= MAX_OUTPUT_BYTES) output.push(chunk);
    else end();
  });
  let errors = Buffer.alloc(0);
  child.stderr.on("data", (chunk: Buffer) => {
    process.stderr.write(chunk);
    errors = Buffer.concat([errors, chunk]).subarray(-ERROR_BYTES);
  });

  let killing: NodeJS.Timeout | undefined;
  const end = () => {
    if (killing !== undefined) return;
    signalAll(child, "SIGTERM");
    killing = setTimeout(() => signalAll(child, "SIGKILL"), KILL_AFTER_MS);
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  try {
    // It has ended, and all that it wrote was read.
    const [code, killedBy]: (number | string | null)[] = await once(child, "close");
    signal.throwIfAborted();
    if (outputBytes > MAX_OUTPUT_BYTES)
      throw new JobError(
        `the command wrote more than ${MAX_OUTPUT_BYTES} bytes to stdout, which is for the result only`,
        { retryable: false },
      );
    if (code !== 0) {
      const how = killedBy === null ? `exit code ${code}` : `killed by ${killedBy}`;
      throw new JobError(`${how}${tail(errors)}`, { retryable: code !== EX_DATAERR });
    }
    return resultOf(Buffer.concat(output).toString());
  } finally {
    clearTimeout(killing);
    signal.removeEventListener("abort", end);
    running.delete(child);
  }
}

function signalAll(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === "win32") child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function tail(errors: Buffer): string {
  const text = errors.toString().trimEnd().split("\n").slice(-ERROR_LINES).join("\n");
  return text === "" ? "" : `: ${text}`;
}

function resultOf(output: string): unknown {
  const text = output.replace(/\r?\n$/, "");
  if (text === "") return undefined;
  try {
    return parseAsWritten(text);
  } catch {
    return text;
  }
}
