import type { Client } from "pg";
import { newId } from "../ids.ts";
import type { BackupHeader } from "./format.ts";

/** Something that a restore has made good again. */
export interface CameBack {
  what: "revoked key" | "disabled user" | "former role" | "former password";
  /** The key or the user. */
  name: string;
}

/** So many are named. */
const MOST_NAMED = 100;

/** Remembers, until the end of the transaction, who may get in, before the rows are replaced. */
export async function rememberAccess(client: Client): Promise<void> {
  await client.query(
    `create temporary table former_keys on commit drop as select id from api_keys where revoked_at is not null;
    create temporary table former_users on commit drop as select id, active, role, password_hash from users`,
  );
}

/** The head of the audit trail, if the backup is not of before the migration that made the trail. */
export async function readHead(client: Client, { tables }: BackupHeader): Promise<string | null> {
  if (!tables.some(({ name }) => name === "audit_seals")) return null;
  const { rows } = await client.query<{ head: string }>(
    "select sequence || ':' || encode(mac, 'hex') as head from audit_seals order by sequence desc limit 1",
  );
  return rows[0]?.head ?? null;
}

/**
 * Does what has to follow a restore, in its transaction: it ends sessions and drops seals as the options say,
 * finds out what has come back, and writes an entry of the audit trail.
 * @param formerHead the head of the trail that was replaced
 */
export async function settle(
  client: Client,
  header: BackupHeader,
  formerHead: string | null,
  { keepSessions = false, sealAnew = false }: { keepSessions?: boolean; sealAnew?: boolean },
): Promise<{ sessionsEnded: number; sessionsKept: number; cameBack: CameBack[] }> {
  const { rowCount } = await client.query(
    keepSessions
      ? "select from sessions s join users u on u.id = s.user_id where u.active and s.expires_at > now() and not s.is_code"
      : "delete from sessions",
  );
  const [sessionsKept, sessionsEnded] = keepSessions ? [rowCount ?? 0, 0] : [0, rowCount ?? 0];
  const { rows: cameBack } = await client.query<CameBack>(
    `select 'revoked key' as what, format('%s of %s (%s)', k.name, u.username, k.id) as name
    from api_keys k join former_keys using (id) join users u on u.id = k.user_id
    where k.revoked_at is null and u.active
    union all
    select c.what, case c.what when 'former role' then format('%s (%s)', u.username, u.role) else u.username end
    from users u join former_users f using (id)
      cross join lateral (values
        ('disabled user', not f.active),
        ('former role', u.role <> f.role),
        ('former password', u.password_hash <> f.password_hash and u.password_hash <> '')
      ) c (what, came_back)
    where u.active and c.came_back
    limit ${MOST_NAMED}`,
  );
  if (header.tables.some(({ name }) => name === "audit_logs")) {
    const changes = {
      before: { head: formerHead },
      after: {
        backup_of: header.createdAt,
        head: await readHead(client, header),
        sessions_ended: sessionsEnded,
        sealed_anew: sealAnew,
      },
    };
    if (sealAnew) await dropSeals(client);
    await client.query(
      `with entry as (
        insert into audit_logs (id, action, entity_type, actor, changes, external)
        values ($1, 'restore', 'database', 'ltb', $2, false) returning id
      )
      insert into audit_unsealed (entry_kind, entry_ids) select 'audit_log', array_agg(id) from entry`,
      [newId(), JSON.stringify(changes)],
    );
  }
  return { sessionsEnded, sessionsKept, cameBack };
}

/** Empties tables, named as in SQL. The audit trail's guards refuse that; the owner can disable them. */
export async function truncate(client: Client, names: readonly string[]): Promise<void> {
  for (const name of names) await client.query(`alter table ${name} disable trigger user`);
  await client.query(`truncate ${names.join(", ")}`);
  for (const name of names) await client.query(`alter table ${name} enable trigger user`);
}

/** Makes every entry wait to be sealed. */
async function dropSeals(client: Client): Promise<void> {
  await truncate(client, ["audit_seals", "audit_unsealed"]);
  await client.query(
    `insert into audit_unsealed (entry_kind, entry_ids)
    select 'audit_log', array_agg(id order by created_at, id)
    from (select id, created_at, row_number() over (order by created_at, id) / 1000 as part from audit_logs) l
    group by part order by part;
    insert into audit_unsealed (entry_kind, entry_ids, epochs)
    select 'job_attempt', array_agg(job_id order by ended_at, job_id, epoch),
      array_agg(epoch order by ended_at, job_id, epoch)
    from (
      select job_id, epoch, ended_at, row_number() over (order by ended_at, job_id, epoch) / 1000 as part
      from job_attempts
    ) a
    group by part order by part`,
  );
}
