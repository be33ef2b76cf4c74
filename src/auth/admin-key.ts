import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../files.ts";
import { messageOf } from "../thrown.ts";

/** The file in the data folder that holds the first API key, for its owner only. */
export function adminKeyFile(dataDir: string): string {
  return join(dataDir, "admin.key");
}

/** Reads the first API key of the embedded default; undefined if there is none that may be read. */
export function readAdminKey(dataDir: string): string | undefined {
  try {
    return readFileSync(adminKeyFile(dataDir), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Writes the key so that the file is whole or does not exist, and nobody else can ever read it. */
export async function writeAdminKey(dataDir: string, key: string): Promise<void> {
  const file = adminKeyFile(dataDir);
  try {
    await replaceFile(file, `${key}\n`);
  } catch (error) {
    // The error says in words what failed, because its code alone would look like a failure of the database,
    // in whose transaction this happens.
    throw new Error(`the first API key cannot be kept in ${file}: ${messageOf(error)}`, { cause: error });
  }
}
