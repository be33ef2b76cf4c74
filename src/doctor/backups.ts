import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { formatSpan } from "../time-span.ts";
import { type Check, type Finding, fail, ok, warn } from "./check.ts";

const dayMs = 86_400_000;

/** Checks that the newest backup in the folder is from the last day. */
export const backups: Check = async ({ backups: folder }) => {
  if (folder === undefined) return ok("no folder was given (--backups DIR)");
  const names = (await readdir(folder)).filter((name) => /\.(backup\.tar|dump)$/.test(name));
  const files = await Promise.all(names.map(async (name) => ({ name, ...(await stat(join(folder, name))) })));
  const [newest] = files.sort((one, other) => other.mtimeMs - one.mtimeMs);
  return judgeBackups(
    newest && { name: newest.name, ageMs: Date.now() - newest.mtimeMs, bytes: newest.size },
    folder,
  );
};

export function judgeBackups(
  newest: { name: string; ageMs: number; bytes: number } | undefined,
  folder: string,
): Finding {
  const advice = `Back up each night: ltb backup ${folder} --keep-days 7`;
  if (!newest) return fail(`no backup in ${folder}`, advice);
  const words = `the newest, ${newest.name}, is ${formatSpan(newest.ageMs)} old`;
  if (newest.bytes === 0) return fail(`the newest, ${newest.name}, is empty`, advice);
  if (newest.ageMs > 7 * dayMs) return fail(words, advice);
  // A nightly backup that takes a while is not late yet.
  if (newest.ageMs > dayMs + 2 * 3_600_000) return warn(words, advice);
  return ok(`${words}; ltb backup verify tells whether it is whole`);
}
