import { isLoopback } from "../address.ts";
import { formatSpan } from "../time-span.ts";
import { type Check, fail, ok, warn } from "./check.ts";

const oldest = 12;
const newest = 18;

/** Checks that the version is PostgreSQL 12 to 18. */
export const version: Check = async ({ row }) => {
  const { version, number } = await row<{ version: string; number: number }>(`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      current_setting('server_version_num')::int as number`);
  const major = Math.floor(number / 10_000);
  if (major < oldest)
    return fail(
      `PostgreSQL ${version} is older than ${oldest}`,
      `Move to PostgreSQL ${oldest} to ${newest}: ltb backup here, ltb restore there.`,
    );
  if (major > newest)
    return warn(
      `PostgreSQL ${version} is newer than this program was tested with (${newest})`,
      "Look for a later release of this program.",
    );
  return ok(`PostgreSQL ${version}`);
};

/** Checks that the connection is encrypted, unless both ends are on this machine. */
export const ssl: Check = async ({ row, database: { host, sslMode } }) => {
  const { ssl, version } = await row<{ ssl: boolean | null; version: string | null }>(`
    select ssl, version from (select pg_backend_pid() as pid) own left join pg_stat_ssl using (pid)`);
  const isLocal = host.startsWith("/") || isLoopback(host);
  if (!ssl)
    return isLocal
      ? ok("clear text, within this machine")
      : warn(
          `passwords and data go to ${host} in clear text`,
          "Turn on ssl there, and set DATABASE_SSL_MODE=verify-full with DATABASE_SSL_ROOT_CERT.",
        );
  if (!isLocal && !sslMode.startsWith("verify"))
    return warn(
      `${version}, but SSL mode ${sslMode} takes any server for the right one`,
      "Set DATABASE_SSL_MODE=verify-full and DATABASE_SSL_ROOT_CERT to the authority of the server's certificate.",
    );
  return ok(`${version}, ${sslMode}`);
};

/** The clocks of this machine and of the database, compared as precisely as their connection allows. */
export const clock: Check = async ({ row }) => {
  const before = Date.now();
  const { at } = await row<{ at: number }>(
    "select (extract(epoch from clock_timestamp()) * 1000)::float8 as at",
  );
  const after = Date.now();
  return judgeClock({ ms: at - (before + after) / 2, errorMs: (after - before) / 2 });
};

/** Judges the database's clock, which times all leases, by this machine's, which times ids and logs. */
export function judgeClock({ ms, errorMs }: { ms: number; errorMs: number }) {
  const certain = Math.max(0, Math.abs(ms) - errorMs);
  const words = `the database's clock is ${formatSpan(certain)} ${ms > 0 ? "ahead of" : "behind"} this machine's`;
  const advice = "Have both machines keep their time by NTP.";
  if (certain > 300_000) return fail(words, advice);
  if (certain > 1_000) return warn(words, advice);
  return ok("the same on both sides, to within a second");
}
