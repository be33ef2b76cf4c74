import { createReadStream, createWriteStream, rmSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf } from "../../thrown.ts";
import { CliError } from "../shared/errors.ts";

/** A file that may be read more than once. */
export interface Input extends AsyncDisposable {
  path: string;
  /** What messages call it. */
  file: string;
}

/**
 * Opens what an argument names. What can be read only once, which are standard input (`-`) and pipes, is
 * copied into the folder for temporary files until the disposal.
 */
export async function openInput(file: string, signal?: AbortSignal): Promise<Input> {
  const isStdin = file === "-" || file === "/dev/stdin";
  const found = isStdin ? undefined : await stat(file).catch(() => undefined);
  if (!isStdin && (found === undefined || found.isFile() || found.isDirectory()))
    return { path: file, file, [Symbol.asyncDispose]: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), "ltb-"));
  const [path, name] = [join(folder, "input"), isStdin ? "standard input" : file];
  const forgetSignals = removeOnSignal(folder);
  const dispose = async () => {
    await rm(folder, { recursive: true, force: true });
    forgetSignals();
  };
  try {
    const from = isStdin ? process.stdin : createReadStream(file);
    await pipeline(from, createWriteStream(path, { mode: 0o600 }), { ...(signal && { signal }) });
  } catch (cause) {
    await dispose();
    signal?.throwIfAborted();
    throw new CliError(`${name} cannot be copied to ${tmpdir()}, where it is read: ${messageOf(cause)}`, {
      cause,
    });
  }
  return { path, file: name, [Symbol.asyncDispose]: dispose };
}

/**
 * Removes the folder where a signal ends the process, which then runs no disposal. Those that somebody else
 * listens to do not end it.
 * @returns a function that stops listening
 */
function removeOnSignal(folder: string): () => void {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const forget = () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) return;
    rmSync(folder, { recursive: true, force: true });
    forget();
    process.kill(process.pid, signal);
  };
  // First, before a listener that listens only once has gone.
  for (const signal of signals) process.prependListener(signal, onSignal);
  return forget;
}

/** Works with the path of such a file, and what messages call it. Errors name it so in place of the path. */
export async function withInput<T>(
  argument: string,
  work: (path: string, file: string) => Promise<T>,
): Promise<T> {
  await using input = await openInput(argument);
  try {
    return await work(input.path, input.file);
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(input.path, input.file);
    throw error;
  }
}
