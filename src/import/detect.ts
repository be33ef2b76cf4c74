import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { runsWithin } from "./helm.ts";
import { ImportError } from "./import-error.ts";
import { insignificant, splitJson } from "./json-split.ts";
import { chunksOf, type Source, unreadable } from "./source.ts";
import { type DetectedFormat, readable } from "./types.ts";

const HEAD_BYTES = 1024 * 1024;

/**
 * Detects the format of a log from its content.
 * @throws {ImportError} if it cannot be read, is empty, or is no log.
 */
export async function detectFormat(source: Source): Promise<DetectedFormat> {
  const { path, file } = source;
  const found = await stat(path).catch((cause) => {
    throw unreadable({ file }, cause);
  });
  if (found.isDirectory()) {
    if (existsSync(join(path, "run_spec.json"))) return "helm";
    if ((await runsWithin(path)).length > 0) return "helm-runs";
    const expected = "expected a file, or the folder of one HELM run or of several";
    throw new ImportError({ file }, `a folder without run_spec.json; ${expected}`);
  }
  const head = await readHead(source);
  const magic = head.toString("latin1", 0, 4);
  if (magic === "PK\x03\x04" || magic === "PK\x05\x06") return "inspect-zip";
  if (magic === "PAR1") return "parquet";
  const start = head.findIndex((byte) => !insignificant.includes(byte));
  const first = head[start];
  if (first === undefined) throw new ImportError({ file }, "empty; expected a log");
  if (first === 0x5b) {
    const found = formatOfObject(await firstKeys(source, head.subarray(start + 1)));
    return found === "lm-eval-samples" ? found : "json";
  }
  if (first !== 0x7b) throw new ImportError({ file }, `not a log: expected one of ${readable}`);
  const format = formatOfObject(await firstKeys(source, head));
  return format === "jsonl" && goesOnBehindLine(head.subarray(start)) ? "json-object" : format;
}

/** True if the first line leaves its object open, as in JSON that was indented for people. */
function goesOnBehindLine(head: Buffer): boolean {
  const text = head.toString("latin1");
  const newline = text.indexOf("\n");
  if (newline < 0) return false;
  return /[{[,:]$/.test(text.slice(0, newline).trimEnd()) || /^\s*[,:\]}]/.test(text.slice(newline));
}

async function readHead(source: Source): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(source)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= HEAD_BYTES) break;
    }
  } catch (error) {
    // Reading the log meets the same error, after what comes before it.
    if (size === 0) throw error;
  }
  return Buffer.concat(chunks).subarray(0, HEAD_BYTES);
}

/** Reads the names of the first object's members, and the paths of those of its `results`, in the head. */
async function firstKeys(source: Source, head: Buffer): Promise<Set<string>> {
  const keys = new Set<string>();
  const wanted = (key: string) => {
    keys.add(key);
    if (key.startsWith("results.")) keys.add("results");
    return false;
  };
  try {
    const options = { ...source, items: "results.results", wanted };
    for await (const _ of splitJson(Readable.from([head]), options));
  } catch {
    // The head is cut off, or has a second line of JSONL. Broken JSON is found when the log is read.
  }
  return keys;
}

function formatOfObject(keys: Set<string>): DetectedFormat {
  const all = (...names: string[]) => names.every((name) => keys.has(name));
  const any = (...names: string[]) => names.some((name) => keys.has(name));
  if (all("ltb_export")) return "ltb";
  if (all("doc_id") && any("filtered_resps", "resps", "arguments")) return "lm-eval-samples";
  if (all("eval") && any("status", "plan", "samples")) return "inspect-json";
  if (all("results") && any("configs", "versions", "n-samples")) return "lm-eval-results";
  if (all("results") && any("evalId", "shareableUrl", "results.timestamp", "results.stats"))
    return "promptfoo-json";
  if (all("version", "timestamp", "results")) return "promptfoo-summary";
  if (all("promptIdx", "testIdx")) return "promptfoo-jsonl";
  if (all("spec") && !any("input")) return "openai-evals";
  return "jsonl";
}
