import { createReadStream, createWriteStream } from "node:fs";
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
  const dispose = () => rm(folder, { recursive: true, force: true });
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
