import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { ImportError } from "./import-error.ts";
import { splitJson } from "./json-split.ts";
import { type Source, unreadable } from "./source.ts";

/** What a file turned out to be. */
export type DetectedFormat =
  | "inspect-zip"
  | "inspect-json"
  | "lm-eval-samples"
  | "lm-eval-results"
  | "helm"
  | "jsonl"
  | "json"
  | "ltb";

const HEAD_BYTES = 1024 * 1024;
// What JSON takes for white space, and a byte order mark.
const blank = [0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf];

/**
 * Tells the format of a log by its content.
 * @throws {ImportError} for what cannot be read, is empty, or is no log.
 */
export async function detectFormat(source: Source): Promise<DetectedFormat> {
  const { path, file } = source;
  if (await isFolder(source)) {
    await stat(join(path, "run_spec.json")).catch((cause) => {
      throw new ImportError(
        { file },
        "a folder without run_spec.json; expected a file, or the folder of one HELM run",
        {
          cause,
        },
      );
    });
    return "helm";
  }
  const head = await readHead(source);
  if (
    head.subarray(0, 4).equals(Buffer.from("PK\x03\x04")) ||
    head.subarray(0, 4).equals(Buffer.from("PK\x05\x06"))
  )
    return "inspect-zip";
  const first = head.find((byte) => !blank.includes(byte));
  if (first === undefined) throw new ImportError({ file }, "empty; expected a log");
  if (first === 0x5b) return "json";
  if (first !== 0x7b)
    throw new ImportError(
      { file },
      "not a log: expected an Inspect log (.eval or .json), lm-eval samples or results, a HELM run folder, a JSON array or JSONL",
    );
  return formatOfObject(await firstKeys(source, head));
}

async function isFolder({ path, file }: Source): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function readHead({ path, file }: Source): Promise<Buffer> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** Names of the members of the first object in the file, as far as the head goes. */
async function firstKeys({ file, limits }: Source, head: Buffer): Promise<Set<string>> {
  const keys = new Set<string>();
  const wanted = (key: string) => {
    keys.add(key);
    return false;
  };
  async function* chunks() {
    yield head;
  }
  try {
    for await (const _ of splitJson(chunks(), { file, limits, wanted }));
  } catch {
    // Cut off, or the second line of JSONL: the names so far tell. What is broken is found when it is read.
  }
  return keys;
}

function formatOfObject(keys: Set<string>): DetectedFormat {
  if (keys.has("ltb_export")) return "ltb";
  if (keys.has("doc_id") && ["filtered_resps", "resps", "arguments"].some((key) => keys.has(key)))
    return "lm-eval-samples";
  if (keys.has("eval") && ["status", "plan", "samples"].some((key) => keys.has(key))) return "inspect-json";
  if (keys.has("results") && ["configs", "versions", "n-samples"].some((key) => keys.has(key)))
    return "lm-eval-results";
  return "jsonl";
}
