import { existsSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { hasCode } from "../../thrown.ts";
import type { Folders } from "./folders.ts";

const wholeIn = ({ base }: Folders) => join(base, "data.upgraded");

/**
 * Puts the data folder `made`, which is whole, in the place of the present one, which is called `kept` from
 * then on. After a kill or a power cut the present one is still there, or the next start ends the exchange.
 */
export async function replaceData(folders: Folders, made: string, kept: string): Promise<void> {
  for (const [from, to] of [
    [made, wholeIn(folders)],
    [folders.data, kept],
    [wholeIn(folders), folders.data],
  ] as const) {
    await rename(from, to);
    await syncFolder(folders.base);
  }
}

/** Removes the new folder of an exchange that was cut off before the present one had left its place. */
export async function dropReplacement(folders: Folders): Promise<void> {
  if (existsSync(folders.data)) await rm(wholeIn(folders), { recursive: true, force: true });
}

/** Ends an exchange that was cut between its last steps. Only the holder of the folder's lock may call it. */
export async function finishReplacement(folders: Folders): Promise<void> {
  if (existsSync(folders.data)) return;
  await rename(wholeIn(folders), folders.data).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error;
  });
}

/** Writes the names in a folder to the disk. Windows has no such call. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}
