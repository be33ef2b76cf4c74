import { cureOf, findWrongSettings, listSettings } from "../database/connection/session.ts";
import { type Check, type Finding, fail, ok, size, warn } from "./check.ts";

/** Checks the settings that acknowledged writes survive by, and those with a default for small databases. */
export const settings: Check = async ({ client }) => {
  const { rows } = await client.query<{ name: string; value: string; unit: number }>(`
    select name, setting as value,
      case unit when '8kB' then 8192 when 'kB' then 1024 when 'MB' then 1048576 else 1 end as unit
    from pg_settings
    where name in ('fsync', 'full_page_writes', 'synchronous_commit', 'shared_buffers', 'max_wal_size')`);
  const findings = judgeSettings(new Map(rows.map(({ name, value, unit }) => [name, { value, unit }])));
  return findings.length > 0 ? findings : ok("nothing that was acknowledged is lost by a crash");
};

/** Checks the settings that sessions of this role begin with. The service sets those that it needs. */
export const sessionSettings: Check = async ({ client }) => {
  const wrong = await findWrongSettings(client);
  if (wrong.length === 0) return ok("sessions begin with what results depend on");
  return warn(
    `${listSettings(wrong)}: the service sets its own, but a pooler by transaction and psql keep these`,
    cureOf(wrong, client),
  );
};

export function judgeSettings(all: ReadonlyMap<string, { value: string; unit: number }>): readonly Finding[] {
  const findings: Finding[] = [];
  const dangers = {
    fsync: [fail, "a power cut can destroy the database"],
    full_page_writes: [fail, "a power cut can destroy the database"],
    synchronous_commit: [warn, "a crash loses up to 0.6 s of what was acknowledged"],
  } as const;
  for (const [name, [judge, danger]] of Object.entries(dangers))
    if (all.get(name)?.value === "off")
      findings.push(
        judge(`${name} is off: ${danger}`, `ALTER SYSTEM SET ${name} = on; SELECT pg_reload_conf();`),
      );
  const bytes = (name: string) => Number(all.get(name)?.value) * (all.get(name)?.unit ?? 1);
  const least: Record<string, [number, string]> = {
    shared_buffers: [128 * 1024 ** 2, "About a quarter of the machine's memory; takes a restart."],
    max_wal_size: [1024 ** 3, "2 GB or more, or ingest waits for checkpoints."],
  };
  for (const [name, [minimum, advice]] of Object.entries(least))
    if (bytes(name) < minimum) findings.push(warn(`${name} is ${size(bytes(name))}`, advice));
  return findings;
}
