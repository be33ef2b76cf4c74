import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { hasCode } from "../../thrown.ts";
import { type ChainHead, chainHead } from "./hash-chain.ts";

/** Reads the head from a file; undefined if there is none. @throws Error if the file holds something else */
export async function readHead(path: string): Promise<ChainHead | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return chainHead.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} does not hold a head of the audit chain`);
  }
}

/** Replaces the file as a whole, so a reader sees either the former head or this one. */
export async function writeHead(path: string, head: ChainHead): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    await writeFile(draft, `${JSON.stringify(head)}\n`, { mode: 0o600 });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}
