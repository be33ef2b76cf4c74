import { z } from "zod";
import { fetched, page } from "../database/statement/page.ts";
import { columnsOf, equalities, example, type Fragment, sql, statement } from "../database/statement/sql.ts";
import type { newUser, UserPosition, userChanges, userFilter } from "./input.ts";
import { userRow } from "./rows.ts";

const sampleUser = { email: "ada@example.com", username: "ada", role: "user" as const };
const idRow = z.object({ id: z.string() });

// Deleted users are kept only for the audit trail. No statement except the deletion sees them.
const columns = columnsOf(userRow, "u");

export const insertUser = statement("user_insert", {
  row: userRow,
  build: (
    u: Omit<z.output<typeof newUser>, "password"> & { id: string; passwordHash: string },
  ) => sql.fragment`
    insert into users as u (id, email, username, password_hash, role, metadata)
    values (
      ${u.id}, ${u.email}, ${u.username}, ${u.passwordHash}, ${u.role},
      ${u.metadata ? JSON.stringify(u.metadata) : null}
    )
    returning ${columns}`,
  examples: [[{ ...sampleUser, id: example.id, passwordHash: "" }]],
});

export const getUser = statement("user_get", {
  row: userRow,
  build: (id: string) =>
    sql.fragment`select ${columns} from users u where u.id = ${id} and u.deleted_at is null`,
  examples: [[example.id]],
});

const getUserBy = (name: string, column: Fragment, given: string) =>
  statement(name, {
    row: userRow,
    build: (value: string) => sql.fragment`
      select ${columns} from users u where lower(${column}) = lower(${value}) and u.deleted_at is null`,
    examples: [[given]],
  });
export const getUserByEmail = getUserBy("user_get_by_email", sql.fragment`u.email`, sampleUser.email);
export const getUserByUsername = getUserBy("user_get_by_username", sql.fragment`u.username`, "ada");

const credentialsRow = userRow
  .pick({ id: true, email: true, username: true, active: true })
  .extend({ passwordHash: z.string() });

export type StoredCredentials = z.output<typeof credentialsRow>;

const credentials = sql.fragment`select ${columnsOf(credentialsRow, "u")} from users u`;

/** The only two statements that read a hash. */
export const credentialsByEmail = statement("user_credentials_by_email", {
  row: credentialsRow,
  build: (email: string) => sql.fragment`
    ${credentials} where lower(u.email) = lower(${email}) and u.deleted_at is null`,
  examples: [["ada@example.com"]],
});

export const credentialsById = statement("user_credentials_by_id", {
  row: credentialsRow,
  build: (id: string) => sql.fragment`${credentials} where u.id = ${id} and u.deleted_at is null`,
  examples: [[example.id]],
});

// A transaction that may remove an admin first locks all active admins, in the order of their ids. So the
// second of two such transactions sees the admins that the first has left.
export const lockAdmins = statement("user_lock_admins", {
  row: idRow,
  build: () => sql.fragment`
    select id from users where role = 'admin' and active and deleted_at is null order by id
      for no key update`,
  examples: [[]],
});

export const lockUser = statement("user_lock", {
  row: userRow,
  build: (id: string) => sql.fragment`
    select ${columns} from users u where u.id = ${id} and u.deleted_at is null for no key update`,
  examples: [[example.id]],
});

// The lock is held while a key is made, so that no key is made during the deletion of its user.
export const holdUser = statement("user_hold", {
  row: idRow,
  build: (id: string) => sql.fragment`select id from users where id = ${id} and deleted_at is null for share`,
  examples: [[example.id]],
});

export const updateUser = statement("user_update", {
  row: userRow,
  prepared: false,
  build: (id: string, changes: z.output<typeof userChanges>) => sql.fragment`
    update users u set ${sql.join(assignments(changes), sql.fragment`, `)}
    where u.id = ${id} and u.deleted_at is null
    returning ${columns}`,
  examples: [
    [example.id, {}],
    [
      example.id,
      { email: "ada@example.com", username: "ada", role: "admin" as const, active: false, metadata: null },
    ],
    [example.id, { email: "ada@example.com", emailVerified: true, metadata: {} }],
  ],
});

function assignments(changes: z.output<typeof userChanges>): Fragment[] {
  const { email, emailVerified } = changes;
  const staysVerified = email !== undefined && emailVerified === undefined;
  return [
    sql.fragment`version = version + 1`,
    sql.fragment`updated_at = now()`,
    ...equalities(changes),
    ...(staysVerified ? [sql.fragment`email_verified = email_verified and email = ${email}`] : []),
  ];
}

// Both names are free again. What stands in their place is neither an email address nor a username.
export const deleteUser = statement("user_delete", {
  row: idRow,
  build: (id: string) => sql.fragment`
    update users set active = false, deleted_at = now(), updated_at = now(), version = version + 1,
      password_hash = '', email = id, username = ' ' || id
    where id = ${id} and deleted_at is null
    returning id`,
  examples: [[example.id]],
});

// The hash that was compared must still be there: of two changes at once, or a change and a login, one wins.
export const changePassword = statement("user_change_password", {
  row: idRow,
  build: (id: string, from: string, to: string) => sql.fragment`
    update users set password_hash = ${to}, updated_at = now(), version = version + 1
    where id = ${id} and password_hash = ${from} and deleted_at is null
    returning id`,
  examples: [[example.id, "", "h"]],
});

export const updateLastLogin = statement("user_update_last_login", {
  row: idRow,
  build: (id: string) =>
    sql.fragment`update users set last_login = now() where id = ${id} and deleted_at is null returning id`,
  examples: [[example.id]],
});

// Users are few, so filters are applied while reading idx_users_created_at.
export const listUsers = statement("user_list", {
  row: userRow.extend(fetched),
  prepared: false,
  build: (filter: z.output<typeof userFilter>, limit: number, after: UserPosition | undefined) => {
    const where = [
      sql.fragment`u.deleted_at is null`,
      ...equalities(filter, "u"),
      after && sql.fragment`(u.created_at, u.id) < (${after.createdAt}::timestamptz, ${after.id}::uuid)`,
    ];
    return page({
      rows: sql.fragment`
        select * from users u where ${sql.and(where)}
        order by u.created_at desc, u.id desc limit ${limit}`,
      columns: columnsOf(userRow, "r"),
      size: sql.fragment`
        300 + octet_length(r.email || r.username) + coalesce(pg_column_size(r.metadata #> '{}'), 0)`,
      order: sql.fragment`r.created_at desc, r.id desc`,
    });
  },
  examples: [
    [{}, 2, undefined],
    [{ role: "admin" as const, active: true }, 2, { createdAt: example.time, id: example.id }],
  ],
});

export const countUsers = statement("user_count", {
  row: z.object({ count: z.number() }),
  build: () => sql.fragment`select count(*) as count from users where deleted_at is null`,
  examples: [[]],
});
