import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isLoopback } from "../../address.ts";
import { adminKeyFile, readAdminKey } from "../../auth/admin-key.ts";
import { readSources } from "../../config/sources.ts";
import { messageOf } from "../../thrown.ts";
import { UsageError } from "./errors.ts";
import { quotePath } from "./shell.ts";

/**
 * The API key to call by: the one given, else the content of LTB_API_KEY_FILE, else that of the embedded
 * default, found where `serve` keeps it. That last one is only sent to this machine.
 */
export function apiKeyFor({ address, apiKey }: { address: string; apiKey?: string }): string | undefined {
  if (apiKey !== undefined) return apiKey;
  const file = process.env.LTB_API_KEY_FILE;
  if (file) return readKey(file);
  const dataDir = dataDirFor(address);
  return dataDir && readAdminKey(dataDir);
}

/** Writes the key's placeholder for a shell: the variable or the file that holds it, never the key. */
export function referToKey({ address, apiKey }: { address: string; apiKey?: string }): string {
  const file = apiKey === undefined ? keyFileFor(address) : undefined;
  return file === undefined ? "$LTB_API_KEY" : `$(cat ${quotePath(file)})`;
}

/** The file that holds the key which `apiKeyFor` finds where none is given. */
function keyFileFor(address: string): string | undefined {
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
