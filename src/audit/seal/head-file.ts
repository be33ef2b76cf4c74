import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { hasCode } from "../../system-error.ts";
import type { ChainHead } from "./hash-chain.ts";

const head = z.object({
  sequence: z.int().min(1),
  seal: z.string().regex(/^[0-9a-f]{64}$/),
  sealedAt: z.string(),
});

/** Reads the head from a file; undefined if there is none. @throws Error if the file holds something else */
export async function readHead(path: string): Promise<ChainHead | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const found = head.safeParse(parsed(text));
  if (!found.success) throw new Error(`${path} does not hold a head of the audit chain`);
  return found.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
