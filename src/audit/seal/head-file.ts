import { readTextFile, replaceFile } from "../../files.ts";
import { type ChainHead, chainHead } from "./hash-chain.ts";

/** Reads the head from a file; undefined if there is none. @throws Error if the file holds something else */
export async function readHead(path: string): Promise<ChainHead | undefined> {
  const text = await readTextFile(path);
  if (text === undefined) return undefined;
  try {
    return chainHead.parse(JSON.parse(text));
  } catch {
    throw new Error(`${path} does not hold a head of the audit chain`);
  }
}

export function writeHead(path: string, head: ChainHead): Promise<void> {
  return replaceFile(path, `${JSON.stringify(head)}\n`);
}
