import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isLoopback } from "../../address.ts";
import { adminKeyFile, readAdminKey } from "../../auth/admin-key.ts";
import { readSources } from "../../config/sources.ts";
import { messageOf } from "../../thrown.ts";
import { UsageError } from "./errors.ts";
import { quotePath } from "./shell.ts";

/** How a command was told whom to call, and by which key. */
type Caller = { address: string; apiKey?: string };

/** What every way to give a key is, for messages. */
export const waysToGiveKey = "--api-key or LTB_API_KEY, or a file that LTB_API_KEY_FILE names";

/**
 * The API key to call by: the one given, else the content of LTB_API_KEY_FILE, else that of the embedded
 * default, found where `serve` keeps it. That last one is only sent to this machine.
 */
export function apiKeyFor(caller: Caller): string | undefined {
  const { apiKey } = caller;
  if (apiKey !== undefined) return apiKey;
  const file = process.env.LTB_API_KEY_FILE;
  if (file) return readKey(file);
  const dataDir = dataDirFor(caller.address);
  return dataDir && readAdminKey(dataDir);
}

/** Says where that key is from. */
export function describeKeySource(caller: Caller): string {
  if (caller.apiKey !== undefined) return "--api-key or LTB_API_KEY";
  const file = keyFileFor(caller) ?? "no file";
  return process.env.LTB_API_KEY_FILE ? file : `${file}, which may be for another database`;
}

/** Writes the key's placeholder for a shell: the variable or the file that holds it, never the key. */
export function referToKey(caller: Caller): string {
  const file = caller.apiKey === undefined ? keyFileFor(caller) : undefined;
  return file === undefined ? "$LTB_API_KEY" : `$(cat ${quotePath(file)})`;
}

/** The file that holds the key which `apiKeyFor` finds where none is given. */
function keyFileFor({ address }: Caller): string | undefined {
  if (process.env.LTB_API_KEY_FILE) return process.env.LTB_API_KEY_FILE;
  const dataDir = dataDirFor(address);
  return dataDir && readAdminKey(dataDir) && adminKeyFile(dataDir);
}

/** The data folder of a service on this machine; of others it is not here. */
function dataDirFor(address: string): string | undefined {
  const { hostname } = new URL(/^https?:\/\//.test(address) ? address : `http://${address}`);
  if (!isLoopback(hostname.replace(/^\[|\]$/g, ""))) return undefined;
  const { layers } = readSources({ env: process.env, cwd: process.cwd() });
  return resolve(layers.find(({ values }) => values.LTB_DATA_DIR)?.values.LTB_DATA_DIR ?? ".ltb");
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UsageError(`LTB_API_KEY_FILE cannot be read: ${messageOf(error)}`);
  }
}
