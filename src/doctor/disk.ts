import { statfs } from "node:fs/promises";
import { type Check, type Finding, fail, ok, size, warn } from "./check.ts";

/** Checks the room on the embedded database's disk. That of another database cannot be seen from here. */
export const disk: Check = async ({ config }) => {
  if (config.database.kind === "external")
    return ok("the database's disk is not to be seen from here: have its own monitoring watch it");
  const { bavail, blocks, bsize } = await statfs(config.dataDir);
  return judgeDisk({ free: bavail * bsize, total: blocks * bsize, folder: config.dataDir });
};

export function judgeDisk({ free, total, folder }: { free: number; total: number; folder: string }): Finding {
  const words = `${size(free)} of ${size(total)} are free in ${folder}`;
  const advice =
    "Make room, remove what is old (ltb cleanup), or move LTB_DATA_DIR to a larger disk. A full disk stops every write.";
  if (free < 1024 ** 3) return fail(words, advice);
  if (free < 5 * 1024 ** 3 || free < 0.1 * total) return warn(words, advice);
  return ok(words);
}

/** Checks the size of the log, which grows when checkpoints, the archive or a slot are behind. */
export const wal: Check = async ({ row }) => {
  const { allowed } = await row<{ allowed: boolean }>(
    "select has_function_privilege('pg_ls_waldir()', 'execute') as allowed",
  );
  if (!allowed) return ok("not to be seen by this role (GRANT pg_monitor)");
  const { bytes, limit } = await row<{ bytes: number; limit: number }>(`
    select coalesce((select sum(size) from pg_ls_waldir()), 0)::float8 as bytes,
      (select setting::float8 * 1048576 from pg_settings where name = 'max_wal_size') as limit`);
  return judgeWal({ bytes, limit });
};

export function judgeWal({ bytes, limit }: { bytes: number; limit: number }): Finding {
  if (bytes <= 2 * limit) return ok(size(bytes));
  return warn(
    `the log takes ${size(bytes)}, max_wal_size is ${size(limit)}`,
    "See what holds it: a slot (above), or an archive_command that fails (pg_stat_archiver).",
  );
}
